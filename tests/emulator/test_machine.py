"""Any sequence of calls: a stateful machine that reuses live ARNs, against a small model written from the documents.

The model shares no code with the emulator. The outcomes are counted, and the test fails when the machine did not get
far enough to prove anything (success and refusal of every operation).
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rekognition_emulator import Clock, Latency, Limits
from rekognition_emulator.errors import ServiceError
from rekognition_emulator.operations.service import Service
from rekognition_emulator.state.backend import Backend
from rekognition_emulator.state.sqlite import SqliteStore
from rekognition_emulator.state.store import MemoryStore, Store

OUTCOMES: Counter[tuple[str, str]] = Counter()
WORK = 10.0
NAMES = st.sampled_from(["a", "b", "c"])
KINDS = st.sampled_from(["TRAIN", "TEST"])
ENTRIES = st.lists(
    st.tuples(st.integers(0, 9), st.frozensets(st.sampled_from(["cat", "dog", "bird", "fish"]), max_size=3)), max_size=8
)


@dataclass
class DatasetModel:
    """What a dataset ought to be."""

    kind: str
    status: str = "CREATE_IN_PROGRESS"
    due: float | None = None
    pending: dict[str, Any] = field(default_factory=dict)
    entries: dict[str, frozenset[str]] = field(default_factory=dict)
    distributing: bool = False
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class ProjectModel:
    """What a project ought to be."""

    name: str
    tags: dict[str, str] = field(default_factory=dict)
    datasets: dict[str, DatasetModel] = field(default_factory=dict)
    gone_at: float | None = None


def line(key: str, labels: frozenset[str]) -> str:
    """A manifest line."""
    made: dict[str, Any] = {"source-ref": key}
    for label in sorted(labels):
        metadata = {"class-name": label, "confidence": 1, "human-annotated": "yes", "creation-date": "x"}
        made |= {label: 1, f"{label}-metadata": metadata | {"type": "groundtruth/image-classification"}}
    return json.dumps(made)


class Machine(RuleBasedStateMachine):
    """Calls in any order, time passing in between."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(1_700_000_000.0)
        latency = Latency(create=WORK, update=WORK, distribute=WORK, delete=WORK, delete_project=WORK)
        limits = Limits(labels=3, entries=8)
        self.service = Service(Backend(self.store(), self.clock, limits, latency=latency))
        self.projects: dict[str, ProjectModel] = {}
        self.dead: list[str] = []

    def store(self) -> Store:
        """The store to test."""
        return MemoryStore()

    def teardown(self) -> None:
        """Let go of the store."""
        self.service.backend.store.close()

    # -- the model ----------------------------------------------------------------------------------------------

    def pick(self, number: int) -> tuple[ProjectModel, str, DatasetModel] | None:
        """One of the live datasets."""
        live = [(p, arn, d) for p in self.projects.values() for arn, d in p.datasets.items()]
        return live[number % len(live)] if live else None

    def pass_time(self) -> None:
        """Do the work that is due."""
        now = self.clock.now()
        for arn, project in list(self.projects.items()):
            for dataset_arn, dataset in list(project.datasets.items()):
                if dataset.due is not None and dataset.due <= now:
                    self.finish(project, dataset_arn, dataset)
            if project.gone_at is not None and project.gone_at <= now:
                self.dead.append(arn)
                del self.projects[arn]

    def finish(self, project: ProjectModel, arn: str, dataset: DatasetModel) -> None:
        """The end of a dataset's work."""
        if dataset.distributing:
            self.finish_distribution(project)
            return
        dataset.due = None
        if dataset.status == "DELETE_IN_PROGRESS":
            self.dead.append(arn)
            del project.datasets[arn]
        elif dataset.status == "CREATE_IN_PROGRESS":
            dataset.status, dataset.entries = "CREATE_COMPLETE", dict(dataset.pending)
        else:
            after = dataset.entries | dataset.pending
            labels = frozenset[str]().union(*after.values())
            buckets = {key.split("/")[2] for key in after}
            fits = bool(dataset.pending) and len(labels) <= 3 and len(buckets) == 1 and len(after) <= 8
            dataset.status = "UPDATE_COMPLETE" if fits else "UPDATE_FAILED"
            dataset.entries = after if fits else dataset.entries

    def finish_distribution(self, project: ProjectModel) -> None:
        """Every fifth entry moves, if enough are labelled."""
        train, test = (self.of_kind(project, kind) for kind in ("TRAIN", "TEST"))
        assert train
        assert test
        enough = sum(1 for labels in train.entries.values() if labels) >= 5
        for key in list(train.entries)[4::5] if enough else []:
            test.entries[key] = train.entries.pop(key)
        for each in (train, test):
            each.due, each.distributing = None, False
            each.status = "UPDATE_COMPLETE" if enough else "UPDATE_FAILED"

    def of_kind(self, project: ProjectModel, kind: str) -> DatasetModel | None:
        """The project's dataset of a type."""
        return next((each for each in project.datasets.values() if each.kind == kind), None)

    def call(self, operation: str, request: dict[str, Any], expected: str) -> dict[str, Any]:
        """A call that has to end as expected: `ok`, or the name of an exception."""
        reply: dict[str, Any] = {}
        try:
            reply = self.service.call(operation, request)
            outcome = "ok"
        except ServiceError as error:
            outcome = error.code
        assert outcome == expected, f"{operation}({request}) was {outcome}, not {expected}"
        OUTCOMES[operation, outcome] += 1
        return reply

    # -- the rules ----------------------------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        """A project with a TRAIN dataset that is ready."""
        self.create_project("a")
        self.create_dataset(0, "TRAIN", None)
        self.wait(WORK)

    @rule(seconds=st.sampled_from([0.1, WORK - 0.1, WORK, WORK]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.clock.advance(seconds)
        self.pass_time()

    @rule()
    def wait_until_everything_rests(self) -> None:
        """All work is done."""
        self.wait(WORK)

    @rule(name=NAMES)
    def create_project(self, name: str) -> None:
        """A name can be used once at a time."""
        taken = any(project.name == name for project in self.projects.values())
        reply = self.call("CreateProject", {"ProjectName": name}, "ResourceInUseException" if taken else "ok")
        if not taken:
            assert reply["ProjectArn"] not in self.dead
            self.projects[reply["ProjectArn"]] = ProjectModel(name)

    @precondition(lambda self: self.projects)
    @rule(number=st.integers(0, 9))
    def delete_project(self, number: int) -> None:
        """Only without datasets, and once."""
        arn, project = list(self.projects.items())[number % len(self.projects)]
        busy = bool(project.datasets) or project.gone_at is not None
        self.call("DeleteProject", {"ProjectArn": arn}, "ResourceInUseException" if busy else "ok")
        if not busy:
            project.gone_at = self.clock.now() + WORK

    @precondition(lambda self: self.projects)
    @rule(number=st.integers(0, 9), kind=KINDS, source=st.none() | st.integers(0, 9))
    def create_dataset(self, number: int, kind: str, source: int | None) -> None:
        """One of each type a project; copies need a source that is at rest."""
        arn, project = list(self.projects.items())[number % len(self.projects)]
        copied = self.pick(source) if source is not None else None
        request: dict[str, Any] = {"ProjectArn": arn, "DatasetType": kind}
        expected = "ok"
        if project.gone_at is not None:
            expected = "ResourceNotFoundException"
        elif any(each.kind == kind for each in project.datasets.values()):
            expected = "ResourceAlreadyExistsException"
        elif copied and copied[2].due is not None:
            expected = "InvalidParameterException"
        if copied:
            request["DatasetSource"] = {"DatasetArn": copied[1]}
        reply = self.call("CreateDataset", request, expected)
        if expected == "ok":
            entries = dict(copied[2].entries) if copied else {}
            assert reply["DatasetArn"] not in self.dead
            due = self.clock.now() + WORK
            project.datasets[reply["DatasetArn"]] = DatasetModel(kind, due=due, pending=entries)

    @rule(number=st.integers(0, 9), entries=ENTRIES, other=st.booleans())
    def update(self, number: int, entries: list[tuple[int, frozenset[str]]], *, other: bool) -> None:
        """Taken when the dataset is at rest, judged when the time has come."""
        self.send(number, entries, other=other)

    def send(self, number: int, entries: list[tuple[int, frozenset[str]]], *, other: bool) -> None:
        """An update of one of the live datasets."""
        picked = self.pick(number)
        if not picked:
            return
        _, arn, dataset = picked
        bucket = "other" if other and entries else "bucket"
        sent = dict(list({f"s3://{bucket}/{key}.jpg": labels for key, labels in entries}.items()))
        payload = "\n".join(line(key, labels) for key, labels in sent.items()).encode() or b"\n"
        busy = dataset.due is not None
        request = {"DatasetArn": arn, "Changes": {"GroundTruth": payload}}
        self.call("UpdateDatasetEntries", request, "ResourceInUseException" if busy else "ok")
        if not busy:
            dataset.status, dataset.due, dataset.pending = "UPDATE_IN_PROGRESS", self.clock.now() + WORK, sent

    @rule(number=st.integers(0, 9))
    def fill(self, number: int) -> None:
        """An update with enough labelled images for a distribution."""
        self.send(number, [(key, frozenset({"cat"})) for key in range(6)], other=False)

    @precondition(lambda self: any(len(project.datasets) == 2 for project in self.projects.values()))
    @rule(number=st.integers(0, 9), swapped=st.booleans())
    def distribute(self, number: int, *, swapped: bool) -> None:
        """From a TRAIN dataset with entries to an empty TEST dataset, both at rest."""
        pairs = [project for project in self.projects.values() if len(project.datasets) == 2]
        project = pairs[number % len(pairs)]
        train, test = (self.of_kind(project, kind) for kind in ("TRAIN", "TEST"))
        assert train
        assert test
        expected = "ok"
        if train.due is not None or test.due is not None:
            expected = "ResourceNotReadyException"
        elif not train.entries or test.entries:
            expected = "InvalidParameterException"
        arns = sorted(project.datasets, reverse=swapped)
        self.call("DistributeDatasetEntries", {"Datasets": [{"Arn": arn} for arn in arns]}, expected)
        if expected == "ok":
            for each in (train, test):
                each.status, each.due, each.distributing = "UPDATE_IN_PROGRESS", self.clock.now() + WORK, True

    @rule(number=st.integers(0, 9), key=NAMES, value=NAMES, put=st.booleans())
    def tag(self, number: int, key: str, value: str, *, put: bool) -> None:
        """Tags are set and taken away in any status, and listed as they are."""
        tagged: list[tuple[str, ProjectModel | DatasetModel]] = [*self.projects.items()]
        tagged += [(arn, each) for project in self.projects.values() for arn, each in project.datasets.items()]
        if not tagged:
            return
        arn, model = tagged[number % len(tagged)]
        if put:
            self.call("TagResource", {"ResourceArn": arn, "Tags": {key: value}}, "ok")
            model.tags[key] = value
        else:
            self.call("UntagResource", {"ResourceArn": arn, "TagKeys": [key]}, "ok")
            model.tags.pop(key, None)
        assert self.call("ListTagsForResource", {"ResourceArn": arn}, "ok")["Tags"] == model.tags

    @rule(number=st.integers(0, 9))
    def list_labels(self, number: int) -> None:
        """Every label with the number of its images."""
        picked = self.pick(number)
        if not picked:
            return
        _, arn, dataset = picked
        if dataset.status == "CREATE_IN_PROGRESS":
            self.call("ListDatasetLabels", {"DatasetArn": arn}, "ResourceNotReadyException")
            return
        found = self.call("ListDatasetLabels", {"DatasetArn": arn}, "ok")["DatasetLabelDescriptions"]
        counts = Counter(label for labels in dataset.entries.values() for label in labels)
        assert {each["LabelName"]: each["LabelStats"]["EntryCount"] for each in found} == counts

    @rule(number=st.integers(0, 9))
    def delete_dataset(self, number: int) -> None:
        """Only at rest."""
        picked = self.pick(number)
        if picked:
            busy = picked[2].due is not None
            self.call("DeleteDataset", {"DatasetArn": picked[1]}, "ResourceInUseException" if busy else "ok")
            if not busy:
                picked[2].status, picked[2].due = "DELETE_IN_PROGRESS", self.clock.now() + WORK

    @precondition(lambda self: self.dead)
    @rule(number=st.integers(0, 9))
    def ask_for_the_dead(self, number: int) -> None:
        """What is gone is not found, by any operation."""
        arn = self.dead[number % len(self.dead)]
        if "/dataset/" in arn:
            for operation in ("DescribeDataset", "ListDatasetEntries", "ListDatasetLabels", "DeleteDataset"):
                self.call(operation, {"DatasetArn": arn}, "ResourceNotFoundException")
            changes = {"DatasetArn": arn, "Changes": {"GroundTruth": b"{}"}}
            self.call("UpdateDatasetEntries", changes, "ResourceNotFoundException")
            twin = arn.replace("/train/", "/test/") if "/train/" in arn else arn.replace("/test/", "/train/")
            pair = {"Datasets": [{"Arn": arn}, {"Arn": twin}]}
            self.call("DistributeDatasetEntries", pair, "ResourceNotFoundException")
        else:
            self.call("DeleteProject", {"ProjectArn": arn}, "ResourceNotFoundException")
        self.call("ListTagsForResource", {"ResourceArn": arn}, "ResourceNotFoundException")

    @rule(number=st.integers(0, 9), size=st.integers(1, 4))
    def list_entries(self, number: int, size: int) -> None:
        """All pages together are the entries, with their labels."""
        picked = self.pick(number)
        if not picked:
            return
        _, arn, dataset = picked
        if dataset.status == "CREATE_IN_PROGRESS":
            self.call("ListDatasetEntries", {"DatasetArn": arn}, "ResourceNotReadyException")
            return
        found: dict[str, frozenset[str]] = {}
        request: dict[str, Any] = {"DatasetArn": arn, "MaxResults": size}
        while True:
            page = self.call("ListDatasetEntries", request, "ok")
            for text in page["DatasetEntries"]:
                listed = json.loads(text)
                names = {
                    value["class-name"]
                    for key, value in listed.items()
                    if key.endswith("-metadata") and key[:3] != "cl-"
                }
                found[listed["source-ref"]] = frozenset(names)
            if "NextToken" not in page:
                break
            request["NextToken"] = page["NextToken"]
        assert list(found.items()) == list(dataset.entries.items())

    @invariant()
    def everything_is_described_as_it_is(self) -> None:
        """DescribeProjects and DescribeDataset show the model, in order of creation."""
        shown = self.call("DescribeProjects", {}, "ok")["ProjectDescriptions"]
        assert [each["ProjectArn"] for each in shown] == list(self.projects)
        for description, project in zip(shown, self.projects.values(), strict=True):
            assert (description["Status"] == "DELETING") is (project.gone_at is not None)
            assert [each["DatasetArn"] for each in description["Datasets"]] == list(project.datasets)
            for arn, dataset in project.datasets.items():
                found = self.call("DescribeDataset", {"DatasetArn": arn}, "ok")["DatasetDescription"]
                assert found["Status"] == dataset.status
                OUTCOMES["status", found["Status"]] += 1
                labels = frozenset[str]().union(*dataset.entries.values())
                assert found["DatasetStats"] == {
                    "TotalEntries": len(dataset.entries),
                    "LabeledEntries": sum(1 for each in dataset.entries.values() if each),
                    "TotalLabels": len(labels),
                    "ErrorEntries": 0,
                }


class SqliteMachine(Machine):
    """The same on a database."""

    def store(self) -> Store:
        """A database in memory."""
        return SqliteStore(Path(":memory:"))


def test_any_sequence_of_calls_behaves_like_the_model_on_sqlite() -> None:
    """The other store, with fewer sequences."""
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        SqliteMachine,
        settings=settings(
            max_examples=30, stateful_step_count=40, deadline=None, derandomize=True, suppress_health_check=checks
        ),
    )


def test_any_sequence_of_calls_behaves_like_the_model() -> None:
    """Hundreds of sequences; every outcome below was met, so the machine proves what it says."""
    OUTCOMES.clear()
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=150, stateful_step_count=50, deadline=None, derandomize=True, suppress_health_check=checks
        ),
    )
    print("outcomes:", dict(sorted(OUTCOMES.items())))  # noqa: T201 - the histogram, shown with -s
    in_use, not_found, not_ready = (f"Resource{what}Exception" for what in ("InUse", "NotFound", "NotReady"))
    wanted = [
        ("CreateProject", "ok"),
        ("CreateProject", in_use),
        ("DeleteProject", "ok"),
        ("DeleteProject", in_use),
        ("CreateDataset", "ok"),
        ("CreateDataset", "ResourceAlreadyExistsException"),
        ("CreateDataset", "InvalidParameterException"),
        ("CreateDataset", not_found),
        ("UpdateDatasetEntries", "ok"),
        ("UpdateDatasetEntries", in_use),
        ("DeleteDataset", "ok"),
        ("DeleteDataset", in_use),
        ("DescribeDataset", not_found),
        *(("status", f"UPDATE_{end}") for end in ("IN_PROGRESS", "COMPLETE", "FAILED")),
        *(("status", f"{work}_IN_PROGRESS") for work in ("CREATE", "DELETE")),
        ("UpdateDatasetEntries", not_found),
        *(("DistributeDatasetEntries", end) for end in ("ok", "InvalidParameterException", not_found, not_ready)),
        *((listing, end) for listing in ("ListDatasetEntries", "ListDatasetLabels") for end in ("ok", not_ready)),
        *((operation, "ok") for operation in ("TagResource", "UntagResource", "ListTagsForResource")),
        ("ListTagsForResource", not_found),
    ]
    assert [outcome for outcome in wanted if not OUTCOMES[outcome]] == []
