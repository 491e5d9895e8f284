"""`--check-images`: the images of every manifest of a run are found, read and judged, in a folder or in S3."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from reconciler.analysis.fields import document_of
from reconciler.aws.clock import SystemClock
from reconciler.cli.options import S3
from reconciler.cli.screen import ProgressLine, Screen
from reconciler.cli.session.live import LiveSide
from reconciler.cli.session.read import Run, is_part
from reconciler.entries import meaning_of
from reconciler.errors import BadInput, Refused
from reconciler.images import remembered
from reconciler.images.find import Search, Seen, Store
from reconciler.images.folder import Folder
from reconciler.images.judge import Broken, judged
from reconciler.images.results import Cost, ImageCheck, Look
from reconciler.images.s3 import S3Images
from reconciler.manifest.findings import Collector
from reconciler.manifest.rules import images as rules
from reconciler.model import DatasetType, Place, Progress, Severity
from reconciler.run import DatasetRun
from reconciler.views.words import size

# Above this many requests they are counted and priced first.
_ASKED_FROM: Final = 1000
_PER_PIXEL: Final = 1000
_WRONG: Final = "wrong"
_KNOWN: Final = "known"
_ALL: Final = "all"


def check_images(run: Run, screen: Screen, live: LiveSide) -> None:
    """Add what is wrong with the images of a run to the findings of its manifests.

    Raises:
        Refused: the answer to how many requests there are is no. BadInput: nobody can answer. ReconcilerError: S3
            cannot be asked. OSError: what was seen cannot be remembered.
    """
    tell = ProgressLine(screen, SystemClock().now)
    checks = [
        _Check.of_project(list(some), run, live) for _name, some in groupby(run.datasets, lambda one: one.project.shown)
    ]
    try:
        for check in checks:
            check.search.list_all(check.keys(), lambda pages: tell(Progress("listing images", pages, unit="pages")))
        _permit([check.search.cost() for check in checks], run, screen)
        for check in checks:
            check.search.read_all(lambda done, total: tell(Progress("checking images", done, total, "images")))
    finally:
        screen.clear()
        for check in checks:
            check.remember()
    for check in checks:
        check.judge()


def sizes_of(keys: Iterable[str], run: Run, screen: Screen, live: LiveSide) -> dict[str, tuple[int, int]]:
    """Width and height of images as viewers show them, of those where they can be read.

    Raises:
        Refused: the answer to how many requests there are is no. BadInput: nobody can answer. ReconcilerError: S3
            cannot be asked.
    """
    tell, pictures = ProgressLine(screen, SystemClock().now), run.options.pictures
    folder = None if pictures in {None, S3} else pictures
    search = Search(Folder(Path(folder)) if folder else S3Images(live.account.objects()), {})
    try:
        search.list_all(keys, lambda pages: tell(Progress("listing images", pages, unit="pages")))
        _permit([search.cost()], run, screen)
        search.read_all(lambda done, total: tell(Progress("reading sizes", done, total, "images")))
    finally:
        screen.clear()
    looks = ((key, look.header) for key, look in search.looks.items())
    return {key: header.shown for key, header in looks if header and header.width}


def _permit(costs: list[Cost], run: Run, screen: Screen) -> None:
    """Go on at once with few requests; else say how many there are and what they cost, and ask.

    Raises:
        Refused: the answer is no. BadInput: there is no terminal to ask on.
    """
    many, price = sum(one.requests for one in costs), sum(one.dollars for one in costs)
    if many <= _ASKED_FROM:
        return
    out, bytes_read = sum(one.dollars_out for one in costs), sum(one.bytes for one in costs)
    said = (
        f"looking at the images takes about {many:,} more requests to S3: about ${price:.2f} at the prices of "
        f"us-east-1, and up to ${out:.2f} for {size(bytes_read)} where this machine is outside of the bucket's Region"
    )
    if run.options.yes:
        screen.remark(said)
    elif run.options.json or not sys.stdin.isatty():
        raise BadInput(f"{said}; add --yes to make them")
    elif (screen.answer(f"{said}\nGo on? [y/N] ") or "").strip().lower() not in {"y", "yes"}:
        raise Refused("you answered no, so that no image was looked at")


class _Check(Struct):
    """The images of one project. `of` names where they are; what was seen of them is kept in `folder`, if any."""

    datasets: list[DatasetRun]
    folder: Path | None
    of: str
    search: Search
    _first: dict[tuple[str, int], tuple[str, Place, DatasetType]] = field(default_factory=dict)

    @classmethod
    def of_project(cls, datasets: list[DatasetRun], run: Run, live: LiveSide) -> "_Check":
        """The check of the datasets of one project, with what was seen before."""
        pictures = run.options.pictures
        store: Store
        if pictures is not None and pictures != S3:
            store, of = Folder(Path(pictures)), str(Path(pictures).resolve())
        else:
            objects, of = live.objects_of(datasets[0].project), f"s3://{datasets[0].bucket or ''}"
            run.calls.append(objects.counts)
            store = S3Images(objects)
        folder = None if is_part(run.options.datasets) else live.folder / "images"
        seen = remembered.read(folder, of) if folder else {}
        return cls(datasets, folder, of, Search(store, seen))

    def keys(self) -> list[str]:
        """The images of all datasets, each once."""
        return list(dict.fromkeys(chain.from_iterable(map(_keys, self.datasets))))

    def remember(self) -> None:
        """Keep what was seen, also of a check that was stopped."""
        now = {
            key: Seen(look.stat.etag, look.stat.size, look.header)
            for key, look in self.search.looks.items()
            if look.stat and look.header
        }
        if self.folder:
            remembered.write(self.folder, self.of, now, self.search.seen)

    def judge(self) -> None:
        """Add to the findings of each dataset what is wrong with its images."""
        for one in self.datasets:
            collector, counts = _collector(one), Counter[str]()
            for row in one.ledger.desired_rows():
                look, place = self.search.looks[row.key], row.place or Place(one.dataset.shown)
                same = self._same(row.key, look, place, one.dataset.dataset_type)
                broken = [*judged(look, _sizes(row.desired)), *same]
                told = [rule for rule, details in broken if collector.report(rule, place, **details)]
                counts.update({rule.code for rule in told})
                counts[_WRONG] += any(rule.severity is Severity.ERROR for rule in told)
                counts[_KNOWN] += look.is_known
                counts[_ALL] += 1
            found = collector.findings()
            one.findings = one.findings.with_more(found) if one.findings else found
            one.images = _figures(counts, found.error_count)

    def _same(self, key: str, look: Look, place: Place, kind: DatasetType) -> Iterator[Broken]:
        """Whether an image of the project that came before has the same bytes; one key in both is told by a guard."""
        if look.stat is None or not look.stat.etag or not look.stat.size:
            return
        other, first, other_kind = self._first.setdefault((look.stat.etag, look.stat.size), (key, place, kind))
        if other != key:
            yield rules.DUPLICATE if kind is other_kind else rules.LEAK, {"key": other, "first": str(first)}


def _collector(one: DatasetRun) -> Collector:
    """Takes findings about the images of a dataset as reading its manifest took others."""
    dataset = one.dataset
    return Collector(dataset.shown, suppress=dataset.suppress, judged=dataset.judged)


def _keys(one: DatasetRun) -> Iterator[str]:
    return (key for key, _labelled in one.ledger.keys())  # noqa: SIM118 - not a mapping


def _sizes(line: bytes | None) -> list[tuple[float, float]]:
    """The sizes in pixels on which the boxes of a line were drawn."""
    sizes = meaning_of(document_of(line)).sizes
    return [(width / _PER_PIXEL, height / _PER_PIXEL) for width, height in sizes]


def _figures(counts: Counter[str], errors: int) -> ImageCheck:
    return ImageCheck(
        images=counts[_ALL],
        wrong=counts[_WRONG],
        errors=errors,
        undecided=counts[rules.UNDECIDED.code],
        turned=counts[rules.TURNED.code],
        duplicates=counts[rules.DUPLICATE.code],
        leaks=counts[rules.LEAK.code],
        overwritten=counts[rules.OVERWRITTEN.code],
        known=counts[_KNOWN],
    )
