"""The labels of a dataset: images and boxes of each before and after, and labels that look alike.

Memory: one row per label.

Two labels look alike (perhaps one label spelled in two ways) for one of five reasons, the strongest first: equal but
for case; but for spaces, hyphens and underscores; singular and plural; letters of other alphabets or widths that look
like Latin ones; one letter more, less or different, or two neighbours exchanged. The last does not count for labels of
fewer than four letters, nor if the letter is a digit (`size 1` and `size 2` are intended).

Sources: Unicode NFKC; the look-alikes are the Cyrillic, Greek and digit rows of Unicode's confusables (UTS 39) that map
to a Latin letter. English plurals only.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations
from types import MappingProxyType
from typing import Final, Literal, Self

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.analysis.results import Balance, Counts, LabelBalance, LookAlike
from reconciler.ledger import LIVE, LIVE_ONLY, MANIFEST, LabelGroup, Ledger
from reconciler.policy import Leftover


class _Count(Struct):
    """What one side holds so far."""

    entries: int = 0
    labelled: int = 0
    empty: int = 0
    boxes: int = 0
    images_of: Counter[str] = field(default_factory=Counter)
    boxes_of: Counter[str] = field(default_factory=Counter)

    def see(self, groups: Iterable[LabelGroup]) -> Self:
        for group in groups:
            self.entries += group.entries
            self.labelled += group.labelled
            self.empty += 0 if group.labels else group.labelled
            self.boxes += group.boxes
            for label in group.labels:
                self.images_of[label] += group.entries
            for label, boxes in zip(group.labels, group.box_counts, strict=False):
                self.boxes_of[label] += boxes * group.entries
        return self

    def counts(self) -> Counts:
        return Counts(
            entries=self.entries, labelled=self.labelled, empty=self.empty, boxes=self.boxes, labels=len(self.images_of)
        )

    def share(self, label: str) -> float:
        return round(self.images_of[label] / self.labelled, 4) if self.labelled else 0.0


def balance_of(ledger: Ledger, leftover: Leftover) -> Balance:
    """The figures of live as it is, and as it will be: labels with most images after first, then by name."""
    before, manifest = (_Count().see(ledger.label_groups(rows)) for rows in (LIVE, MANIFEST))
    after = replace(manifest, images_of=manifest.images_of.copy(), boxes_of=manifest.boxes_of.copy())
    if leftover is Leftover.STAYS:
        after.see(ledger.label_groups(LIVE_ONLY))
    after.entries = manifest.entries + (0 if leftover is Leftover.GONE else ledger.left())
    old, new = before.images_of, after.images_of
    labels = sorted(old | new, key=lambda label: (-new[label], -old[label], label))
    return Balance(
        before=before.counts(),
        after=after.counts(),
        manifest=manifest.counts(),
        rows=tuple(
            LabelBalance(
                label=label,
                images_before=old[label],
                images_after=new[label],
                images_manifest=manifest.images_of[label],
                boxes_before=before.boxes_of[label],
                boxes_after=after.boxes_of[label],
                share_before=before.share(label),
                share_after=after.share(label),
            )
            for label in labels
        ),
        appeared=tuple(label for label in labels if label not in old),
        gone=tuple(label for label in labels if label not in new),
        smallest=next((label for label in reversed(labels) if new[label]), None),
    )


Why = Literal["case", "spaces", "plural", "letters", "one-letter"]

_LETTERS_LEAST: Final = 4
# How many letters are named.
_LETTERS_NAMED: Final = 3
# How many pairs are named; hundreds of them have one cause.
_PAIRS_KEPT: Final = 100
_CONFUSABLE: Final = MappingProxyType(
    str.maketrans(
        (  # Cyrillic, Greek, digits and others
            "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u051b\u051d\u044c\u0433\u043f"
            "\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425"
            "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03b1\u03b9\u03bf"
            "\u03bd\u03c1\u03c5\u03c7\u03ba"
            "01|\u0131\u2113"
        ),
        ("aeopcyxijsdhqwbrnABESIJKMHOPCTYXABEZHIKMNOPTYXaiovpuxkollil"),
    )
)


def odd_letters(first: str, second: str) -> str:
    """The letters that only one of two labels has and that are not ASCII, by their names in Unicode; empty for none."""
    odd = sorted({one for one in {*first} ^ {*second} if not one.isascii()})
    named = [f"U+{ord(one):04X} {unicodedata.name(one, 'unnamed')}" for one in odd[:_LETTERS_NAMED]]
    named += [f"{len(odd) - _LETTERS_NAMED} more"] if len(odd) > _LETTERS_NAMED else []
    return ", ".join(named)


def look_alikes(images: Mapping[str, int]) -> tuple[LookAlike, ...]:
    """The pairs among labels that look alike, by name; `images` counts the images of each label."""
    found: dict[tuple[str, str], Why] = {}
    forms: tuple[tuple[Why, Callable[[str], str]], ...] = (
        ("case", str.casefold),
        ("spaces", _unspaced),
        ("plural", _singular),
        ("letters", skeleton),
    )
    for why, form in forms:
        for pair in _sharing(images, form):
            found.setdefault(pair, why)
    for pair in _one_letter(images):
        found.setdefault(pair, "one-letter")
    return tuple(
        LookAlike(first=first, second=second, why=why, first_images=images[first], second_images=images[second])
        for (first, second), why in sorted(found.items())[:_PAIRS_KEPT]
    )


def skeleton(label: str) -> str:
    """The label as the eye reads it: Latin letters for their look-alikes, without case and invisible characters."""
    plain = unicodedata.normalize("NFKC", label).translate(_CONFUSABLE)
    visible = "".join(letter for letter in plain if unicodedata.category(letter) not in {"Cf", "Mn"})
    return visible.casefold().translate(_CONFUSABLE).replace("l", "i").replace("rn", "m").replace("vv", "w")


def _unspaced(label: str) -> str:
    return "".join(letter for letter in label.casefold() if letter not in " -_." and not letter.isspace())


def _singular(label: str) -> str:
    form = _unspaced(label)
    if form.endswith("ies") and len(form) > 4:
        return form[:-3] + "y"
    if form.endswith(("ses", "xes", "zes", "ches", "shes")):
        return form[:-2]
    return form[:-1] if form.endswith("s") and not form.endswith("ss") and len(form) > 2 else form


def _sharing(labels: Iterable[str], form: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """Pairs of labels that have one form."""
    sharing: defaultdict[str, list[str]] = defaultdict(list)
    for label in labels:
        sharing[form(label)].append(label)
    for alike in sharing.values():
        yield from combinations(sorted(alike)[: _PAIRS_KEPT // 2], 2)


def _one_letter(labels: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pairs one letter apart, by the forms that they share with one letter left out: no label is compared with all."""
    sharing: defaultdict[str, set[str]] = defaultdict(set)
    for label in labels:
        form = label.casefold()
        if len(form) >= _LETTERS_LEAST:
            sharing[form].add(label)
            for place in range(len(form)):
                sharing[form[:place] + form[place + 1 :]].add(label)
    for alike in sharing.values():
        for first, second in combinations(sorted(alike)[: _PAIRS_KEPT // 2], 2):
            if _apart_by_one(first.casefold(), second.casefold()):
                yield first, second


def _apart_by_one(one: str, other: str) -> bool:
    """Whether one letter, not a digit, was added, removed or replaced, or two neighbours changed places."""
    if len(one) > len(other):
        one, other = other, one
    start = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    end = start + 2
    if (one[start:end], one[end:]) == (other[start:end][::-1], other[end:]):
        return not any(letter.isdigit() for letter in one[start:end])
    longer = len(other) - len(one)
    same_end = one[start + (not longer) :] == other[start + 1 :]
    letters = one[start : start + (not longer)] + other[start : start + 1]
    return longer <= 1 and same_end and not any(letter.isdigit() for letter in letters)
