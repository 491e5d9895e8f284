"""JSON Lines: bytes to parsed lines, with a finding for each line that is not a legal one.

Memory is that of one line; a line that is too long to be legal is skipped without being held.

Nearly every line is plain, and `plain_object` reads it several times as fast as the decoder that reports what is wrong.
Plain is an object whose names are written without blanks before the colon, that repeats no name, nests no deeper than
allowed, and whose whole numbers fit 64 bits. Counting shows that no name is repeated: the text has as many names as the
object has members.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO, Final, NoReturn

import msgspec

from reconciler.limits import LINE_CHARACTERS, NESTING
from reconciler.manifest.findings import Collector, MemberPath, ParsedLine, kind_of
from reconciler.manifest.json_places import (
    bad_number,
    fault_words,
    half_character,
    offset_of,
    repeated_member,
    too_deep,
)
from reconciler.manifest.mistaken_files import MARKER, few, markers
from reconciler.manifest.rules import files
from reconciler.manifest.rules import lines as rules
from reconciler.model import Place
from reconciler.rule import Rule

# A character takes at most 12 bytes in JSON (two escapes); what is longer than this cannot be a legal line.
RAW_LINE_BYTES: Final = 12 * LINE_CHARACTERS
# A line of so many bytes has no end worth waiting for.
_ENDLESS: Final = 100_000_000
# How a line begins and ends that may be taken, and one of how many tells how far they are.
_OPENS, _ENDS, _TOLD = ord("{"), ord("\n"), 100
# An escape of the upper or lower half of a surrogate pair.
_HALF_ESCAPE: Final = r"\\u[dD][89a-fA-F]"
_BOM: Final = b"\xef\xbb\xbf"
# A whole number with at most this many digits surely fits a 64-bit float, and so do its sums and products with the
# coordinates of a box.
_DIGITS: Final = 300
_COMMENT: Final = rb"\s*(?:#|//|/\*)"
_YAML: Final = re.compile(rb"---|%YAML|(images|size|created|human-annotated|job-name|confidence|entries)[ \t]*:")
# How JSON that could be meant as a line begins.
_BEGINS: Final = frozenset("{['\"")
_OTHER_WORD: Final = r"(True|False|None|undefined|nan|inf)\b"
_DUMPS: Final = "write JSON: names and text in double quotes, true, false and null (in Python: json.dumps)"
_TRAILING_COMMA: Final = re.compile(r",[ \t\r\n]*([}\]])")
# How a file begins that is not JSON Lines: one finding then covers all lines.
_OTHER_FORMS: Final[tuple[tuple[re.Pattern[bytes], Rule, dict[str, object]], ...]] = (
    (re.compile(rb"\[\s*(?:[\[{\"\d\]-]|$)"), files.NOT_JSON_LINES, {"what": "a JSON array", "select": "'.[]'"}),
    (_YAML, files.YAML_IN_JSON_LINES, {}),
    (re.compile(rb"\{$"), files.NOT_JSON_LINES, {"what": "a JSON object over several lines", "select": "."}),
)
# A name with blanks between it and its colon, which the count of names would miss.
_LOOSE_NAME: Final = re.compile(rb'"[ \t\r\n]+:')
_LEAST: Final = -(2**63)
_MOST: Final = 2**64


def plain_object(raw: bytes) -> dict[str, Any] | None:
    """The object of a plain line; None for any other line, valid or not."""
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or _LOOSE_NAME.search(raw) or _members_in(value) != raw.count(b'":'):
        return None
    return None if raw.count(b"{") + raw.count(b"[") > NESTING and is_deep(value) else value


def is_deep(value: object) -> bool:
    """Whether lists and objects nest deeper than the limit."""
    level = [value]
    for _ in range(NESTING):
        level = [
            child
            for item in level
            for child in (item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _members_in(document: dict[str, Any]) -> int:
    """How many members all objects have together, -1 where a whole number is beyond 64 bits."""
    count = 0
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if type(value) is dict:
            count += len(value)
            waiting.extend(value.values())
        elif type(value) is list:
            waiting.extend(value)
        elif type(value) is int and not _LEAST <= value < _MOST:
            return -1
    return count


class _RefusedNumberError(ValueError):
    """A number that JSON does not have, or that does not fit a 64-bit float."""


class _RepeatedMemberError(ValueError):
    """An object with two members of the same name."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _RepeatedMemberError
    return members


def _constant(_text: str) -> NoReturn:
    raise _RefusedNumberError


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _RefusedNumberError
    return value


def _int(text: str) -> int:
    if len(text) > _DIGITS:
        raise _RefusedNumberError
    return int(text)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_members, parse_constant=_constant, parse_float=_float, parse_int=_int
)


def json_lines(handle: BinaryIO, collector: Collector) -> Iterator[ParsedLine]:
    """The lines that are JSON objects, in order; everything else becomes a finding. Blank lines are skipped."""
    return (line for line in other_json_lines(handle, collector, lambda _number, _start, _raw: False) if line)


def other_json_lines(
    handle: BinaryIO, collector: Collector, is_taken: Callable[[int, int, bytes], bool]
) -> Iterator[ParsedLine | None]:
    """What `json_lines` gives, without the lines that the caller takes; `is_taken` is asked from line 2 on.

    Now and then gives None between them, for a caller who shows how far he is.
    """
    empty = True
    for number, start, raw in _written_lines(handle, collector, is_taken):
        if raw is None:
            yield None
        elif isinstance(raw, int):
            more = " or more, and is read no further" if raw > _ENDLESS else ""
            collector.report_at(rules.LONG_LINE, number, 1, size=f"{raw:,} bytes{more}")
        elif empty and _is_another_form(raw, number, collector):
            return
        elif MARKER.match(raw):
            lines = [number, *markers(handle, number + 1)]
            collector.report_at(files.MERGE_CONFLICT, number, 1, lines=few(lines))
            return
        else:
            document = plain_object(raw)
            if document is None:
                document = _parsed(raw, number, collector)
            if document is not None:
                place = Place(collector.shown, number, 1)
                yield ParsedLine(document, place, partial(located, place, raw), (start, raw))
        empty = False
    if empty and not collector.error_count:
        collector.report(files.NO_LINE)


def _written_lines(
    handle: BinaryIO, collector: Collector, is_taken: Callable[[int, int, bytes], bool]
) -> Iterator[tuple[int, int, bytes | int | None]]:
    """Lines without their ends, blank lines and comments; of one too long to be legal how many bytes it has.

    Each with its number and where its text begins in the file.

    After the first, those that are taken are left out, and None stands for some of them. The first comment is reported
    after the last line: a caller who sees that the file is YAML, which has comments, stops before.
    """
    number = comment = first = end = 0
    for line in iter(partial(handle.readline, RAW_LINE_BYTES + 2), b""):
        number += 1
        start, end = end, end + len(line)
        if first and line[0] == _OPENS and line[-1] == _ENDS and is_taken(number, start, line.rstrip(b"\r\n")):
            if number % _TOLD == 0:
                yield number, start, None
            continue
        raw = _whole(line, handle)
        if isinstance(raw, int):
            end = start + raw
        elif number == 1 and raw.startswith(_BOM):
            start, raw = len(_BOM), raw.removeprefix(_BOM)
        if isinstance(raw, bytes) and not raw.startswith(b"{"):  # hardly ever
            comment = comment or (number if re.match(_COMMENT, raw) else 0)
            if re.match(_COMMENT, raw) or not raw.strip():
                continue
        yield number, start, raw
        first = first or number
        if isinstance(raw, int) and raw > _ENDLESS:
            break
    if comment:
        collector.report_at(rules.COMMENT, comment, 1)


def _whole(line: bytes, handle: BinaryIO) -> bytes | int:
    """A line without its end, from its beginning; of one that is too long to be legal the bytes."""
    if len(line) <= RAW_LINE_BYTES or line.endswith(b"\n"):
        return line.rstrip(b"\r\n")
    size = len(line)
    while line and not line.endswith(b"\n") and size <= _ENDLESS:
        line = handle.readline(RAW_LINE_BYTES)
        size += len(line)
    return size


def _is_another_form(raw: bytes, number: int, collector: Collector) -> bool:
    """Whether the first line shows that the file is not JSON Lines."""
    stripped = raw.strip()
    found = next((one for one in _OTHER_FORMS if one[0].match(stripped)), None)
    if found is not None:
        collector.report_at(found[1], number, raw.index(stripped) + 1, **found[2])
    return found is not None


def _parsed(raw: bytes, number: int, collector: Collector) -> dict[str, Any] | None:
    """The line's object, or None after reporting what is wrong with it."""

    def report(rule: Rule, offset: int, **details: object) -> None:
        collector.report_at(rule, number, offset + 1, **details)

    try:
        text = raw.decode()
    except UnicodeDecodeError as exception:
        offset = len(raw[: exception.start].decode())
        report(files.NOT_UTF8, offset, byte=raw[exception.start], guess="")
        return None
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as exception:
        _report_invalid(exception, text, report)
    except RecursionError:
        report(rules.NESTED, too_deep(text))
    except _RepeatedMemberError:
        offset, name = repeated_member(text)
        report(rules.REPEATED_MEMBER, offset, name=name)
    except _RefusedNumberError:
        offset, token = bad_number(text)
        report(rules.NOT_A_NUMBER if token.lstrip("-").isalpha() else rules.OVERFLOW, offset, text=token)
    else:
        return _judged(value, text, report)
    return None


def _judged(value: object, text: str, report: Callable[..., object]) -> dict[str, Any] | None:
    """The value when it meets what is required of a line beyond JSON's grammar."""
    if isinstance(value, str) and plain_object(value.encode("utf-8", "replace")):
        report(rules.JSON_IN_JSON, len(text) - len(text.lstrip()))
    elif not isinstance(value, dict):
        report(rules.NOT_AN_OBJECT, len(text) - len(text.lstrip()), kind=kind_of(value))
    elif text.count("{") + text.count("[") > NESTING and is_deep(value):
        report(rules.NESTED, too_deep(text))
    elif re.search(_HALF_ESCAPE, text) and (offset := half_character(text)):
        report(rules.LONE_SURROGATE, offset)
    else:
        return value
    return None


def _report_invalid(exception: json.JSONDecodeError, text: str, report: Callable[..., object]) -> None:
    """Report text that is not JSON: the mistakes that have a rule of their own, and what the decoder says of others."""
    rest, before = text[exception.pos :], text[: exception.pos].rstrip()
    if rest.startswith("\ufeff"):
        report(rules.BOM_INSIDE, exception.pos)
    elif (comma := _TRAILING_COMMA.search(text, max(0, len(before) - 1))) and comma.start() <= exception.pos:
        report(rules.TRAILING_COMMA, comma.start(), bracket=comma[1])
    else:
        reason, cure = _explained(exception, text)
        report(rules.INVALID_JSON, exception.pos, reason=reason, cure=cure)


def _explained(exception: json.JSONDecodeError, text: str) -> tuple[str, str]:
    """What is not valid JSON, in words, and the cure."""
    rest = text[exception.pos :]
    if text.lstrip()[:1] not in _BEGINS:
        return "the line does not begin with `{`", "write one object per line and nothing else, or remove the line"
    if exception.msg == "Extra data":
        return _surplus(text[: exception.pos], rest)
    if not rest.strip():
        return "the line ends inside the object", "complete the object: one {...} per line"
    if rest.startswith("'"):
        return "a single quote where JSON requires a double quote, as Python shows a dictionary", _DUMPS
    if match := re.match(_OTHER_WORD, rest):
        return f"the word {match[0]}, which JSON does not have", _DUMPS
    return fault_words(
        exception
    ), "correct the line: one JSON object per line, names and text in double quotes, no trailing commas"


def _surplus(before: str, rest: str) -> tuple[str, str]:
    """What follows an object, and the cure."""
    if "\r" in before:
        return "lines that end with CR alone", "end each line with LF: tr '\\r' '\\n' < FILE > NEW"
    if rest.startswith(","):
        return "a comma after the object", "remove the comma: JSON Lines has nothing between lines"
    return "text after the object", "write one object per line and nothing else"


def located(line: Place, raw: bytes, path: MemberPath) -> Place:
    """The place of the member at a path in a line."""
    return Place(line.file, line.line, offset_of(raw.decode(), path) + 1)
