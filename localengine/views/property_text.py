"""Property bags as text: whole, or as the difference of two.

Follows pulumi/pulumi pkg/backend/display/object_diff.go: aligned names, signs before what was added, removed or
changed, long texts cut. Secrets and unknowns are masked; control characters are escaped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from localengine.engine.events import Op
from localengine.protocol.properties import RESOURCE_REFERENCE, SIGNATURE, UNKNOWN, equal, is_secret
from localengine.views.palette import WORDS, Paint, quoted, safe

if TYPE_CHECKING:
    from collections.abc import Mapping

_LINES, _CHARS = 3, 150
_CONTEXT = 2


@dataclass(frozen=True, slots=True)
class Printer:
    """Prints at a depth (`indent`, four blanks each).

    `signed` shows the sign of the operation, `sames` the unchanged properties.
    """

    paint: Paint
    indent: int
    op: Op = Op.SAME
    signed: bool = False
    sames: bool = True

    def whole(self, properties: Mapping[str, object]) -> list[str]:
        """Every property of a bag."""
        names = sorted(properties)
        width = _width(names)
        shown = [name for name in names if not name.startswith("__")]
        return [line for name in shown for line in self.entry(f"{name:<{width}}: ", properties[name])]

    def difference(
        self, olds: Mapping[str, object], news: Mapping[str, object], include: tuple[str, ...] = ()
    ) -> list[str]:
        """The changed and unchanged properties of two bags; the whole new bag when nothing changed."""
        names = sorted(
            name for name in {*olds, *news} if not name.startswith("__") and (not include or name in include)
        )
        if equal(_shown(olds), _shown(news)):
            return replace(self, op=Op.SAME, signed=True).whole(news)
        width = _width(names)
        lines: list[str] = []
        for name in names:
            lines += self.changed(f"{name:<{width}}: ", olds.get(name, _ABSENT), news.get(name, _ABSENT))
        return lines

    def changed(self, title: str, old: object, new: object) -> list[str]:
        """One property of two bags; `_ABSENT` if one of them does not have it."""
        if old is _ABSENT:
            return replace(self, op=Op.CREATE, signed=True).entry(title, new)
        if new is _ABSENT:
            return replace(self, op=Op.DELETE, signed=True).entry(title, old)
        if equal(old, new):
            shown = self.sames and _is_worth_showing(new)
            return replace(self, op=Op.SAME, signed=False).entry(title, new) if shown else []
        return replace(self, op=Op.UPDATE, signed=True).updated(title, old, new)

    def updated(self, title: str, old: object, new: object) -> list[str]:
        """A property whose value differs."""
        if isinstance(old, list) and isinstance(new, list):
            return [self.line(f"{title}["), *self.items(old, new), self.line("]", signed=False)]
        if _is_object(old) and _is_object(new) and isinstance(old, dict) and isinstance(new, dict):
            inner = replace(self, indent=self.indent + 1).difference(old, new)
            return [self.line(f"{title}{{"), *inner, self.line("}", signed=False)]
        shows_old, shows_new = _is_worth_showing(old), _is_worth_showing(new)
        if shows_old and shows_new and _is_primitive(old) and _is_primitive(new):
            return self.primitive_change(title, old, new)
        removed = replace(self, op=Op.DELETE).entry(title, old) if shows_old else []
        return removed + (replace(self, op=Op.CREATE).entry(title, new) if shows_new else [])

    def items(self, olds: list[object], news: list[object]) -> list[str]:
        """Two lists, item by item."""
        inner = replace(self, indent=self.indent + 1)
        lines: list[str] = []
        for index in range(max(len(olds), len(news))):
            old = olds[index] if index < len(olds) else _ABSENT
            new = news[index] if index < len(news) else _ABSENT
            lines += inner.changed(f"[{index}]: ", old, new)
        return lines

    def primitive_change(self, title: str, old: object, new: object) -> list[str]:
        """`old => new` on one line, or line by line for long texts."""
        if isinstance(old, str) and isinstance(new, str) and ("\n" in old or "\n" in new):
            return [self.line(title), *self.text_change(old, new)]
        before = self.paint.verb(primitive(old), Op.DELETE)
        after = self.paint.verb(primitive(new), Op.CREATE)
        return [f"{self.line(title)}{before} => {after}"]

    def text_change(self, old: str, new: str) -> list[str]:
        """Two texts of several lines: the changed lines, with a few unchanged lines around them."""
        inner = replace(self, indent=self.indent + 1)
        olds, news = old.split("\n"), new.split("\n")
        lines: list[str] = []
        for tag, a, b, c, d in SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
            if tag == "equal":
                same = replace(inner, op=Op.SAME, signed=False)
                lines += [same.line(text) for text in _context(olds[a:b], first=a == 0, last=b == len(olds))]
                continue
            lines += [replace(inner, op=Op.DELETE, signed=True).line(safe(text)) for text in olds[a:b] if text.strip()]
            lines += [replace(inner, op=Op.CREATE, signed=True).line(safe(text)) for text in news[c:d] if text.strip()]
        return lines

    def entry(self, title: str, value: object) -> list[str]:
        """One property or item with its title."""
        if isinstance(value, list) and value:
            inner = replace(self, indent=self.indent + 1)
            items = [line for index, item in enumerate(value) for line in inner.entry(f"[{index}]: ", item)]
            return [self.line(f"{title}["), *items, self.line("]", signed=False)]
        if isinstance(value, dict) and _is_object(value) and value:
            inner = replace(self, indent=self.indent + 1)
            return [self.line(f"{title}{{"), *inner.whole(value), self.line("}", signed=False)]
        return [self.line(f"{title}{primitive(value)}")]

    def line(self, text: str, *, signed: bool | None = None) -> str:
        """One line at this depth, with the sign of the operation if `signed`."""
        margin = " " * (4 * self.indent)
        if (self.signed if signed is None else signed) and margin:
            margin = margin[:-2] + WORDS[self.op].sign
        return self.paint.verb(margin + safe(text), self.op)


_ABSENT = object()


def primitive(value: object) -> str:  # noqa: PLR0911 - one line per kind of value
    """A primitive value as Pulumi prints it."""
    if value is None:
        return "<null>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:.0f}" if math.isfinite(value) and value == math.trunc(value) else f"{value:g}"
    if isinstance(value, str):
        return "[unknown]" if value == UNKNOWN else quoted(_cut(value))
    if is_secret(value):
        return "[secret]"
    if isinstance(value, dict):
        return f"[resource {value.get('urn')}]" if value.get(SIGNATURE) == RESOURCE_REFERENCE else "{}"
    return "[]"


def _cut(text: str) -> str:
    lines = text.split("\n")
    kept = [line if len(line) <= _CHARS else line[:_CHARS] + "..." for line in lines[:_LINES]]
    return "\n".join(kept) + ("\n..." if len(lines) > _LINES else "")


def _context(lines: list[str], *, first: bool, last: bool) -> list[str]:
    """The unchanged lines of a text; if there are many, only those next to a change."""
    lines = [safe(line) for line in lines if line.strip()]
    before, after = ([] if first else lines[:_CONTEXT]), ([] if last else lines[-_CONTEXT:])
    return [*before, "...", *after] if len(lines) > len(before) + len(after) + 1 else lines


def _is_object(value: object) -> bool:
    return isinstance(value, dict) and SIGNATURE not in value


def _is_primitive(value: object) -> bool:
    return not isinstance(value, list) and not _is_object(value)


def _is_worth_showing(value: object) -> bool:
    return value not in (None, "", [], {})


def _shown(properties: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in properties.items() if not name.startswith("__")}


def _width(names: list[str]) -> int:
    return max((len(name) for name in names), default=0)
