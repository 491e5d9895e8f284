"""Random sequences of calls on existing resources, compared with the model in expected_state.py.

The outcomes are counted, and the test fails when a sequence never reached one of them (success and refusal of every
operation), because then it would prove nothing.
"""

from __future__ import annotations

import json
from collections import Counter
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
from rekognition_emulator.state.context import ServiceContext
from rekognition_emulator.state.sqlite import SqliteStore
from rekognition_emulator.state.store import MemoryStore, Store
from tests.emulator.expected_state import MAX_ENTRIES, MAX_LABELS, DatasetModel, ExpectedState, ProjectModel

OUTCOMES: Counter[tuple[str, str]] = Counter()
WORK = 10.0
NAMES = st.sampled_from(["a", "b", "c"])
KINDS = st.sampled_from(["TRAIN", "TEST"])
ENTRIES = st.lists(
    st.tuples(st.integers(0, 9), st.frozensets(st.sampled_from(["cat", "dog", "bird", "fish"]), max_size=3)), max_size=8
)


def line(key: str, labels: frozenset[str]) -> str:
    """A manifest line."""
    made: dict[str, Any] = {"source-ref": key}
    for label in sorted(labels):
        metadata = {"class-name": label, "confidence": 1, "human-annotated": "yes", "creation-date": "x"}
        made |= {label: 1, f"{label}-metadata": metadata | {"type": "groundtruth/image-classification"}}
    return json.dumps(made)


class CallSequence(RuleBasedStateMachine):
    """Calls in any order, with time passing between them."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(1_700_000_000.0)
        latency = Latency(create=WORK, update=WORK, distribute=WORK, delete=WORK, delete_project=WORK)
        limits = Limits(labels=MAX_LABELS, entries=MAX_ENTRIES)
        self.service = Service(ServiceContext(self.store(), self.clock, limits, latency=latency))
        self.expected = ExpectedState()

    def store(self) -> Store:
        """The store to test."""
        return MemoryStore()

    def teardown(self) -> None:
        """Close the store."""
        self.service.context.store.close()

    def call(self, operation: str, request: dict[str, Any], expected: str) -> dict[str, Any]:
        """Make a call that must end as expected: `ok`, or the name of an exception."""
        reply: dict[str, Any] = {}
        try:
            reply = self.service.call(operation, request)
            outcome = "ok"
        except ServiceError as error:
            outcome = error.code
        assert outcome == expected, f"{operation}({request}) was {outcome}, not {expected}"
        OUTCOMES[operation, outcome] += 1
        return reply

    @initialize()
    def begin(self) -> None:
        """Start with a project and a TRAIN dataset that is ready."""
        self.create_project("a")
        self.create_dataset(0, "TRAIN", None)
        self.wait(WORK)

    @rule(seconds=st.sampled_from([0.1, WORK - 0.1, WORK, WORK]))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)
        self.expected.finish_due_work(self.clock.now())

    @rule()
    def wait_for_all_work(self) -> None:
        """Let all work end."""
        self.wait(WORK)

    @rule(name=NAMES)
    def create_project(self, name: str) -> None:
        """A name in use is refused."""
        taken = any(project.name == name for project in self.expected.projects.values())
        reply = self.call("CreateProject", {"ProjectName": name}, "ResourceInUseException" if taken else "ok")
        if not taken:
            assert reply["ProjectArn"] not in self.expected.deleted
            self.expected.projects[reply["ProjectArn"]] = ProjectModel(name)

    @precondition(lambda self: self.expected.projects)
    @rule(number=st.integers(0, 9))
    def delete_project(self, number: int) -> None:
        """A project with datasets, or one that is being deleted, is refused."""
        arn, project = list(self.expected.projects.items())[number % len(self.expected.projects)]
        busy = bool(project.datasets) or project.gone_at is not None
        self.call("DeleteProject", {"ProjectArn": arn}, "ResourceInUseException" if busy else "ok")
        if not busy:
            project.gone_at = self.clock.now() + WORK

    @precondition(lambda self: self.expected.projects)
    @rule(number=st.integers(0, 9), kind=KINDS, source=st.none() | st.integers(0, 9))
    def create_dataset(self, number: int, kind: str, source: int | None) -> None:
        """A second dataset of a type is refused, and so is a copy of a busy dataset."""
        arn, project = list(self.expected.projects.items())[number % len(self.expected.projects)]
        copied = self.expected.pick(source) if source is not None else None
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
            assert reply["DatasetArn"] not in self.expected.deleted
            due = self.clock.now() + WORK
            project.datasets[reply["DatasetArn"]] = DatasetModel(kind, due=due, pending=entries)

    @precondition(lambda self: any(project.gone_at is not None for project in self.expected.projects.values()))
    @rule(kind=KINDS)
    def create_dataset_while_deleting(self, kind: str) -> None:
        """A project that is being deleted gets no new dataset."""
        arn = next(arn for arn, project in self.expected.projects.items() if project.gone_at is not None)
        self.call("CreateDataset", {"ProjectArn": arn, "DatasetType": kind}, "ResourceNotFoundException")

    @rule(number=st.integers(0, 9), entries=ENTRIES, other=st.booleans())
    def update(self, number: int, entries: list[tuple[int, frozenset[str]]], *, other: bool) -> None:
        """An update of a dataset that is not busy is accepted, and judged when it is due."""
        self.send(number, entries, other=other)

    def send(self, number: int, entries: list[tuple[int, frozenset[str]]], *, other: bool) -> None:
        """Update one of the existing datasets."""
        picked = self.expected.pick(number)
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
        """Update a dataset with enough labelled images for a distribution."""
        self.send(number, [(key, frozenset({"cat"})) for key in range(6)], other=False)

    @precondition(lambda self: any(len(project.datasets) == 2 for project in self.expected.projects.values()))
    @rule(number=st.integers(0, 9), swapped=st.booleans())
    def distribute(self, number: int, *, swapped: bool) -> None:
        """A distribution needs a TRAIN dataset with entries and an empty TEST dataset, neither of them busy."""
        pairs = [project for project in self.expected.projects.values() if len(project.datasets) == 2]
        project = pairs[number % len(pairs)]
        train, test = (project.of_kind(kind) for kind in ("TRAIN", "TEST"))
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
        """Tags can be set, removed and listed in any status."""
        tagged: list[tuple[str, ProjectModel | DatasetModel]] = [*self.expected.projects.items()]
        tagged += [(arn, each) for project in self.expected.projects.values() for arn, each in project.datasets.items()]
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
        """Every label is listed with the number of its images."""
        picked = self.expected.pick(number)
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
        """The deletion of a busy dataset is refused."""
        picked = self.expected.pick(number)
        if picked:
            busy = picked[2].due is not None
            self.call("DeleteDataset", {"DatasetArn": picked[1]}, "ResourceInUseException" if busy else "ok")
            if not busy:
                picked[2].status, picked[2].due = "DELETE_IN_PROGRESS", self.clock.now() + WORK

    @precondition(lambda self: self.expected.deleted)
    @rule(number=st.integers(0, 9))
    def ask_for_what_was_deleted(self, number: int) -> None:
        """No operation finds what was deleted."""
        arn = self.expected.deleted[number % len(self.expected.deleted)]
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
        """All pages together are the entries with their labels."""
        picked = self.expected.pick(number)
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
        """DescribeProjects and DescribeDataset show the expected state, in the order of creation."""
        shown = self.call("DescribeProjects", {}, "ok")["ProjectDescriptions"]
        assert [each["ProjectArn"] for each in shown] == list(self.expected.projects)
        for description, project in zip(shown, self.expected.projects.values(), strict=True):
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


class SqliteCallSequence(CallSequence):
    """The same calls on the SQLite store."""

    def store(self) -> Store:
        """A database in memory."""
        return SqliteStore(Path(":memory:"))


def test_any_sequence_of_calls_behaves_like_the_model_on_sqlite() -> None:
    """The SQLite store gives the same replies, in fewer sequences."""
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        SqliteCallSequence,
        settings=settings(
            max_examples=30, stateful_step_count=40, deadline=None, derandomize=True, suppress_health_check=checks
        ),
    )


def distributed() -> None:
    """What chance seldom draws: labels of, and a distribution to, a dataset that is not ready; one that succeeds."""
    story = CallSequence()
    story.begin()
    story.wait_for_all_work()
    story.create_dataset(0, "TEST", None)
    for number in range(2):
        story.list_labels(number)
    story.distribute(0, swapped=False)
    story.wait_for_all_work()
    story.distribute(0, swapped=True)
    story.fill(0)
    story.wait_for_all_work()
    story.distribute(0, swapped=False)
    story.teardown()


def test_any_sequence_of_calls_behaves_like_the_model() -> None:
    """Every reply in 150 sequences is as expected, and every outcome below occurs."""
    OUTCOMES.clear()
    distributed()
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        CallSequence,
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
