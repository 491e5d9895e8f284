"""Where labels come from: jobs, people or machines, confidence; and differences in ignored fields."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Final

from reconciler.analysis.fields import confidences, document_of, slots_of
from reconciler.analysis.results import IgnoredField, JobCount, MachineLabels, Provenance, ProvenanceSide
from reconciler.analysis.sides import Pair
from reconciler.entries import METADATA, SOURCE_REF, Attribute, attributes
from reconciler.entries.meaning import Document

JOBS_SHOWN: Final = 20
_EXAMPLES: Final = 3
# How many job names are counted, so that a manifest with another one in every line costs no memory.
_JOBS_COUNTED: Final = 10_000
_LABELS: Final = frozenset({"objects", "class-map", "class-name", "type"})


@dataclass(slots=True)
class _Count:
    """The figures of one side so far."""

    human: int = 0
    machine: int = 0
    unsaid: int = 0
    lowest: float = inf
    highest: float = -inf
    machine_lowest: float = inf
    jobs: Counter[str] = field(default_factory=Counter)

    def see(self, document: Document) -> set[str]:
        """Count an entry; what its attributes say of who labelled it."""
        known = list(attributes(document))
        if not known:
            return set()
        said = {word for attribute in known if isinstance(word := attribute.metadata.get("human-annotated"), str)}
        self.human += "yes" in said
        self.machine += "no" in said
        self.unsaid += said.isdisjoint(("yes", "no"))
        if "no" in said:
            by_machine = [one for one in known if one.metadata.get("human-annotated") == "no"]
            stated = [value for attribute in by_machine for value in confidences(attribute)]
            self.machine_lowest = min([self.machine_lowest, *stated])
        stated = [value for attribute in known for value in confidences(attribute)]
        self.lowest, self.highest = min([self.lowest, *stated]), max([self.highest, *stated])
        for job in {name for attribute in known if isinstance(name := attribute.metadata.get("job-name"), str)}:
            if job in self.jobs or len(self.jobs) < _JOBS_COUNTED:
                self.jobs[job] += 1
        return said

    def side(self) -> ProvenanceSide:
        return ProvenanceSide(
            human=self.human,
            machine=self.machine,
            unsaid=self.unsaid,
            confidence_lowest=self.lowest if self.lowest <= self.highest else None,
            confidence_highest=self.highest if self.lowest <= self.highest else None,
        )


class ProvenanceCount:
    """Reads both sides of a dataset, pair by pair."""

    def __init__(self) -> None:
        self._before, self._after = _Count(), _Count()
        self._fields: Counter[str] = Counter()
        self._ignored = self._verified = self._unsent = 0
        self._examples: list[str] = []

    def see(self, pair: Pair) -> None:
        """Read one key."""
        before = self._before.see(pair.before.document) if pair.before is not None else set[str]()
        after = self._after.see(pair.after.document) if pair.after is not None else set[str]()
        if pair.after is not None and "no" in before and after == {"yes"}:
            self._verified += 1
            self._unsent += pair.ignored
            self._examples += [str(pair.after.document[SOURCE_REF])] if len(self._examples) < _EXAMPLES else []
        elif pair.ignored and pair.before is not None and pair.after is not None:
            self._ignored += 1
            self._fields.update(ignored_fields(pair.before.document, pair.after.document))

    def machine(self, *, strict: bool) -> MachineLabels:
        """The entries of all pairs seen that a machine labelled; `strict`: every difference is sent."""
        return MachineLabels(
            before=self._before.machine,
            after=self._after.machine,
            lowest_before=_known(self._before.machine_lowest),
            lowest_after=_known(self._after.machine_lowest),
            verified=self._verified,
            unsent=0 if strict else self._unsent,
            examples=tuple(self._examples),
        )

    def provenance(self) -> Provenance:
        """The figures of all pairs seen."""
        old, new = self._before.jobs, self._after.jobs
        names = sorted(old | new, key=lambda name: (-new[name], -old[name], name))
        fields = sorted(self._fields.items(), key=lambda counted: (-counted[1], counted[0]))
        return Provenance(
            before=self._before.side(),
            after=self._after.side(),
            jobs=tuple(JobCount(value=name, before=old[name], after=new[name]) for name in names[:JOBS_SHOWN]),
            other_jobs=len(names[JOBS_SHOWN:]),
            ignored=tuple(IgnoredField(field=name, entries=many) for name, many in fields),
            ignored_entries=self._ignored,
        )


def machine_labels(lines: Iterable[bytes]) -> MachineLabels:
    """The entries that a machine labelled among lines of a manifest that is compared with nothing."""
    count = _Count()
    for line in lines:
        count.see(document_of(line))
    return MachineLabels(after=count.machine, lowest_after=_known(count.machine_lowest))


def _known(lowest: float) -> float | None:
    return lowest if lowest < inf else None


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
