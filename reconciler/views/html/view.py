"""A review as one HTML file that needs nothing else: no network, no server, no other file.

The page's frame is made here and readable without a script; the entries are data that the page's script draws when they
come into view: in a compact form, names made inert. Positions instead of member names, labels as numbers and keys
without their common folder keep a page of 10,000 entries below 10 MB. If the boxes take too much room, the least risky
entries have no drawing; no entry is left out. A content security policy in the page allows its own style and script, by
their hashes, and pictures inside the file; nothing else loads or runs, whatever a label says.

The addresses of the AWS console are those that AWS's samples and the console itself use; AWS does not document them.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from heapq import merge
from importlib.resources import files
from itertools import count, islice, repeat
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from msgspec import Struct, field

from reconciler.analysis.results import BoxChange, PixelBox, Size
from reconciler.entries.codes import code_meaning
from reconciler.review.model import DatasetReview, EntryChange, Review
from reconciler.text import ACTING, Sentence, names_in
from reconciler.views import words as wording
from reconciler.views.json_document import escaped, json_bytes
from reconciler.views.lines import chosen, guard_lines, outcome_lines
from reconciler.views.pictures import Picture, PictureSource
from reconciler.views.words import said, shown

# The number of entries in the page for readers without a script.
_STATIC: Final = 200
# The number of entries of each dataset that are shown first, because no group explains them.
_FIRST: Final = 24
# The number of characters of a sentence that are shown.
_SENTENCE: Final = 700


def view(review: Review, *, pictures: PictureSource | None = None, links: bool = True) -> str:
    """The whole file; see `pieces`."""
    return "".join(pieces(review, pictures=pictures, links=links))


def pieces(review: Review, *, pictures: PictureSource | None = None, links: bool = True) -> Iterator[str]:
    """The file in pieces. `pictures` is called for each entry, the riskiest first; None: boxes are drawn in a frame."""
    environment, style, script, policy = _page()
    data = page_data(review, pictures, links=links)
    page = environment.get_template("page.html")
    return page.generate(
        review=review,
        policy=policy,
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        data=(Markup(piece.decode()) for piece in data.pieces),  # noqa: S704 - written by `script_safe`
        drawn=data,
        with_pictures=pictures is not None,
        links=links,
        static=[(review.datasets[number], change) for number, change in islice(_by_risk(review.datasets), _STATIC)],
        first=[change for dataset in review.datasets for change in chosen(dataset, dataset.groups, _FIRST)[0]],
        total=sum(dataset.changes_total for dataset in review.datasets),
    )


@lru_cache(maxsize=1)
def _page() -> tuple[Environment, str, str, str]:
    """Templates, style, script and content security policy, read once."""
    environment = Environment(
        loader=PackageLoader("reconciler.views.html", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "shown": wording.shown,
        "said": wording.said,
        "told": _told,
        "names_in": names_in,
        "percent": wording.percent,
        "number": "{:,}".format,
        "step": wording.step,
        "most": _most,
    }
    environment.globals |= {
        "words": wording,
        "project_link": project_link,
        "guard_lines": guard_lines,
        "outcome_lines": outcome_lines,
    }
    folder = files("reconciler.views.html") / "page"
    style, script = ((folder / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in (style, script)]
    sources = (
        "default-src 'none'",
        "img-src data:",
        f"style-src 'sha256-{hashes[0]}'",
        f"script-src 'sha256-{hashes[1]}'",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return environment, style, script, "; ".join(sources)


def _told(words: str | Sentence, limit: int = _SENTENCE) -> Markup:
    """Words, with names as code."""
    told = wording.pieces((words,) if isinstance(words, str) else words, limit)
    return Markup("").join(Markup("<code>{}</code>" if is_name else "{}").format(text) for text, is_name in told)  # noqa: S704 - our own


def _most(rows: Iterable[Any], *names: str) -> int:
    """The greatest of some members over all rows, at least 1."""
    return max((getattr(row, name) for row in rows for name in names), default=0) or 1


def console(region: str | None) -> str:
    """The console's address for a region, without a slash at its end; each partition has its own domain."""
    if not region:
        return "https://console.aws.amazon.com"
    if region.startswith("cn-"):
        return f"https://{region}.console.amazonaws.cn"
    if region.startswith("us-gov-"):
        return f"https://{region}.console.amazonaws-us-gov.com"
    return f"https://{region}.console.aws.amazon.com"


def project_link(dataset: DatasetReview) -> str | None:
    """The console's page of a dataset's project, which links to its datasets; None if there is no ARN."""
    parts = (dataset.project_arn or "").split(":project/")
    if len(parts) != 2 or not dataset.region:
        return None
    name = parts[1].partition("/")[0]
    return f"{console(dataset.region)}/rekognition/custom-labels?region={dataset.region}#/projects/{name}"


# The most JSON of boxes: what a page of 10 MB has left besides keys, words and frame.
DRAWN_BYTES: Final = 6_500_000
_VERBS: Final = ("add", "update", "unlabel", "live-only")
# A box's number: which side has it, or what happens to it.
_SAME: Final = 0
_REMOVED: Final = 1
_ADDED: Final = 2
_BITS: Final = {"moved": 4, "resized": 8, "relabelled": 16}
# Whether an entry is labelled: there is no such side, no, yes.
_LABELLED: Final = {None: 0, False: 1, True: 2}
# Characters that could end a script element or, in old engines, a line of script; and those that act on readers of
# the page's source.
_UNSAFE: Final = re.compile(f"[<>&]|{ACTING.pattern}")
# Where the entries go, which are written one by one; in a text the quotes would be escaped.
_CHANGES: Final = b'"changes":[]'

Json = dict[str, Any]


class PageData(Struct):
    """The document in pieces, and the number of its entries, of those with a drawing and of those with a picture."""

    pieces: list[bytes]
    entries: int = 0
    drawn: int = 0
    pictures: int = 0

    @property
    def json(self) -> bytes:
        """The document."""
        return b"".join(self.pieces)


class _Work(Struct):
    """What grows while entries are written; `numbers` are the labels' numbers, in order of first use."""

    links: bool
    source: PictureSource | None
    room: int
    numbers: dict[str, int] = field(default_factory=dict)
    pictures: list[list[Any]] = field(default_factory=list)
    drawn: int = 0
    shown: int = 0

    def number(self, label: str) -> int:
        return self.numbers.setdefault(label, len(self.numbers))


def page_data(review: Review, pictures: PictureSource | None, *, links: bool) -> PageData:
    """All entries of a review, the riskiest first: they get drawings and pictures while there is room."""
    work = _Work(links, pictures, DRAWN_BYTES)
    datasets = review.datasets
    folders = [wording.folder_of([change.key for change in dataset.changes]) for dataset in datasets]
    order = _by_risk(datasets)
    rows = [script_safe(_change(change, number, datasets[number], folders[number], work)) for number, change in order]
    document = {
        "kinds": [
            [kind, "gone" if kind == "live-only" and review.compared.offline else words]
            for kind, words in wording.KINDS.items()
        ],
        "origins": list(wording.ORIGINS.values()),
        "datasets": [_dataset(one, folder, links=links) for one, folder in zip(datasets, folders, strict=True)],
        "groups": [
            [number, group.id, said(group.words, 300)]
            for number, dataset in enumerate(datasets)
            for group in dataset.groups
        ],
        "changes": [],
        "labels": [shown(name, 300) for name in work.numbers],
        "pictures": work.pictures,
    }
    start, changes, end = script_safe(document).partition(_CHANGES)
    pieces = [piece for number, row in enumerate(rows) for piece in ((b",", row) if number else (row,))]
    return PageData([start, changes[:-1], *pieces, b"]", end], len(rows), work.drawn, work.shown)


def _by_risk(datasets: Sequence[DatasetReview]) -> Iterator[tuple[int, EntryChange]]:
    """All changes, the riskiest first, each with the number of its dataset; many are read one by one."""
    return merge(*map(_of_dataset, count(), datasets), key=lambda pair: -pair[1].risk)


def _of_dataset(number: int, dataset: DatasetReview) -> Iterable[tuple[int, EntryChange]]:
    changes = dataset.changes
    if isinstance(changes, tuple):  # perhaps of a document that somebody edited
        changes = sorted(changes, key=lambda one: -one.risk)
    return zip(repeat(number), changes)


def script_safe(document: object) -> bytes:
    """JSON that is safe inside a script element."""
    return escaped(json_bytes(document).decode(), _UNSAFE).encode()


def _dataset(dataset: DatasetReview, folder: str, *, links: bool) -> Json:
    document: Json = {"title": shown(dataset.title), "folder": said(folder), "base": folder}
    if links:
        document |= {"console": console(dataset.region), "region": dataset.region or ""}
    return document


def _change(change: EntryChange, number: int, dataset: DatasetReview, folder: str, work: _Work) -> list[Any]:
    bits = sum(1 << at for at, kind in enumerate(wording.KINDS) if kind in wording.kinds_of(change))
    place = change.place
    same_file = place is not None and place.file == dataset.manifest
    return [
        number,
        change.number,
        _VERBS.index(change.verb),
        shown(change.key.removeprefix(folder)),
        [[text] if is_name else text for text, is_name in wording.pieces(change.words, 600)],
        str(place.line) if place and same_file else wording.place_words(place),
        change.risk,
        list(wording.ORIGINS).index(change.origin),
        bits,
        list(change.groups),
        _body(change, work),
    ]


def _body(change: EntryChange, work: _Work) -> Json:
    """Members that are empty are left out."""
    body: Json = {
        "n": [work.number(name) for name in wording.change_names(change)],
        "k": [work.number(name) for name in change.labels_kept],
        "a": [work.number(name) for name in change.labels_added],
        "r": [work.number(name) for name in change.labels_removed],
        "s": [[_number(one.width), _number(one.height)] for one in change.sizes_before],
        "t": [[_number(one.width), _number(one.height)] for one in change.sizes_after],
        "f": [
            [said(one.path), *(None if value is None else said(value) for value in (one.before, one.after))]
            for one in change.fields
        ],
        "m": [[said(mark.code), code_meaning(mark.code), said(mark.message)] for mark in change.marks],
        "l": change.key if work.links and shown(change.key) != change.key else "",
        "c": len(change.boxes),
        "u": [_LABELLED[change.labelled_before], _LABELLED[change.labelled_after]],
        **_drawing(change, work),
    }
    return {name: value for name, value in body.items() if value}


def _drawing(change: EntryChange, work: _Work) -> Json:
    """The boxes and the picture, while there is room."""
    if work.room <= 0:
        return {}
    boxes = [_box(one, work) for one in change.boxes]
    work.room -= sum(map(len, map(str, boxes)))
    work.drawn += 1
    picture = work.source(change.key) if work.source else None
    if picture is None:
        return {"b": boxes}
    work.shown += bool(picture.data)
    remarks = "; ".join(_remarks(picture, change))
    work.pictures.append([picture.data, picture.width, picture.height, picture.orientation, remarks])
    return {"b": boxes, "i": len(work.pictures)}


def _remarks(picture: Picture, change: EntryChange) -> Iterator[str]:
    if picture.note:
        yield said(picture.note, 300)
    if picture.orientation != 1:
        yield f"the file says (EXIF orientation {picture.orientation}) that it is to be shown turned or mirrored"
    size = Size(width=picture.width, height=picture.height)
    said_sizes = change.sizes_after or change.sizes_before
    if picture.width and said_sizes and any(one != size for one in said_sizes):
        yield f"the picture has {size} pixels, image_size says {' and '.join(map(str, said_sizes))}"


def _box(one: BoxChange, work: _Work) -> list[float]:
    before, after = one.before, one.after
    if before is None or after is None:
        return [_REMOVED if before else _ADDED, *_corner(before or after, work)]
    if one.what == ("same",):
        return [_SAME, *_corner(after, work)]
    bits = sum(_BITS.get(word, 0) for word in one.what)
    return [bits, *_corner(before, work), *_corner(after, work), round(one.iou or 0, 3)]


def _corner(box: PixelBox | None, work: _Work) -> Iterable[float]:
    if box is None:
        return ()
    return work.number(box.label), *map(_number, (box.left, box.top, box.width, box.height))


def _number(number: float) -> float:
    """A whole number without its decimals: half the bytes."""
    return int(number) if number % 1 == 0 else round(number, 3)
