"""What the user chose, as one frozen record: `Options`; and what argparse cannot check.

The help and what argparse finds wrong load none of this.
"""

import argparse
import os
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from reconciler.cli.options import S3, STANDARD_OUTPUT
from reconciler.errors import BadInput
from reconciler.limits import DEFAULT_RATE
from reconciler.text import inert

if TYPE_CHECKING:
    from reconciler.model import DatasetType
    from reconciler.review.model import Command

_RECORD: Final = "[0-9a-f]{16}"
# Commands that work without a folder of datasets.
_NEED_NO_DATASETS: Final = ("init", "restore", "diff", "doctor", "fmt")


class Options(Struct, frozen=True):
    """A valid command line; an option that the command does not have keeps its default.

    `projects` empty: all. `stage` is one of stages.yaml. `limit` None: as many entries as fit a screen or two;
    `everything`: every change is shown and kept. `full`: live is listed, whatever the probe says. `allow` overrides
    guards: name to reason. `plan` is what was reviewed: a plan id, or the file of a saved plan. `snapshot` (or the id
    or address of a record), `dataset_type` and `dataset_arn` are for `restore`: what to restore, and where (the type
    is for `history` too); `dry_run` sends nothing, `force` also sends what was edited since the recorded apply.

    `files` maps each view (`text`, `markdown`, `html`, `json`; `lines` for `convert`) to the name of a file, "-" for
    standard output. `base` is a git revision, `pictures` a folder or `s3`. `sources` are the arguments of `report` (a
    saved plan), `diff` (two sides), `fmt` and `convert` (files); those from `annotations` to
    `into` belong to `convert`, `topic` (a code) to `explain`, those from `manifests` (the form of a new one) to
    `patch` to `pull` and `rm`. `warnings` are sentences about the arguments, for the screen.
    """

    command: "Command"
    datasets: Path
    projects: tuple[str, ...] = ()
    json: bool = False
    verbose: bool = False
    stage: str = ""
    since: str = ""
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    rate: float = DEFAULT_RATE
    full: bool = False
    exit_code: bool = False
    strict: bool = False
    limit: int | None = None
    everything: bool = False
    yes: bool = False
    snapshots: str | None = None
    audit: str | None = None
    manifest_bucket: str | None = None
    allow: Mapping[str, str] = MappingProxyType({})
    plan: str | None = None
    snapshot: str = ""
    dataset_type: "DatasetType | None" = None
    dataset_arn: str | None = None
    dry_run: bool = False
    force: bool = False
    files: Mapping[str, str] = MappingProxyType({})
    base: str | None = None
    pictures: str | None = None
    check_images: bool = False
    sizes: str = ""
    links: bool = True
    sources: tuple[str, ...] = ()
    annotations: str = ""
    prefix: str = ""
    created: str = ""
    fix_types: bool = False
    to: str = "jsonl"
    min_confidence: float = 0.0
    human_only: bool = False
    topic: str = ""
    manifests: str = "jsonl"
    discard_ours: bool = False
    only: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    labeled: bool = False
    entries: tuple[str, ...] = ()
    into: str = ""
    retire: str = ""
    reason: str = ""
    patch: str = ""
    conflicts: str = ""
    merge: bool = False
    share: float = 0.2
    group: str = ""
    allow_dirty: bool = False
    check: bool = False
    jsonl: bool = False
    pulumi: bool = False
    github: bool = False
    gitlab: bool = False
    warnings: tuple[str, ...] = ()


def options_of(given: argparse.Namespace) -> Options:
    """The arguments under the names of the options; options whose values need more than argparse are added."""
    names = Options.__struct_fields__
    known: dict[str, Any] = {name: value for name, value in vars(given).items() if name in names and value is not None}
    known |= {name: tuple(known.get(name, ())) for name in ("projects", "sources", "only", "labels", "entries")}
    known["files"] = _files(given)
    if "allow" in given:
        from reconciler.guards import parse_allow, read_variable  # noqa: PLC0415 - only plan and apply

        known["allow"] = read_variable(os.environ) | parse_allow(given.allow, "--allow")
    if "endpoint_url" in given:
        _check_endpoint(given.endpoint_url)
    named = _folder(given)
    known["datasets"] = named or Path("datasets")
    if given.command == "convert":
        _check_convert(given)
        _check_into(given)
    if given.command in {"history", "rm"}:
        known |= _type(given)
    if given.command == "restore":
        known |= _destination(given)
    options = Options(**known)
    _check_files(options)
    _check_images(options)
    _check_pictures(options)
    if "datasets" in given and named is None:
        return replace(options, datasets=_nearest(options.command))
    return options


def _nearest(command: str) -> Path:
    """The folder of a run that names none; not every command needs one that is there."""
    from reconciler.manifest.project.nearest import nearest_datasets  # noqa: PLC0415 - likewise

    cure = "run `reconciler init`, or name the folder with --datasets"
    return nearest_datasets(Path.cwd(), cure, may_be_new=command in _NEED_NO_DATASETS)


def _folder(given: argparse.Namespace) -> Path | None:
    """The folder that the arguments name, if any; `validate` takes it as PATH too."""
    folder, datasets = getattr(given, "folder", None), getattr(given, "datasets", None)
    if folder is not None and datasets is not None:
        raise BadInput("give the folder once, as PATH or as --datasets")
    named = datasets if folder is None else folder
    return None if named is None else Path(named)


def _check_convert(given: argparse.Namespace) -> None:
    """A format that makes keys of the names of images requires a prefix; the other requires to be told what to fix."""
    from reconciler.formats import EXPORTERS, FORMATS  # noqa: PLC0415 - no other command needs the tables

    if FORMATS[given.annotations].prefixed and not given.prefix:
        raise BadInput("--image-prefix is missing: give the address of the images, such as s3://bucket/folder/")
    if EXPORTERS[given.to].folder and given.output == STANDARD_OUTPUT:
        raise BadInput(f"-o is missing: {given.to} is a folder of files; give a folder that does not exist yet")
    if given.fix_types != (given.annotations == "jsonl"):
        raise BadInput("--fix-types and the format jsonl belong together: give both or neither")


def _check_into(given: argparse.Namespace) -> None:
    """A manifest that is merged into is what is written, in its own form."""
    if given.into and (given.output != STANDARD_OUTPUT or given.to != "jsonl"):
        raise BadInput("--into writes the manifest that it names, in its form; leave -o and --to out")
    if not given.into and (given.retire or given.patch or given.allow_dirty):
        raise BadInput("--retire-missing, --patch and --allow-dirty belong to --into; name the manifest with --into")


def _type(given: argparse.Namespace) -> "Mapping[str, object]":
    from reconciler.model import DatasetType  # noqa: PLC0415 - few commands need it

    return {"dataset_type": DatasetType(given.dataset_type.upper())} if given.dataset_type else {}


def _destination(given: argparse.Namespace) -> Mapping[str, object]:
    """A snapshot is restored to one dataset, named in one way; its ARN also names the region. A record has its own."""
    from reconciler.aws.arns import DatasetArn  # noqa: PLC0415 - no other command needs it

    if names_record(given.snapshot):
        if given.projects or given.dataset_type or given.dataset_arn:
            raise BadInput("a record names its dataset; leave --project, --type and --dataset-arn out")
        return {}
    if given.force:
        raise BadInput("--force is for a record; the entries of a snapshot are sent whatever is live")
    if given.dataset_arn and not (given.projects or given.dataset_type):
        region = DatasetArn.parse(given.dataset_arn).region
        if given.region not in {None, region}:
            shown = inert(given.region)
            raise BadInput(f"--region {shown} is not the region of --dataset-arn, {region}; leave it out")
        return {"region": region}
    if given.dataset_arn or len(given.projects) != 1 or not given.dataset_type:
        is_there = given.snapshot.startswith("s3://") or os.path.lexists(given.snapshot)
        missing = (
            f"there is no file {inert(given.snapshot)}, and the id of a record has 16 characters; for a snapshot, "
        )
        raise BadInput(
            f"{'' if is_there else missing}name one dataset to restore to: --project NAME with --type train or test, "
            "or --dataset-arn ARN"
        )
    return _type(given)


def names_record(text: str) -> bool:
    """Whether an argument of `restore` is the id of a record, or the address of one in S3."""
    from reconciler.aws.objects import is_s3  # noqa: PLC0415 - only `restore` asks

    return bool(re.fullmatch(_RECORD, text)) or (is_s3(text) and text.endswith(".json"))


def _check_endpoint(url: str | None) -> None:
    if url is None:
        return
    from urllib.parse import urlsplit  # noqa: PLC0415 - few runs name an endpoint

    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        raise BadInput("--endpoint-url is not a URL; give one like https://host:port") from None
    if not usable:
        raise BadInput(f"--endpoint-url {inert(url)} is not an http or https address; give one like https://host:port")
    if parts.username or parts.password:
        raise BadInput("--endpoint-url contains a user name or password; remove it: requests are signed instead")


def _files(given: argparse.Namespace) -> dict[str, str]:
    """The file of each view."""
    if given.command == "convert":
        return {} if given.into else {"lines": given.output}
    from reconciler.views import VIEWS  # noqa: PLC0415 - a table that loads nothing

    places = {name: getattr(given, view.option, None) for name, view in VIEWS.items() if view.option}
    named = {name: place for name, place in places.items() if place is not None}
    if "output" not in given or (given.format is None and given.output == STANDARD_OUTPUT):
        return named
    view = given.format or "text"
    if view in named:
        raise BadInput(f"the view {view} is asked for twice; give --format {view} or --{VIEWS[view].option}")
    return {view: given.output, **named}


def _check_files(options: Options) -> None:
    places = Counter([*options.files.values(), *([STANDARD_OUTPUT] if options.json else [])])
    if places[STANDARD_OUTPUT] > 1:
        raise BadInput("standard output takes one document: name files for the others")
    for place, many in places.items():
        if many > 1:
            raise BadInput(f"{inert(place)} is named for two views; name a file for each")


def _check_images(options: Options) -> None:
    """What only a check of the images needs: a connection to validate manifests, and an answer to a plan."""
    if options.check_images or options.command not in {"validate", "plan", "doctor"}:
        return
    given = ["--yes"] if options.yes else []
    if options.command == "validate":
        named = (("--region", options.region), ("--profile", options.profile), ("--endpoint-url", options.endpoint_url))
        given += [name for name, value in named if value]
    if given:
        raise BadInput(f"{given[0]} of {options.command} is for --check-images; give that too, or leave {given[0]} out")


def _check_pictures(options: Options) -> None:
    pictures = options.pictures
    if pictures is None:
        return
    if options.command == "convert" and not options.sizes:
        raise BadInput("--pictures of convert is for --sizes from-images; give that too, or leave --pictures out")
    if options.command in {"validate", "doctor"} and not options.check_images:
        raise BadInput("--pictures is for --check-images; give that too, or leave --pictures out")
    if not ({"html"} & options.files.keys() or options.check_images or options.sizes):
        raise BadInput("--pictures is for the HTML view; ask for that view too, or leave --pictures out")
    if pictures == S3 and options.command != "plan" and not (options.check_images or options.sizes):
        raise BadInput(
            "--pictures s3 needs an account, which only `reconciler plan` uses; name a folder with the pictures"
        )
    if pictures != S3 and not Path(pictures).is_dir():
        raise BadInput(f"--pictures {inert(pictures)}: there is no such folder; name a folder with the pictures")
