"""One dataset of a project on a real emulator, and the whole loop over it: observe, plan, apply, read back."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from msgspec.structs import replace

from reconciler.apply import Context, Outcome, Target, apply, destroy, observe, plan_against_live
from reconciler.apply.outcome import Failure
from reconciler.aws.objects import Objects
from reconciler.errors import Interrupted
from reconciler.guards import OFF
from reconciler.ledger import Ledger
from reconciler.model import DatasetDeclaration, DatasetType, Observation, Progress, ProjectDeclaration
from reconciler.plan import Plan, Sibling
from reconciler.policy import Policy, Threshold
from reconciler.run import DatasetRun
from reconciler.shell.base import left_by
from reconciler.shell.desired import read_once
from reconciler.snapshots.listings import Listings
from reconciler.snapshots.live_copies import LiveCopies
from reconciler.snapshots.places import Keeper
from reconciler.snapshots.snapshot import OVERWRITTEN, Snapshot
from rekognition_emulator import Emulator
from tests.support.aws_doubles import FakeClock, gateway_at
from tests.support.filling import desired_entry
from tests.support.lines import Document


@dataclass(frozen=True)
class Ran:
    """One run: the plan, the outcome, and the calls it made by operation."""

    plan: Plan
    outcome: Outcome
    calls: Counter[str]


def kind_of(failure: Failure | None) -> str:
    """The name of the error's class; empty for none."""
    return failure.kind if failure else ""


@dataclass
class KeptLines:
    """A keeper that keeps in memory.

    `kept` has the lines of every snapshot, `overwritten` the lines that each apply overwrote, with what it sent,
    `stored` what the service made of those.
    """

    kept: list[list[str]] = field(default_factory=list)
    overwritten: list[list[tuple[str, str]]] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)

    def refusal(self) -> str:
        """Nothing."""
        return ""

    def keep(self, dataset_arn: str, lines: Iterable[str], sent: Iterable[str] | None = None) -> Snapshot:
        """Take all lines."""
        del dataset_arn
        if sent is not None:
            self.overwritten.append(list(zip(lines, sent, strict=True)))
            return Snapshot(f"overwritten {len(self.overwritten)}", len(self.overwritten[-1]), OVERWRITTEN)
        self.kept.append(list(lines))
        return Snapshot(f"snapshot {len(self.kept)}", len(self.kept[-1]))

    def keep_stored(self, where: str, lines: Iterable[str]) -> None:
        """Take what is stored in another form."""
        del where
        self.stored.extend(lines)


def _no_objects() -> Objects:
    raise AssertionError("the copies are in a folder")


@dataclass
class Desk:
    """A project with (perhaps) a TRAIN dataset.

    Guards are off unless a test is about them: whatever happens to a dataset of ten images is much of it. `allow` gives
    reasons for going on, `test_keys` is what the test manifest has. With a `folder`, the manifest is read through a
    cache there, copies of live are kept there and taken where the probe proves them, unless `full`; their clock is the
    emulator's. `planned` is told every first plan of a run before it is applied.
    """

    emulator: Emulator
    name: str = "p"
    policy: Policy = field(default_factory=Policy)
    settled: frozenset[str] = frozenset()
    stop: Callable[[], Interrupted | None] = lambda: None
    keeper: Keeper = field(default_factory=KeptLines)
    guards: Mapping[str, Threshold] = field(default_factory=lambda: OFF)
    allow: dict[str, str] = field(default_factory=dict)
    test_keys: set[str] = field(default_factory=set)
    folder: Path | None = None
    full: bool = False
    planned: Callable[[tuple[Document, ...], Plan, Observation], None] = lambda _desired, _plan, _seen: None

    def __post_init__(self) -> None:
        project = self.emulator.service.call("CreateProject", {"ProjectName": self.name})["ProjectArn"]
        self.target = Target(project, DatasetType.TRAIN)
        self.clock = FakeClock(self.emulator.clock.advance)
        self.gateway = gateway_at(self.emulator.url, self.clock)
        self.progress: list[Progress] = []
        self.remark = ""
        self.told: list[Outcome] = []

    def context(self) -> Context:
        """What an apply needs, under the present policy."""
        chance = Random(0)  # noqa: S311 - repeatable
        return Context(
            self.gateway,
            self.clock,
            chance,
            replace(self.policy, guards=self.guards),
            report=self.note,
            stop=self.stop,
            keeper=self.keeper,
            so_far=self.told.append,
            allow=self.allow,
            sibling=Sibling("test.jsonl", lambda: [(key, True) for key in self.test_keys]),
            listings=Listings(self.copies, self.policy, self.full, self.time),
        ).patient()

    @property
    def copies(self) -> LiveCopies | None:
        """The copies of live in the folder."""
        if self.folder is None:
            return None
        copies = LiveCopies.at(None, self.folder / ".reconciler", _no_objects, lambda _text: None)
        return replace(copies, now=self.time)

    def time(self) -> datetime:
        """The time at the emulator."""
        return datetime.fromtimestamp(self.emulator.clock.now(), UTC)

    def note(self, progress: Progress) -> None:
        """Write progress down."""
        self.progress.append(progress)

    def run(self, *desired: Document) -> Ran:
        """The whole loop once, with the manifest's bucket taken from its first line.

        Raises:
            ReconcilerError: as the loop does.
        """
        before = Counter(call.operation for call in self.emulator.calls)
        context = self.context()
        with Ledger() as ledger:
            seen, plan = self._planned(context, ledger, desired)
            outcome = apply(context, ledger, plan, seen, self.target)
            self._leave(ledger, plan, outcome)
        calls = Counter(call.operation for call in self.emulator.calls)
        calls.subtract(before)
        return Ran(plan, outcome, +calls)

    def preview(self, *desired: Document) -> Plan:
        """The plan, as `run` makes it.

        Raises:
            ReconcilerError: as the loop does.
        """
        with Ledger() as ledger:
            return self._planned(self.context(), ledger, desired)[1]

    def _planned(self, context: Context, ledger: Ledger, desired: tuple[Document, ...]) -> tuple[Observation, Plan]:
        self._read(ledger, desired)
        seen = observe(context, self.target)
        bucket = desired[0]["source-ref"].split("/")[2] if desired else None
        plan = plan_against_live(context, ledger, seen, self.target, bucket=bucket, settled=self.settled)
        self.planned(desired, plan, seen)
        return seen, plan

    def _read(self, ledger: Ledger, desired: tuple[Document, ...]) -> None:
        if self.folder:
            self._declared.manifest.write_text("".join(f"{json.dumps(document)}\n" for document in desired))
            read_once(self._declared, None, ledger, self.folder)
            return
        for number, document in enumerate(desired, start=1):
            ledger.accept(desired_entry(document, number))

    def _leave(self, ledger: Ledger, plan: Plan, outcome: Outcome) -> None:
        """The copy of live that an apply leaves."""
        if self.copies:
            project = ProjectDeclaration(self.folder or Path(), "", self.name, False, None, ())  # noqa: FBT003 - managed
            run = DatasetRun(project, self._declared, ledger, plan=plan)
            left_by(
                self.copies, run, outcome, (project.folder / "project.yaml",), None
            )  # no such file: git is not asked

    @property
    def _declared(self) -> DatasetDeclaration:
        manifest = (self.folder or Path()) / "train.jsonl"
        return DatasetDeclaration(DatasetType.TRAIN, manifest, "train.jsonl", self.policy)

    def destroy(self, recorded: str) -> tuple[str, ...]:
        """Delete the dataset that a state records; gives the places of the snapshots."""
        kept: list[str] = []
        self.remark = destroy(self.context(), self.target, recorded, kept.append)
        return tuple(kept)

    @property
    def arn(self) -> str:
        """The dataset's ARN, empty when there is none."""
        project = self.gateway.project(self.target.project_arn)
        return project.datasets.get(DatasetType.TRAIN, "") if project else ""

    def create(self, *lines: Document) -> str:
        """A dataset made by somebody else, with these entries."""
        arn = self.gateway.create_dataset(self.target.project_arn, DatasetType.TRAIN)
        self.emulator.service.call("DescribeDataset", {"DatasetArn": arn})  # settles it
        self.edit(*lines)
        return arn

    def edit(self, *lines: Document) -> None:
        """Upsert entries behind the reconciler's back."""
        if lines:
            self.emulator.edit_entries(self.arn, [json.dumps(line) for line in lines])

    def remove(self, keys: Iterable[str]) -> None:
        """Take entries away behind the reconciler's back."""
        self.emulator.remove_entries(self.arn, keys)

    def live(self) -> dict[str, Document]:
        """The entries as they are listed, by key; empty without a dataset."""
        arn = self.arn
        return {entry.key: json.loads(entry.line) for entry in self.emulator.entries(arn)} if arn else {}

    def bodies(self) -> list[bytes]:
        """What was sent by UpdateDatasetEntries, request by request."""
        updates = [call for call in self.emulator.calls if call.operation == "UpdateDatasetEntries"]
        return [call.request["Changes"]["GroundTruth"] for call in updates]

    def fault(self, text: str) -> None:
        """Let the emulator misbehave; the text is one rule of a fault plan."""
        self.emulator.load_faults(f"faults: [{{{text}}}]" if text else "faults: []")
