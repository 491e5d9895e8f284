"""A whole line: from its text to an entry, and back to the text that is sent."""

import json
from typing import Any

import msgspec

from reconciler.entries.attributes import SOURCE_REF, Document
from reconciler.entries.encoding import canonical, encoded, hashed
from reconciler.entries.meaning import digest_of, meaning_of
from reconciler.entries.service_fields import marks_of, without_service_fields
from reconciler.model import Entry, Mark


def parse_live(line: str) -> dict[str, Any]:
    """Parse a line that the service listed.

    Raises:
        ValueError: the line is not a JSON object with a text `source-ref`.
    """
    try:
        document = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeEncodeError):
        document = json.loads(line)  # takes what the fast decoder refuses, such as lone surrogates
    if not isinstance(document, dict) or not isinstance(document.get(SOURCE_REF), str):
        raise ValueError("the service listed a line without a source-ref")  # noqa: TRY004 - wrong data, not a wrong call
    return document


def key_of(line: str) -> str:
    """The key of a line that the service listed, and nothing else of it.

    Raises:
        ValueError: the line is not a JSON object with a text `source-ref`.
    """
    return str(parse_live(line)[SOURCE_REF])


def entry_of(document: Document) -> Entry:
    """The entry that a line gives; the line may still have the service's fields."""
    return own_entry(without_service_fields(document), marks_of(document))


def own_entry(own: Document, marks: tuple[Mark, ...] = ()) -> Entry:
    """The entry that a line without the service's fields gives."""
    meaning = meaning_of(own)
    return Entry(
        key=own[SOURCE_REF],
        meaning=digest_of(meaning),
        content=hashed(canonical(own)),
        labels=meaning.labels,
        boxes=len(meaning.boxes),
        labelled=meaning.labelled,
        marks=marks,
    )


def compact(document: Document) -> bytes:
    """A line as it is sent: compact JSON in UTF-8, members in the given order, without the service's fields."""
    return encoded(without_service_fields(document))


def bare_line(key: str) -> bytes:
    """The line of an unlabelled image: nothing but its key. Sent to make training ignore the image."""
    return encoded({SOURCE_REF: key})
