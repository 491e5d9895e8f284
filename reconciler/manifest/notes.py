"""Notes on a manifest: each kind of note once, at the place where it first applies, with a count.

Knows which facts about lines are worth a word. Refuses to know errors and marks.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from reconciler.entries import SOURCE_REF
from reconciler.manifest.findings import Collector
from reconciler.manifest.judgement import Judgement
from reconciler.manifest.line import Line
from reconciler.manifest.rules import line_rules as rules
from reconciler.manifest.rules.rule import Rule
from reconciler.model import Place

__all__ = ["Notes"]

_PERCENT: Final = re.compile("%[0-9A-Fa-f]{2}")
_IMAGES: Final = "image-level labels"
_BOXES: Final = "boxes"
_PLURALS: Final = {
    rules.ZERO_BOXES: {"lines": ("line", "lines")},
    rules.TEXT_VALUE: {"labels": ("label", "labels")},
    rules.KEYS_ALIKE: {"keys": ("key", "keys")},
    rules.PERCENT_KEY: {"keys": ("key", "keys")},
    rules.UNKNOWN_ATTRIBUTES: {"attributes": ("attribute", "attributes")},
}


@dataclass(slots=True)
class _Counted:
    """How often a note applies, and where first."""

    place: Place
    details: dict[str, object]
    count: int = 0


@dataclass(slots=True)
class Notes:
    """What was noted so far.

    Memory: a number for each key outside ASCII, so that keys which differ only in Unicode normalisation are seen.
    """

    _counted: dict[Rule, _Counted] = field(default_factory=dict)
    _kinds: dict[str, Place] = field(default_factory=dict)
    _mixed: bool = False
    _normalised: dict[int, tuple[int, int]] = field(default_factory=dict)

    def see(self, line: Line, judgement: Judgement) -> None:
        """Note what a line is, from what was judged about it."""
        for rule, paths in (
            (rules.ZERO_BOXES, judgement.zero_boxes),
            (rules.TEXT_VALUE, judgement.text_values),
            (rules.UNKNOWN_ATTRIBUTES, judgement.unknown),
        ):
            if paths:
                self._count(rule, partial(line.locate, paths[0]), len(paths), name=str(paths[0][-1]))
        if judgement.images:
            self._kind(_IMAGES, _BOXES, line)
        if judgement.boxed:
            self._kind(_BOXES, _IMAGES, line)

    def see_key(self, key: str, line: Line) -> None:
        """Note a key that is not what it seems."""
        if "%" in key and _PERCENT.search(key):
            self._count(rules.PERCENT_KEY, partial(line.locate, (SOURCE_REF,)))
        if not key.isascii():
            self._alike(key, line)

    def report(self, collector: Collector) -> None:
        """Turn what was noted into findings."""
        for rule, counted in self._counted.items():
            words = {
                name: plural if counted.count > 1 else single
                for name, (single, plural) in _PLURALS.get(rule, {}).items()
            }
            details = counted.details | words
            collector.report(rule, partial(_same, counted.place), count=counted.count, **details)

    def _count(self, rule: Rule, locate: Callable[[], Place], count: int = 1, **details: object) -> None:
        counted = self._counted.get(rule)
        if counted is None:
            counted = self._counted[rule] = _Counted(locate(), details)
        counted.count += count

    def _kind(self, kind: str, other: str, line: Line) -> None:
        self._kinds.setdefault(kind, line.place)
        if not self._mixed and other in self._kinds:
            self._mixed = True
            self._count(rules.MIXED_KINDS, lambda: line.place, first=self._kinds[other])

    def _alike(self, key: str, line: Line) -> None:
        """Two keys of one normal form: remembered as numbers, for the text of 250,000 keys would be much."""
        form, written = hash(unicodedata.normalize("NFC", key)), hash(key)
        first = self._normalised.setdefault(form, (written, line.place.line))
        if first[0] != written:
            place = Place(line.place.file, first[1])
            self._count(rules.KEYS_ALIKE, partial(line.locate, (SOURCE_REF,)), first=place)


def _same(place: Place) -> Place:
    return place
