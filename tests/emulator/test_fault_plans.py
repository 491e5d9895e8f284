"""Fault plans: when a fault fires, which plans are valid, the log, and exact replay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from rekognition_emulator import Clock, Emulator, Latency, Limits, Switches, serve
from rekognition_emulator.faults.plan import _COMMON_KEYS, KINDS, options_of, read_plan
from rekognition_emulator.faults.plan_text import PlanError
from rekognition_emulator.lines.judge import LineJudge
from tests.emulator.dataset_calls import listed, update

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

    from tests.emulator.conftest import Lines


def test_a_pattern_of_operations_affects_only_those_of_the_kind(
    emulator: Emulator, client: RekognitionClient, train: str
) -> None:
    """Operations that a pattern matches but the kind cannot affect are answered as without a plan."""
    emulator.load_faults("faults: [{fault: rewrite, operation: '*'}]")
    client.describe_projects()
    client.list_dataset_entries(DatasetArn=train)
    assert [fired.operation for fired in emulator.faults] == ["ListDatasetEntries"]


def test_a_long_run_keeps_a_bounded_log_without_blobs(lines: Lines) -> None:
    """A plan that fires for days does not fill the memory."""
    with serve(keep_calls=3, faults="faults: [{fault: slow, seconds: 0, operation: UpdateDatasetEntries}]") as emulator:
        client = emulator.client()
        project = client.create_project(ProjectName="cells")["ProjectArn"]
        train = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
        for number in range(5):
            update(client, train, lines.payload(lines.image(f"{number}.jpg")))
        assert len(emulator.faults) == 3
        assert emulator.faults[-1].request["Changes"]["GroundTruth"].endswith(" bytes>")


def test_the_seed_decides_which_lines_are_lost(lines: Lines) -> None:
    """The same seed loses the same lines, and a different seed loses different ones."""

    def left(seed: int) -> list[str]:
        with serve(seed=seed, faults="faults: [{fault: lose, each_line: 0.5}]") as emulator:
            client = emulator.client()
            project = client.create_project(ProjectName="cells")["ProjectArn"]
            train = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
            update(client, train, lines.payload(*(lines.image(f"{number}.jpg") for number in range(30))))
            return listed(client, train)

    assert left(1) == left(1) != left(2)


def test_no_option_of_a_kind_is_a_key_of_the_plan() -> None:
    """No option has the name of a key that all kinds share."""
    assert [name for name, kind in KINDS.items() if set(options_of(kind)) & set(_COMMON_KEYS)] == []


def test_the_log_has_every_fired_fault_with_its_request(
    emulator: Emulator, client: RekognitionClient, train: str
) -> None:
    """The log has name, kind, operation, request and request id; the call in the journal has the name too."""
    emulator.load_faults("faults: [{fault: slow, name: sluggish, operation: DescribeDataset}]")
    client.describe_dataset(DatasetArn=train)
    client.describe_projects()
    assert [(fired.name, fired.operation, fired.request) for fired in emulator.faults] == [
        ("sluggish", "DescribeDataset", {"DatasetArn": train})
    ]
    call = next(call for call in emulator.calls if call.operation == "DescribeDataset")
    assert (call.faults, call.request_id) == (["sluggish"], emulator.faults[0].request_id)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("on: 2", [2]),
        ("on: [1, 4]", [1, 4]),
        ('on: "2-4"', [2, 3, 4]),
        ("every: 3", [3, 6]),
        ("times: 2", [1, 2]),
        ("chance: 0", []),
        ("chance: 1", [1, 2, 3, 4, 5, 6]),
        ("when: {MaxResults: 5}", []),
        ("when: {ProjectNames: 'cel*'}", [1, 2, 3, 4, 5, 6]),
        ("when: {ProjectNames: 'cel*'}, on: 6", [6]),
    ],
)
def test_when_a_fault_fires(emulator: Emulator, single: RekognitionClient, when: str, expected: list[int]) -> None:
    """A fault fires on the nth matching call, on every nth, by chance, under a condition, and at most so often."""
    emulator.load_faults(f"faults: [{{fault: error, operation: DescribeProjects, {when}}}]")
    failed = []
    for number in range(1, 7):
        try:
            single.describe_projects(ProjectNames=["cells"])
        except ClientError:
            failed.append(number)
    assert failed == expected


def test_a_plan_and_a_seed_replay_exactly() -> None:
    """The same calls get the same faults, a different seed gives others, and an unrelated fault changes nothing."""

    def pattern(seed: int, plan: str) -> list[bool]:
        rule = read_plan(plan, LineJudge(Limits(), Switches()), seed)[-1]
        return [rule.trigger.fires("DescribeDataset", {}) for _ in range(200)]

    plan = "faults: [{fault: slow, chance: 0.5}, {fault: error, chance: 0.3}]"
    assert pattern(7, plan) == pattern(7, plan)
    assert pattern(7, plan) != pattern(8, plan)
    assert pattern(7, plan) == pattern(7, plan.replace("chance: 0.5", "chance: 0.1"))
    assert 30 < sum(pattern(7, plan)) < 90


def test_a_fault_at_the_end_of_a_job_survives_a_restart(tmp_path: Path, lines: Lines) -> None:
    """A fault at the end of a job still fires when the process was replaced in between."""
    state = tmp_path / "state.sqlite"
    with serve(clock=Clock(1.7e9), latency=Latency(update=10), state=state) as emulator:
        client = emulator.client()
        project = client.create_project(ProjectName="cells")["ProjectArn"]
        arn = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
        emulator.load_faults("faults: [{fault: lose, count: 1}]")
        update(client, arn, lines.payload(lines.image("a.jpg"), lines.image("b.jpg")))
    with serve(clock=Clock(1.7e9 + 20), state=state) as emulator:
        assert listed(emulator.client(), arn) == ["b.jpg"]


def test_lines_of_an_edit_are_judged_by_the_emulators_switches() -> None:
    """A line that the service would drop is refused when the plan is read, not when the fault fires."""
    plan = "faults: [{fault: edit, lines: [{source-ref: 'S3://bucket/a.jpg'}]}]"
    with pytest.raises(PlanError, match="Line 1: Fault 1: `lines`: source-ref is not"), serve(faults=plan):
        pass
    with serve(faults=plan, switches=Switches(source_ref_scheme="any case")):
        pass


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        ("[", "is not valid YAML"),
        ("text", "A fault plan is a list"),
        ("faults: [{}]", "Fault 1: the key `fault`"),
        ("faults: [{fault: slow}, {fault: slwo}]", "Fault 2: there is no kind `slwo`. Did you mean `slow`?"),
        ("faults: [{fault: slow, secnds: 1}]", "`secnds` is not a key of `slow`. Did you mean `seconds`?"),
        ("faults: [{fault: slow, seconds: soon}]", "'soon' is not a valid value for `seconds`"),
        ("faults: [{fault: error, error: Oops}]", "Oops is not an exception of the emulator"),
        ("faults: [{fault: reset, at: noon}]", "'noon' is not a valid value for `at`"),
        ("faults: [{fault: rewrite, what: [dates]}]", "dates is not one of"),
        ("faults: [{fault: slow, operation: ListDataset}]", "'ListDataset' is not an operation"),
        ("faults: [{fault: slow, chance: 2}]", "`chance` is a number from 0 to 1"),
        ("faults: [{fault: slow, on: never}]", "`on` is the number of a call"),
        ("faults: [{fault: slow, when: x}]", "`when` is a mapping"),
        ("faluts: []", "A fault plan has one key, `faults`; unknown: `faluts`."),
        ("- fault: slow\n\n- fault: reset\n  at: noon\n", "Line 4: Fault 2: 'noon' is not a valid value for `at`."),
        (
            "- fault: slow\n  operation: DescribeDataset\n  when:\n    DatasetArn: '*'\n    DatsetArn: '*'\n",
            "Line 5: Fault 1: `when: DatsetArn` is in no request of DescribeDataset: there is no `DatsetArn`. Did you",
        ),
        (
            "faults: [{fault: slow, when: {DatasetArm: x}}]",
            "`when: DatasetArm` is in no request of any of its operations: there is no `DatasetArm`. Did you mean `Da",
        ),
        (
            "faults: [{fault: slow, operation: CreateDataset, when: {DatasetSource.DatasetAnr: x}}]",
            "there is no `DatasetAnr`. Did you mean `DatasetArn`?",
        ),
        (
            "faults: [{fault: slow, operation: DistributeDatasetEntries, when: {Datasets.1.Arn: x}}]",
            "there is no `1`. Known members: Arn.",
        ),
        ("faults: [{fault: slow, when: {DatasetArn.x: y}}]", "`when: DatasetArn.x` is in no request"),
        ("faults: [{fault: edit, when: {ProjectArn: x}}]", "`when: ProjectArn` is in no request of any"),
        ("faults: [{fault: slow, when: {DatasetType: TRIAN}}]", "is never 'TRIAN': it is TRAIN or TEST."),
        ("faults: [{fault: slow, when: {Labeled: maybe}}]", "is never 'maybe': it is true or false."),
        ("faults: [{fault: slow, when: {MaxResults: 1.5}}]", "`when: MaxResults` is never 1.5: it is a whole number."),
        ("faults: [{fault: slow, when: {SourceRefContains: 5}}]", "it is text, in quotes."),
        ("faults: [{fault: error, 1: 2}]", "`1` is not a key of `error`"),
        ("faults: [{fault: error, when: {1: x}}]", "`when` is a mapping"),
        ("faults: [{fault: error, name: 2024-99-99}]", "is not valid YAML"),
        ("[" * 5000, "nested too deeply"),
        ("faults: [{fault: slow, seconds: -1}]", "-1 is not a valid value for `seconds`"),
        ("faults: [{fault: slow, seconds: .inf}]", "inf is not a valid value for `seconds`"),
        ("faults: [{fault: truncate, bytes: -5}]", "-5 is not a valid value for `bytes`"),
        ("faults: [{fault: fail, share: 7}]", "`share` is a number from 0 to 1"),
        ("faults: [{fault: lose, each_line: 2}]", "`each_line` is a number from 0 to 1"),
        ("faults: [{fault: error, status: 200}]", "`status` is a number from 400 to 599"),
        ("faults: [{fault: edit, lines: [nope]}]", "the line is not a JSON object: nope"),
        ("faults: [{fault: edit, lines: [5]}]", "each line is a mapping or JSON text"),
        ("faults: [{fault: colleague-update, lines: [5]}]", "each line is a mapping or JSON text"),
        ("faults: [{fault: slow, operation: '*Foo*'}]", "'*Foo*' is not an operation"),
        ("faults: [{fault: slow, operation: 5}]", "5 is not an operation"),
        (
            "faults: [{fault: rewrite, operation: DescribeProjects}]",
            "`rewrite` can only be used for ListDatasetEntries",
        ),
        ("faults: [{fault: slow, on: 0}]", "`on` is the number of a call"),
        ("faults: [{fault: slow, on: []}]", "`on` is the number of a call"),
        ("faults: [{fault: slow, on: 5-2}]", "`on` is the number of a call"),
        ("faults: [{fault: slow, every: -1}]", "`every` is a whole number"),
        ("faults: [{fault: slow, times: often}]", "`times` is a whole number"),
        ("- fault: slow\n  every: 2\n  times: often\n", "Line 3: Fault 1: `times` is a whole number."),
    ],
)
def test_a_plan_that_is_wrong_is_refused_with_a_sentence(emulator: Emulator, plan: str, sentence: str) -> None:
    """The message names the mistake, and the current plan stays."""
    emulator.load_faults("faults: [{fault: slow, name: stays}]")
    with pytest.raises(PlanError) as refused:
        emulator.load_faults(plan)
    assert sentence in str(refused.value)
    assert [rule.name for rule in emulator.front_end.faults.planned] == ["stays"]


@pytest.mark.parametrize(
    ("condition", "fired"),
    [
        ("MaxResults: 7", 1),
        ("MaxResults: '7'", 1),
        ("MaxResults: 8", 0),
        ("Labeled: true", 1),
        ("Labeled: 'true'", 1),
        ("Labeled: 'f*'", 0),
        ("ContainsLabels: d*", 1),
        ("ContainsLabels: x*", 0),
        ("DatasetArn: '*/train/*'", 1),
    ],
)
def test_conditions_on_a_request(
    emulator: Emulator, client: RekognitionClient, train: str, condition: str, fired: int
) -> None:
    """A condition can be on every type of member, by value or by pattern."""
    emulator.load_faults(f"faults: [{{fault: slow, operation: ListDatasetEntries, when: {{{condition}}}}}]")
    client.list_dataset_entries(DatasetArn=train, MaxResults=7, Labeled=True, ContainsLabels=["cat", "dog"])
    assert len(emulator.faults) == fired


def test_every_kind_is_tested_here() -> None:
    """Every kind of fault occurs in a test of this folder."""
    text = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [kind for kind in KINDS if f"fault: {kind}" not in text] == []
