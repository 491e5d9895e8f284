r"""A review as a JSON document, and back: the form in which plans are saved; and the document's JSON Schema.

The document is ASCII (other characters are written as `\uXXXX`), so that nothing in a key or label acts on a terminal
that shows it. Lone surrogates, which a key or label may contain and UTF-8 cannot, are written as the text `\udXXX`.
The schema is made from the review's types; `make docs` writes it to docs/schema/plan.schema.json.
"""

import json
import re
from collections.abc import Iterable, Iterator
from inspect import cleandoc
from typing import Any, Final

import msgspec
from msgspec import Struct, structs

from reconciler.errors import BadInput
from reconciler.guards import CAUSES, GUARDS, THEIRS
from reconciler.review.model import FORMAT, DatasetReview, EntryChange, Review
from reconciler.text import inert

_CURE: Final = "name a file that `reconciler plan --save` wrote"
_NOT_PLAIN: Final = re.compile(r"[^\x00-\x7e]")
# A dataset whose changes are written on their own; in a text the quotes would be escaped.
_CHANGES: Final = '"changes":[]'


class _Frame(Struct):
    """The members that identify a saved plan."""

    kind: str = ""
    format: int = 0


def json_bytes(value: object) -> bytes:
    """Any value as JSON in UTF-8."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_holdable(msgspec.to_builtins(value)))


def document_text(review: Review) -> str:
    """The document, on one line that ends in a newline."""
    return "".join(document_pieces(review))


def document_pieces(review: Review) -> Iterator[str]:
    """The text of the document, of which the changes are made one by one."""
    projects = tuple(
        structs.replace(project, datasets=tuple(structs.replace(one, changes=()) for one in project.datasets))
        for project in review.projects
    )
    first, *rest = _text(structs.replace(review, projects=projects)).split(_CHANGES)
    yield first
    for dataset, text in zip(review.datasets, rest, strict=True):
        yield _CHANGES[:-1]
        yield from _changes(dataset)
        yield f"]{text}"
    yield "\n"


def _changes(dataset: DatasetReview) -> Iterator[str]:
    changes: Iterable[EntryChange | bytes] = dataset.changes
    if not isinstance(changes, tuple):
        from reconciler.review.kept import StoredChanges  # noqa: PLC0415 - most plans are short

        changes = changes.documents() if isinstance(changes, StoredChanges) else changes
    for number, one in enumerate(changes):
        text = escaped(one.decode(), _NOT_PLAIN) if isinstance(one, bytes) else _text(one)
        yield f",{text}" if number else text


def _text(value: object) -> str:
    return escaped(json_bytes(value).decode(), _NOT_PLAIN)


def as_saved(review: Review) -> Review:
    """The review as its document reads back, to compare with a saved one: lone surrogates are text there."""
    return read_document(document_text(review).encode(), "the review")


def read_document(content: bytes, name: str) -> Review:
    """The review in a document; `name` is the user's name for it.

    Raises:
        BadInput: it is not a review, or has a format that this version does not know.
    """
    try:
        frame = msgspec.json.decode(content, type=_Frame)
        if frame.kind != "plan":
            raise BadInput(f"{name} is not a saved plan; {_CURE}")
        if frame.format != FORMAT:
            raise BadInput(
                f"{name} is a plan of format {frame.format}, this version reads format {FORMAT}; make a new one with "
                "`reconciler plan --save FILE`"
            )
        return msgspec.json.decode(content, type=Review)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{name} is not a saved plan ({inert(str(error))}); {_CURE}") from None


def _holdable(value: Any) -> Any:  # noqa: ANN401 - any JSON in, the same JSON out
    """The value with lone surrogates written as text."""
    if isinstance(value, dict):
        return {_holdable(name): _holdable(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_holdable(item) for item in value]
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def escaped(text: str, which: re.Pattern[str]) -> str:
    """JSON in which these characters are escapes."""
    return which.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    number = ord(match.group())
    if number < 0x10000:
        return f"\\u{number:04x}"
    number -= 0x10000
    return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"


_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema as a JSON object."""
    made = _tidied(msgspec.json.schema(Review))
    names = {"enum": sorted(GUARDS)}
    made["$defs"]["GuardCheck"]["properties"]["name"] |= {"enum": sorted({*GUARDS, *CAUSES, THEIRS})}
    made["$defs"]["Policy"]["properties"]["guards"]["propertyNames"] = names
    return {"$schema": _DIALECT, "title": f"The plan of a run of the reconciler, format {FORMAT}", **made}


def _tidied(value: Any) -> Any:  # noqa: ANN401 - any JSON in, the same JSON out
    """The schema with descriptions as every Python reads docstrings: before 3.13 they kept their indentation."""
    if isinstance(value, dict):
        return {
            name: cleandoc(member) if name == "description" and isinstance(member, str) else _tidied(member)
            for name, member in value.items()
        }
    return [_tidied(item) for item in value] if isinstance(value, list) else value


def schema_text() -> str:
    """The schema as it is in the repository: indented, with sorted members, ending in a newline."""
    return json.dumps(schema(), indent=1, sort_keys=True) + "\n"
