"""Checks of S3: one image of each bucket, the bucket's Region, the places of snapshots and records."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.aws.connection import ANY_REGION
from reconciler.aws.objects import S3Address
from reconciler.cli.checkup.row import Examined, Said, failed
from reconciler.cli.session.read import read_all
from reconciler.errors import NotFound
from reconciler.manifest import read_manifest
from reconciler.manifest.rules.images import CODES
from reconciler.model import DatasetDeclaration, DesiredEntry, Finding, ProjectDeclaration, Severity
from reconciler.review.headline import image_words
from reconciler.text import inert

if TYPE_CHECKING:
    from reconciler.review.model import CheckState


class Looked(Struct, frozen=True):
    """One thing that a check of all images of a dataset found; without a finding, how many images there are."""

    title: str
    found: Finding | None = None
    words: str = ""
    wrong: int = 0

    def __str__(self) -> str:
        return self.title


def looked_at(examined: Examined) -> Iterator[Looked]:
    """What is wrong with the images of each dataset."""
    from reconciler.cli.session.images import check_images  # noqa: PLC0415 - few runs ask for it

    run = examined.run
    read_all(run, examined.screen)
    check_images(run, examined.screen, examined.live)
    for one in run.datasets:
        found = [finding for finding in one.findings or () if finding.code in CODES]
        yield from (Looked(one.title, finding) for finding in found)
        if one.images:
            yield Looked(one.title, words=image_words(one.images), wrong=one.images.wrong)


def look(_examined: Examined, one: Looked) -> Said:
    """A finding with its place, or that there is none."""
    if one.found is None:
        return Said("note" if one.wrong else "ok", one.words)
    state: CheckState = "fails" if one.found.severity is Severity.ERROR else "warning"
    return Said(state, f"{one.found.place}: {one.found.message}", one.found.cure)


class Image(Struct, frozen=True):
    """The first image of a bucket that a manifest names, and the Region and role of its project."""

    key: str
    region: str
    role: str

    def __str__(self) -> str:
        return self.key


_ELSEWHERE: Final = Said(
    "not tried", "Rekognition has an endpoint that is not AWS's, and S3 has not", "set AWS_ENDPOINT_URL_S3 too"
)


class _EnoughError(Exception):
    """The first entry was read."""


def images(examined: Examined) -> Iterator[Image]:
    """One image of each bucket, Region and role."""
    found: dict[tuple[str, ...], Image] = {}
    for project in examined.projects:
        for key in filter(None, (_first_key(project, dataset) for dataset in project.datasets)):
            image = Image(key, examined.live.region(project), project.assume_role)
            found.setdefault((key.removeprefix("s3://").partition("/")[0], image.region, image.role), image)
    yield from found.values()


def _first_key(project: ProjectDeclaration, dataset: DatasetDeclaration) -> str:
    """The key of a manifest's first entry that can be read; empty if there is none."""
    found: list[str] = []

    def accept(entry: DesiredEntry) -> None:
        found.append(entry.entry.key)
        raise _EnoughError

    try:
        read_manifest(dataset, project.labels, accept)
    except _EnoughError:
        return found[0]
    return ""


def image(examined: Examined, one: Image) -> Said:
    """Whether the caller may read an image."""
    objects = examined.objects(one.region, one.role)
    if objects is None:
        return _ELSEWHERE
    try:
        objects.first_bytes(S3Address.parse(one.key))
    except NotFound as error:
        return failed(error, "warning")
    return Said("ok", "the image may be read")


def bucket(examined: Examined, one: Image) -> Said:
    """Whether a bucket is in the Region of its project."""
    objects = examined.objects(one.region, one.role)
    if objects is None:
        return _ELSEWHERE
    region = objects.region(S3Address.parse(one.key).bucket)
    if not region:
        return Said("warning", "S3 does not say in which Region the bucket is", "allow s3:ListBucket on it")
    if region != one.region:
        finding = f"the bucket is in {inert(region)}, and the project in {inert(one.region)}"
        return Said("fails", finding, f"copy the images to a bucket in {inert(one.region)}")
    return Said("ok", f"in {inert(region)}, as the project")


def places(examined: Examined) -> tuple[str, ...]:
    """Where snapshots and records go in S3."""
    return examined.places


def place(examined: Examined, address: str) -> Said:
    """Whether the bucket of a place is there."""
    objects = examined.objects(examined.live.account.connection.configured_region() or ANY_REGION)
    if objects is None:
        return _ELSEWHERE
    objects.region(S3Address.parse(address).bucket)
    return Said("ok", "the bucket is there")
