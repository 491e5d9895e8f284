"""Faults, colleagues and kills in any order: what is said is so, and a quiet run makes live as desired.

The manifest is read through the cache, and copies of live take the place of listings, except in runs that ask for a
full one. A plan made with a copy is compared with the plan that a listing of the same moment gives.

A failure prints the steps with the fault plan, its seed and the call at which the run was killed; the same steps replay
it, because the emulator's clock does not move and every chance is drawn from the seed.
"""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from itertools import count
from shutil import copytree, rmtree
from sqlite3 import OperationalError
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from msgspec.structs import replace

from reconciler.apply import look_at
from reconciler.changes import Action
from reconciler.entries import entry_of
from reconciler.errors import ReconcilerError, Refused
from reconciler.ledger import Ledger, SendQueue, fill_live
from reconciler.model import Observation
from reconciler.plan import plan as planned
from reconciler.policy import Destroy, Extra, Policy
from reconciler.snapshots import live_copies
from tests.reliability.dying import Death, Killed, mortal_gateway
from tests.reliability.matrix import OPERATIONS, VARIANTS, faults_of
from tests.reliability.record import write
from tests.reliability.trial import COLLEAGUES, KEY, as_desired, plan_text
from tests.support.desk import Desk, KeptLines, Ran
from tests.support.filling import desired_entry
from tests.support.lines import Document, labelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from reconciler.model import Change, Entry
    from reconciler.plan import Plan
    from reconciler.snapshots.snapshot import Snapshot
    from rekognition_emulator import Emulator

DELETES = ("DeleteDataset", "UpdateDatasetEntries")
pytestmark = pytest.mark.usefixtures("_small")
KEYS = [KEY.format(number) for number in range(1, 10)]
LABELS = ["a", "b", "c"]
_numbers = count()


def _rules() -> st.SearchStrategy[dict[str, Any]]:
    """One rule of a fault plan."""
    kinds = [
        (name, operation)
        for operation in OPERATIONS
        for name in faults_of(operation)
        if "for good" not in name and "kill" not in name
    ]
    when = st.integers(1, 8).map(lambda call: {"on": call}) | st.builds(
        lambda chance, times: {"chance": chance, "times": times}, st.sampled_from([0.1, 0.3, 0.6]), st.integers(1, 5)
    )
    return st.builds(_rule, st.sampled_from(kinds), when)


def _rule(kind: tuple[str, str], when: dict[str, Any]) -> dict[str, Any]:
    name, operation = kind
    return (VARIANTS.get(name) or {"fault": "error", "error": name}) | {"operation": operation} | when


def _plans() -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(_rules(), max_size=3).filter(_can_be_known)


def _can_be_known(rules: list[dict[str, Any]]) -> bool:
    """A stale listing hides what a colleague did at the same time, and nothing in the API tells."""
    kinds = {rule["fault"] for rule in rules}
    return not (kinds & COLLEAGUES and kinds & {"stale-listing"})


def _disks() -> st.SearchStrategy[int | None]:
    """After how many writes the disk is full: of copies, and of the temporary database; None: never."""
    return st.none() | st.integers(0, 3)


@contextmanager
def _full_disk(after: int | None) -> Iterator[None]:
    """A block in which the disk is full after some writes."""
    left, keep, confirm = [after if after is not None else 10**6], KeptLines.keep, SendQueue.confirm
    copy = live_copies._written

    def write(error: Exception) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise error

    def kept(self: KeptLines, arn: str, lines: Iterable[str], sent: Iterable[str] | None = None) -> Snapshot:
        write(ReconcilerError("no snapshot could be written: No space left on device"))
        return keep(self, arn, lines, sent)

    def confirmed(self: SendQueue, changes: Iterable[Change]) -> None:
        write(OperationalError("database or disk is full"))
        confirm(self, changes)

    def copied(*copied: Any) -> str:  # noqa: ANN401 - handed on
        write(OSError(28, "No space left on device"))
        return copy(*copied)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_copies, "_written", copied)
        patch.setattr(KeptLines, "keep", kept)
        patch.setattr(SendQueue, "confirm", confirmed)
        yield


class Witness:
    """Looks at every call that deletes or overwrites, before the service does: what it destroys must be kept already.

    A line is compared by what it means, because the service may rewrite the rest.
    """

    def __init__(self, emulator: Emulator, desk: Desk) -> None:
        self.emulator, self.desk = emulator, desk
        self.seen: list[tuple[int, str, set[tuple[str, bytes]]]] = []

    @contextmanager
    def watching(self) -> Iterator[None]:
        """A block in which the calls are those of the program."""
        self.emulator.front_end.before_work.append(self._look)
        try:
            yield
        finally:
            self.emulator.front_end.before_work.remove(self._look)

    def lost(self, rules: Iterable[dict[str, Any]] = ()) -> list[str]:
        """What was destroyed without a copy by calls that the service accepted and that no colleague came before.

        A colleague also comes before a call where the rules let one edit after the call before it, the program's last
        look: the service has no update that depends on what is live, so nobody can know.
        """
        late = any(rule["fault"] in COLLEAGUES and rule.get("at") == "after" for rule in rules)
        found: list[str] = []
        for number, operation, lines in self.seen:
            call = self.emulator.calls[number]
            fired = [*call.faults, *(self.emulator.calls[number - 1].faults if late else ())]
            came = {name.rpartition(":")[2] for name in fired}  # the journal has the number of the rule before it
            if lines and not call.error and not COLLEAGUES & came:
                found.append(f"{operation} destroyed {len(lines)} lines that no copy has")
        self.seen.clear()
        return found

    def _look(self, operation: str, request: dict[str, Any], _caller: object) -> None:
        if operation in DELETES:
            lines = self._destroyed(operation, request) - self._copies()
            self.seen.append((len(self.emulator.calls), operation, lines))

    def _destroyed(self, operation: str, request: dict[str, Any]) -> set[tuple[str, bytes]]:
        """What the lines mean that the call would destroy: all, or the labelled ones that it replaces by others."""
        live = {entry.key: entry_of(json.loads(entry.line)) for entry in self.emulator.entries(request["DatasetArn"])}
        if operation == "DeleteDataset":
            return {_version(entry) for entry in live.values()}
        sent = [entry_of(json.loads(line)) for line in request["Changes"]["GroundTruth"].splitlines() if line]
        replaced = ((live[entry.key], entry) for entry in sent if entry.key in live)
        return {_version(before) for before, after in replaced if before.labelled and before.meaning != after.meaning}

    def _copies(self) -> set[tuple[str, bytes]]:
        """What the lines mean of which there is a copy."""
        keeper = self.desk.keeper
        assert isinstance(keeper, KeptLines)
        lines = [line for snapshot in keeper.kept for line in snapshot]
        lines += [live for copy in keeper.overwritten for live, _sent in copy]
        return {_version(entry_of(json.loads(line))) for line in lines}


def _version(entry: Entry) -> tuple[str, bytes]:
    """Which entry, and what its line means."""
    return entry.key, entry.meaning


def _deaths() -> st.SearchStrategy[Death | None]:
    return st.none() | st.builds(Death, st.integers(1, 30), st.booleans())


class Disturbed(RuleBasedStateMachine):
    """A manifest, a dataset, people, a service that fails, and a program that is killed."""

    emulator: Emulator
    folder: Path
    taken = 0  # how often a copy took the place of a listing

    @initialize(existing=st.booleans(), extra=st.sampled_from(Extra))
    def begin(self, existing: bool, extra: Extra) -> None:  # noqa: FBT001 - drawn
        """A project, with a dataset or without."""
        self.emulator.load_faults("")
        name = f"m{next(_numbers)}"
        self.own = own = self.folder / name
        own.mkdir()
        self.desk = Desk(self.emulator, name, policy=Policy(extra=extra), folder=own, planned=self.compare)
        self.is_hidden = False  # whether an edit may be live that left LastUpdatedTimestamp as it was
        self.witness = Witness(self.emulator, self.desk)
        self.manifest: dict[str, Document] = {}
        self.is_deleted = False
        if existing:
            self.desk.create()
        self.emulator.clock.advance(5)

    @rule(keys=st.lists(st.sampled_from(KEYS), min_size=1, unique=True), label=st.sampled_from(LABELS))
    def write_into_the_manifest(self, keys: list[str], label: str) -> None:
        """New entries or new versions."""
        self.manifest |= {key: labelled(key, label) for key in keys}

    @precondition(lambda self: self.manifest)
    @rule(data=st.data())
    def remove_from_the_manifest(self, data: Any) -> None:  # noqa: ANN401 - hypothesis' own type
        """The entry may stay live."""
        del self.manifest[data.draw(st.sampled_from(sorted(self.manifest)))]

    @precondition(lambda self: self.desk.arn)
    @rule(key=st.sampled_from(KEYS), label=st.sampled_from(LABELS))
    def edit_live(self, key: str, label: str) -> None:
        """A colleague labels in the console."""
        self.desk.edit(labelled(key, label))

    @precondition(lambda self: self.desk.arn)
    @rule()
    def delete_the_dataset(self) -> None:
        """A colleague begins to delete it, unless the service rejects that."""
        try:
            self.desk.gateway.delete_dataset(self.desk.arn)
        except ReconcilerError:
            return
        self.is_deleted = True

    @rule(keys=st.lists(st.sampled_from(KEYS), min_size=1, unique=True), label=st.sampled_from(LABELS))
    def apply_a_twin(self, keys: list[str], label: str) -> None:
        """A different program declares the same dataset, and its apply overwrites what this one sent."""
        self.show()
        try:
            with self.witness.watching():
                self.desk.run(*(labelled(key, label) for key in keys))
        except ReconcilerError:
            pass  # such as a project in the middle of a deletion
        assert not self.witness.lost()

    @rule(policy=st.sampled_from(Destroy), rules=_plans(), seed=st.integers(0, 99), death=_deaths(), full=_disks())
    def destroy(
        self, policy: Destroy, rules: list[dict[str, Any]], seed: int, death: Death | None, full: int | None
    ) -> None:
        """A destroy in bad times deletes nothing without a copy; under `refuse` it deletes only what is empty."""
        note(f"fault plan:\n{plan_text(*rules)}seed: {seed}\nkilled: {death}\ndisk full after: {full}")
        self.show()
        recorded = self.desk.told[-1].dataset_arn if self.desk.told else ""
        applied = self.desk.policy
        self.emulator.front_end.faults.load(plan_text(*rules), seed)
        self.desk.gateway = mortal_gateway(self.desk, death)
        self.desk.policy = replace(applied, destroy=policy)
        try:
            with _full_disk(full), self.witness.watching():
                self.desk.destroy(recorded)
        except (Killed, ReconcilerError):
            pass
        self.emulator.load_faults("")
        self.desk.gateway, self.desk.policy = mortal_gateway(self.desk, None), applied
        assert not self.witness.lost(rules)

    @rule(seconds=st.sampled_from([1, 20, 86_400]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.emulator.clock.advance(seconds)

    @rule()
    def preview(self) -> None:
        """A run that only looks leaves what it listed for the next one."""
        with suppress(ReconcilerError):
            self.desk.preview(*self.manifest.values())

    @rule(how=st.sampled_from(["lose", "keep", "restore"]))
    def treat_the_folder(self, how: str) -> None:
        """The copies are lost, or those of an earlier day are there again."""
        place, kept = self.own / ".reconciler", self.own / "kept"
        if how == "keep" and place.exists():
            rmtree(kept, ignore_errors=True)
            copytree(place, kept)
        elif how == "lose" or (how == "restore" and kept.exists()):
            rmtree(place, ignore_errors=True)
            if how == "restore":
                copytree(kept, place)

    @rule(rules=_plans(), seed=st.integers(0, 99), death=_deaths(), full=_disks(), lists=st.booleans())
    def apply(
        self,
        rules: list[dict[str, Any]],
        seed: int,
        death: Death | None,
        full: int | None,
        lists: bool,  # noqa: FBT001 - drawn
    ) -> None:
        """An apply in bad times tells the truth, if it lives to tell, and destroys nothing without a copy."""
        note(f"fault plan:\n{plan_text(*rules)}seed: {seed}\nkilled: {death}\ndisk full after: {full}")
        self.show()
        self.desk.full = lists
        before, live = self.emulator.count_calls(), self.owed()
        self.emulator.front_end.faults.load(plan_text(*rules), seed)
        self.desk.gateway = mortal_gateway(self.desk, death)
        try:
            with _full_disk(full):
                ran = self.run()
        except Killed:
            ran = None
        self.desk.gateway, self.desk.full = mortal_gateway(self.desk, None), False  # what follows looks at live itself
        assert not self.witness.lost(rules)
        made = self.emulator.calls[before:]
        self.emulator.load_faults("")
        self.is_hidden = any(rule["fault"] == "still-timestamp" for rule in rules)
        if not {rule["fault"] for rule in rules} & (COLLEAGUES | {"stale-listing"}):
            self.lost_nothing(live)
        last_word_was_theirs = bool(made and made[-1].faults)
        if isinstance(ran, Ran) and not last_word_was_theirs:
            self.is_true(ran)
        assert not isinstance(ran, ReconcilerError) or str(ran)

    @rule()
    def apply_in_peace(self) -> None:
        """Whatever came before: live is as desired, nothing is lost, and a second run sends nothing."""
        self.show()
        live, before = self.owed(), self.desk.live().keys()
        ran = self.run()
        self.lost_nothing(live)
        self.is_deleted = False
        if isinstance(ran, Refused):
            assert self.desk.policy.extra is Extra.FAIL
            assert before - self.manifest.keys()
            return
        assert isinstance(ran, Ran), f"{type(ran).__name__}: {ran}"
        assert not self.witness.lost()
        assert ran.outcome.error is None, str(ran.outcome.error)
        assert not self.wrong()
        if ran.plan.action in {Action.UPDATE, Action.NOTHING}:
            assert self.desk.live().keys() >= before, "entries of others are lost"
        again = self.run()
        assert isinstance(again, Ran)
        assert again.plan.action is Action.NOTHING
        assert not again.calls["UpdateDatasetEntries"]

    def teardown(self) -> None:
        """Every story ends in peace."""
        if hasattr(self, "desk"):
            self.emulator.load_faults("")
            self.apply_in_peace()

    def compare(self, lines: tuple[Document, ...], plan: Plan, seen: Observation) -> None:
        """A plan made with a copy is the plan that a full listing gives, unless nobody could know of an edit."""
        if plan.counted is None or not plan.counted.copied or self.is_hidden:
            return
        with Ledger() as full:
            for number, line in enumerate(lines, start=1):
                full.accept(desired_entry(line, number))
            fill_live(full, (entry.line for entry in self.emulator.entries(seen.arn or "")))
            again = planned(full, plan.request, exists=True, updated=plan.updated, counted=plan.counted)
            assert (again.id, again.live) == (plan.id, plan.live)
        type(self).taken += 1

    def show(self) -> None:
        """Let so much time pass that an edit which left LastUpdatedTimestamp as it was is found."""
        if self.is_hidden:
            self.emulator.clock.advance(self.desk.policy.full_read + 1)
            self.is_hidden = False

    def run(self) -> Ran | ReconcilerError:
        """The whole loop once."""
        try:
            with self.witness.watching():
                return self.desk.run(*self.manifest.values())
        except ReconcilerError as error:
            return error

    def owed(self) -> dict[str, Document]:
        """What is live, unless a colleague's deletion of it is running."""
        seen = look_at(self.desk.context(), arn) if (arn := self.desk.arn) else Observation()
        return {} if seen.is_being_deleted else self.desk.live()

    def lost_nothing(self, before: dict[str, Document]) -> None:
        """Every labelled line that was live before an apply is live as it was, in a snapshot, or kept otherwise."""
        keeper = self.desk.keeper
        assert isinstance(keeper, KeptLines)
        kept = [line for lines in keeper.kept for line in lines]
        kept += [line for lines in keeper.overwritten for line, _sent in lines]
        known = {entry_of(json.loads(line)).content for line in kept}
        known |= {entry_of(line).content for line in self.desk.live().values()}
        entries = map(entry_of, before.values())
        lost = [entry.key for entry in entries if entry.labelled and entry.content not in known]
        assert self.is_deleted or not lost  # what a colleague deletes nobody keeps

    def is_true(self, ran: Ran) -> None:
        """What the run said of itself."""
        outcome, live = ran.outcome, self.desk.live()
        if outcome.error is None:
            assert not self.wrong(), "it says that all is well"
            assert outcome.live is None or outcome.live.entries == len(live)
        else:
            assert str(outcome.error)
        if outcome.live is not None:
            unlabelled = sum(not entry_of(line).labelled for key, line in live.items() if key not in self.manifest)
            right = sum(as_desired(line, live) for line in self.manifest.values()) + unlabelled
            assert outcome.sent <= right + outcome.rejected_total

    def wrong(self) -> list[str]:
        """Keys that are not live as desired."""
        live = self.desk.live()
        wrong = [key for key, line in self.manifest.items() if not as_desired(line, live)]
        if self.desk.policy.extra is Extra.REPLACE:
            wrong += live.keys() - self.manifest.keys()
        if self.desk.policy.extra is Extra.UNLABEL:
            wrong += [key for key in live.keys() - self.manifest.keys() if entry_of(live[key]).labelled]
        return wrong


def _run(emulator: Emulator, folder: Path, examples: int, *, derandomize: bool) -> int:
    """So many stories; how many applies there were."""

    class OnThisEmulator(Disturbed):
        pass

    OnThisEmulator.emulator, OnThisEmulator.folder = emulator, folder
    run_state_machine_as_test(
        OnThisEmulator,
        settings=settings(
            max_examples=examples, stateful_step_count=10, deadline=None, derandomize=derandomize, database=None
        ),
    )
    assert OnThisEmulator.taken  # else the copies are not tried
    return emulator.count_calls()


def test_after_faults_colleagues_and_kills_a_quiet_run_makes_live_as_desired(
    emulator: Emulator, tmp_path: Path
) -> None:
    """A quiet run makes live as desired after each of fifty stories, the same in every run."""
    assert _run(emulator, tmp_path, 50, derandomize=True)


@pytest.mark.slow
def test_the_same_for_a_thousand_stories_that_differ_from_run_to_run(emulator: Emulator, tmp_path: Path) -> None:
    """A quiet run makes live as desired after each of a thousand random stories."""
    calls = _run(emulator, tmp_path, 1000, derandomize=False)
    write("machine", {"stories": 1000, "calls": calls})
