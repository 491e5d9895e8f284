"""What text, numbers and boxes look like in an entry of the common form, and what they are.

The patterns take less than YAML allows, so that what they take is read alike by every scanner, in lists, in braces and
alone on a line. They are for text that `chunks` lets through, without tabs.
"""

import re
from functools import cache
from operator import itemgetter
from typing import Final

from reconciler.manifest.judge.label_attributes import is_share
from reconciler.manifest.yaml.entry import BOX_KEYS
from reconciler.manifest.yaml.expand import WrittenBox
from reconciler.manifest.yaml.nodes import MappingNode

_BEGINS: Final = r"[\w/.\x28+]"
_GOES_ON: Final = r"[^,\[\]{}:#?\n]"
_QUOTED: Final = r"""'[^'\n]*+'|"[^"\\\n]*+\""""
# Text in brackets or braces; text that is alone on its line may also have colons inside. Blanks may follow both.
FLOW: Final = rf"(?:{_BEGINS}{_GOES_ON}*+|{_QUOTED})"
TEXT: Final = rf"(?:{_BEGINS}{_GOES_ON}*+(?::(?=[^ \n]){_GOES_ON}*+)*+|{_QUOTED})"
# Numbers of JSON, short enough to be finite; most have neither sign nor exponent.
_USUAL: Final = r"(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,17})?"
NUMBER: Final = rf"-?{_USUAL}(?:[eE][+-]?[0-9]{{1,2}})?"
# The end of a line behind a value.
END: Final = r" *(?:(?<= )#.*)?"
_PAIR: Final = rf"([a-z]+): +({NUMBER}(?= *[,}}])|{FLOW})"
_ANY_PAIR: Final = rf"[a-z]+: +(?:{NUMBER}(?= *[,}}])|{FLOW}) *"
_ANY_BOX: Final = rf"\{{ *{_ANY_PAIR}(?:, *{_ANY_PAIR})*\}}"
ANY_BOXES: Final = rf"\[ *(?:{_ANY_BOX} *(?:, *{_ANY_BOX} *)*)?\]"
_BOX_LINE: Final = rf"( *)- ({_ANY_BOX}){END}"
_PAIR_LINE: Final = rf"( *)(- )?([a-z]+): +({NUMBER}(?={END}\Z)|{TEXT}){END}"
_NAME: Final = r"([a-z]+): "
_NAMED_LINE: Final = r" *(- )?([a-z]+): "

_LABEL: Final = BOX_KEYS[0]
BOX_SIDES: Final = BOX_KEYS[1:5]
_CONFIDENCE: Final = BOX_KEYS[5]
# The node of a value whose place nobody asks for.
NOWHERE: Final = MappingNode({}, {}, 0, 0, 0)
# Orders of members that are remembered with their patterns.
_ORDERS: Final = 32


class UncommonError(Exception):
    """An entry is not of the common form, or there is something to say about it."""


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of this program, compiled when it is used first: that costs more than a small file."""
    return re.compile(pattern, re.MULTILINE)


def found(pattern: str, text: str) -> re.Match[str]:
    """The whole text as a match.

    Raises:
        UncommonError: it is none.
    """
    match = compiled(pattern).fullmatch(text)
    if match is None:
        raise UncommonError
    return match


def is_nothing(line: str) -> bool:
    """Whether a line is blank or a comment."""
    rest = line.lstrip(" ")
    return not rest or rest[0] == "#"


def unquoted(token: str) -> str:
    """The text of a scalar.

    Raises:
        UncommonError: it is empty.
    """
    if token[0] not in "'\"":
        return token.rstrip(" ")
    if len(token) == len("''"):
        raise UncommonError
    return token[1:-1]


def number(token: str) -> float:
    """The number that matches `NUMBER`."""
    try:
        return int(token)
    except ValueError:
        return float(token)


def written_box(label: str, sides: dict[str, float], confidence: float | None) -> WrittenBox:
    """A box with its own confidence.

    Raises:
        UncommonError: that is below 0 or above 1.
    """
    if not (confidence is None or is_share(confidence)):
        raise UncommonError
    return WrittenBox(label, sides, confidence, NOWHERE)


class _Order:
    """Boxes with their members in one order: patterns for them, and how what these find is sorted."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._count = len(names)
        flow, text = ([f"{name}: ({of if name == _LABEL else _USUAL})" for name in names] for of in (FLOW, TEXT))
        in_braces, on_lines = ", ".join(flow), r" *\n\1  ".join(text)
        if _CONFIDENCE not in names:  # a box that has it has it last
            in_braces += rf"(?:, {_CONFIDENCE}: ({_USUAL}))?"
            on_lines += rf" *(?:\n\1  {_CONFIDENCE}: ({_USUAL}))?"
            names = (*names, _CONFIDENCE)
        self._lines = re.compile(rf"^( *)- \{{{in_braces}\}} *$", re.MULTILINE)
        self._blocks = re.compile(rf"^( *)- {on_lines} *$", re.MULTILINE)
        bare = re.sub(r"\((?!\?)", "(?:", in_braces)
        self.within = re.compile(rf"(\[\{{{bare}\}}(?:, \{{{bare}\}})*\]){END}")
        self.box = re.compile(rf"()\{{{in_braces}\}}")
        self._sorted = itemgetter(0, *(1 + names.index(name) for name in (_LABEL, *BOX_SIDES, _CONFIDENCE)))

    def found(self, text: str, lines: int) -> list[tuple[str, ...]]:
        """The boxes one below the other, as text; none where they are not all lines of the text."""
        if text.endswith("}"):
            found = self._lines.findall(text)
            return found if len(found) == lines else []
        found = self._blocks.findall(text)
        more = sum(1 for box in found if box[-1]) if self._count < len(BOX_KEYS) else 0
        return found if len(found) * self._count + more == lines else []

    def boxes(self, found: list[tuple[str, ...]]) -> tuple[WrittenBox, ...]:
        """Boxes, from where their dash is and the text of their members; the dashes are below each other."""
        boxes = []
        indent = found[0][0]
        for blanks, label, left, top, width, height, confidence in map(self._sorted, found):
            if blanks != indent:
                raise UncommonError
            try:
                sides: dict[str, float] = {
                    "left": int(left),
                    "top": int(top),
                    "width": int(width),
                    "height": int(height),
                }
            except ValueError:
                sides = {"left": number(left), "top": number(top), "width": number(width), "height": number(height)}
            boxes.append(written_box(unquoted(label), sides, number(confidence) if confidence else None))
        return tuple(boxes)


_orders: Final[dict[tuple[str, ...], _Order]] = {}


def _order(names: list[str]) -> _Order | None:
    """The order of these members; None where a box does not have these, or there were many orders already."""
    key = tuple(names[:-1] if names[-1:] == [_CONFIDENCE] else names)
    if key not in _orders:
        if len(_orders) >= _ORDERS or sorted(key) not in (sorted(BOX_KEYS), sorted(BOX_KEYS[:5])):
            return None
        _orders[key] = _Order(key)
    return _orders[key]


def boxes_in_brackets(value: str) -> tuple[WrittenBox, ...]:
    """Boxes in brackets on one line.

    Raises:
        UncommonError: they are not of the common form.
    """
    order = _order(compiled(_NAME).findall(value, 0, value.find("}") + 1))
    match = order and order.within.fullmatch(value)
    if order and match:
        return order.boxes(order.box.findall(match[1]))
    return tuple(
        _box(compiled(_PAIR).findall(box)) for box in compiled(_ANY_BOX).findall(found(f"({ANY_BOXES}){END}", value)[1])
    )


def boxes_on_lines(lines: list[str]) -> tuple[WrittenBox, ...]:
    """Boxes one below the other.

    Raises:
        UncommonError: they are not of the common form.
    """
    while lines and is_nothing(lines[-1]):
        lines.pop()
    text = "\n".join(lines)
    order = _order(compiled(_NAME).findall(lines[0]) if text.endswith("}") else _names(lines))
    boxes = order.found(text, len(lines)) if order else []
    return order.boxes(boxes) if order and boxes else _other_lines(lines)


def _names(lines: list[str]) -> list[str]:
    """The names of the members of the first box, each on a line."""
    names = []
    for number, line in enumerate(lines[: len(BOX_KEYS)]):
        match = compiled(_NAMED_LINE).match(line)
        if match is None or (number and match[1]):
            break
        names.append(match[2])
    return names


def _other_lines(lines: list[str]) -> tuple[WrittenBox, ...]:
    """Boxes one below the other in any order, each in braces or with a member on a line."""
    boxes: list[list[tuple[str, str]]] = []
    dash, is_open = None, False
    for line in lines:
        if is_nothing(line):
            continue
        match = compiled(_BOX_LINE).fullmatch(line)
        if match is not None:
            is_open, column = False, len(match[1])
            boxes.append(compiled(_PAIR).findall(match[2]))
        else:
            match = found(_PAIR_LINE, line)
            if match[2]:
                is_open = True
                boxes.append([])
            elif not is_open:
                raise UncommonError
            column = len(match[1]) - (0 if match[2] else len("- "))
            boxes[-1].append((match[3], match[4]))
        if column != (dash := column if dash is None else dash):
            raise UncommonError
    if not boxes:
        raise UncommonError
    return tuple(map(_box, boxes))


def _box(pairs: list[tuple[str, str]]) -> WrittenBox:
    """A box, from the names and the text of its members."""
    given = dict(pairs)
    label, known = unquoted(given[_LABEL]), len(BOX_SIDES) + 1 + (_CONFIDENCE in given)
    sides = {side: number(found(NUMBER, given[side])[0]) for side in BOX_SIDES}
    if not known == len(given) == len(pairs):
        raise UncommonError
    confidence = number(found(NUMBER, given[_CONFIDENCE])[0]) if _CONFIDENCE in given else None
    return written_box(label, sides, confidence)
