"""Where labels come from: jobs, people or machines, confidence; and differences in ignored fields."""

from collections import Counter
from collections.abc import Iterable, Iterator
from math import inf
from typing import Final, Self

from msgspec import Struct, field

from reconciler.analysis.fields import document_of, slots_of
from reconciler.analysis.results import IgnoredField, JobCount, MachineLabels, Provenance, ProvenanceSide
from reconciler.entries import METADATA, Attribute
from reconciler.entries.meaning import Document
from reconciler.ledger import DESIRED, LIVE, LIVE_ONLY, MANIFEST, Ledger
from reconciler.model import Origin
from reconciler.policy import Leftover

JOBS_SHOWN: Final = 20
_EXAMPLES: Final = 3
# How many job names are counted, so that a manifest with another one in every line costs no memory.
_JOBS_COUNTED: Final = 10_000
_LABELS: Final = frozenset({"objects", "class-map", "class-name", "type"})


class _Count(Struct):
    """The figures of one side so far."""

    human: int = 0
    machine: int = 0
    unsaid: int = 0
    lowest: float = inf
    highest: float = -inf
    machine_lowest: float = inf
    jobs: Counter[str] = field(default_factory=Counter)

    def see(self, origins: Iterable[tuple[Origin, int]]) -> Self:
        """Count origins, each with how many entries have it."""
        for origin, many in origins:
            self.human += many * ("yes" in origin.said)
            self.machine += many * ("no" in origin.said)
            self.unsaid += many * ("yes" not in origin.said and "no" not in origin.said)
            self.lowest = min(self.lowest, _or(origin.lowest, inf))
            self.highest = max(self.highest, _or(origin.highest, -inf))
            self.machine_lowest = min(self.machine_lowest, _or(origin.machine_lowest, inf))
            for job in origin.jobs:
                if job in self.jobs or len(self.jobs) < _JOBS_COUNTED:
                    self.jobs[job] += many
        return self

    def side(self) -> ProvenanceSide:
        return ProvenanceSide(
            human=self.human,
            machine=self.machine,
            unsaid=self.unsaid,
            confidence_lowest=self.lowest if self.lowest <= self.highest else None,
            confidence_highest=self.highest if self.lowest <= self.highest else None,
        )


def provenance_of(ledger: Ledger, leftover: Leftover, *, strict: bool) -> tuple[Provenance, MachineLabels]:
    """The figures of live as it is, and as it will be; `strict`: every difference is sent.

    Only lines that mean the same and are not the same are parsed.
    """
    before, after = _Count().see(ledger.origins(LIVE)), _Count().see(ledger.origins(MANIFEST))
    if leftover is Leftover.STAYS:
        after.see(ledger.origins(LIVE_ONLY))
    verified = unsent = 0
    examples: list[str] = []
    for key, live, desired, is_ignored in ledger.other_origins():
        if _is_verified(live, desired):
            verified += 1
            unsent += is_ignored
            examples += [key] if verified <= _EXAMPLES else []
    ignored, fields = 0, Counter[str]()
    for live, desired, line, other in ledger.ignored_lines():
        if not _is_verified(live, desired):
            ignored += 1
            fields.update(ignored_fields(document_of(line), document_of(other)))
    machine = MachineLabels(
        before=before.machine,
        after=after.machine,
        lowest_before=_known(before.machine_lowest),
        lowest_after=_known(after.machine_lowest),
        verified=verified,
        unsent=0 if strict else unsent,
        examples=tuple(examples),
    )
    return _provenance(before, after, fields, ignored), machine


def _is_verified(live: Origin | None, desired: Origin | None) -> bool:
    """Whether a machine labelled an entry before, and people alone after."""
    return live is not None and desired is not None and "no" in live.said and desired.said == ("yes",)


def _provenance(before: _Count, after: _Count, ignored: Counter[str], entries: int) -> Provenance:
    old, new = before.jobs, after.jobs
    names = sorted(old | new, key=lambda name: (-new[name], -old[name], name))
    fields = sorted(ignored.items(), key=lambda counted: (-counted[1], counted[0]))
    return Provenance(
        before=before.side(),
        after=after.side(),
        jobs=tuple(JobCount(value=name, before=old[name], after=new[name]) for name in names[:JOBS_SHOWN]),
        other_jobs=len(names[JOBS_SHOWN:]),
        ignored=tuple(IgnoredField(field=name, entries=many) for name, many in fields),
        ignored_entries=entries,
    )


def machine_labels(ledger: Ledger) -> MachineLabels:
    """The entries that a machine labelled in a manifest that is compared with nothing."""
    count = _Count().see(ledger.origins(DESIRED))
    return MachineLabels(after=count.machine, lowest_after=_known(count.machine_lowest))


def _known(lowest: float) -> float | None:
    return lowest if lowest < inf else None


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def ignored_fields(before: Document, after: Document) -> set[str]:
    """The fields in which two lines differ that mean the same: metadata by name, the rest by kind."""
    slots, others = slots_of(before), slots_of(after)
    found = set[str]()
    for slot, attribute in slots.items():
        if slot in others:
            found.update(_differing(attribute, others[slot]))
    if slots.keys() != others.keys():
        found.add("attributes")
    names = {attribute.name for side in (slots, others) for attribute in side.values()}
    known = names | {name + METADATA for name in names}
    if any(before.get(name) != after.get(name) for name in (before.keys() | after.keys()) - known):
        found.add("other attributes")
    return found or {"other"}


def _differing(one: Attribute, other: Attribute) -> Iterator[str]:
    if one.name != other.name:
        yield "attribute name"
    for name in (one.metadata.keys() | other.metadata.keys()) - _LABELS:
        if one.metadata.get(name) != other.metadata.get(name):
            yield name
    if one.metadata.get("objects") != other.metadata.get("objects"):
        yield "confidence"
    if one.metadata.get("class-map") != other.metadata.get("class-map"):
        yield "class ids"
    elif one.value != other.value:
        yield "value"
