"""Faults on purpose: every kind, when it fires, its log, and exact replay."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from rekognition_emulator import Clock, Emulator, Latency, serve
from rekognition_emulator.errors import MESSAGES
from rekognition_emulator.faults.plan import _OWN, KINDS, PlanError, options_of, read

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

    from tests.emulator.conftest import Lines

ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=5)


@pytest.fixture
def single(emulator: Emulator) -> RekognitionClient:
    """A client that does not retry."""
    return emulator.client(config=ONCE)


def code(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    """AWS's code and the HTTP status of an error."""
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def status(client: RekognitionClient, arn: str) -> tuple[str, str, str]:
    """Status, message code and message of a dataset."""
    found = client.describe_dataset(DatasetArn=arn)["DatasetDescription"]
    return found["Status"], found["StatusMessageCode"], found["StatusMessage"]


def update(client: RekognitionClient, arn: str, payload: bytes) -> None:
    """UpdateDatasetEntries."""
    client.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": payload})


def listed(client: RekognitionClient, arn: str) -> list[str]:
    """The last parts of all keys."""
    pages = client.get_paginator("list_dataset_entries").paginate(DatasetArn=arn)
    return [json.loads(line)["source-ref"].rpartition("/")[2] for page in pages for line in page["DatasetEntries"]]


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_every_exception_can_be_answered(emulator: Emulator, single: RekognitionClient, name: str) -> None:
    """Modelled ones and those of the front end, before any work, with their HTTP status; only as often as asked."""
    emulator.load_faults(f"faults: [{{fault: error, operation: CreateProject, on: 1, error: {name}}}]")
    with pytest.raises(ClientError) as refused:
        single.create_project(ProjectName="cells")
    expected = 500 if name in {"InternalServerError", "ThrottlingException"} else 400
    assert code(refused) == (name, expected)
    assert single.create_project(ProjectName="cells")["ProjectArn"]
    assert [(fired.fault, fired.operation) for fired in emulator.faults] == [("error", "CreateProject")]


def test_a_denial_by_plan_reads_like_awss(emulator: Emulator, single: RekognitionClient, train: str) -> None:
    """With the caller, the action and the resource in it."""
    emulator.load_faults("faults: [{fault: error, error: AccessDeniedException}]")
    with pytest.raises(ClientError) as refused:
        single.describe_dataset(DatasetArn=train)
    assert refused.value.response["Error"]["Message"] == (
        "User: arn:aws:iam::111122223333:user/emulator is not authorized to perform: rekognition:DescribeDataset "
        f"on resource: {train}."
    )


def test_a_pattern_of_operations_strikes_only_where_the_kind_can(
    emulator: Emulator, client: RekognitionClient, train: str
) -> None:
    """Every other call is answered as if there were no plan."""
    emulator.load_faults("faults: [{fault: rewrite, operation: '*'}]")
    client.describe_projects()
    client.list_dataset_entries(DatasetArn=train)
    assert [fired.operation for fired in emulator.faults] == ["ListDatasetEntries"]


def test_a_long_run_keeps_a_bounded_log_without_blobs(lines: Lines) -> None:
    """A plan that strikes for days must not fill the memory."""
    with serve(keep_calls=3, faults="faults: [{fault: slow, seconds: 0, operation: UpdateDatasetEntries}]") as emulator:
        client = emulator.client()
        project = client.create_project(ProjectName="cells")["ProjectArn"]
        train = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
        for number in range(5):
            update(client, train, lines.payload(lines.image(f"{number}.jpg")))
        assert len(emulator.faults) == 3
        assert emulator.faults[-1].request["Changes"]["GroundTruth"].endswith(" bytes>")


def test_the_seed_decides_which_lines_are_lost(lines: Lines) -> None:
    """The same seed loses the same lines, another seed others."""

    def left(seed: int) -> list[str]:
        with serve(seed=seed, faults="faults: [{fault: lose, each_line: 0.5}]") as emulator:
            client = emulator.client()
            project = client.create_project(ProjectName="cells")["ProjectArn"]
            train = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
            update(client, train, lines.payload(*(lines.image(f"{number}.jpg") for number in range(30))))
            return listed(client, train)

    assert left(1) == left(1) != left(2)


def test_a_distribution_whose_test_dataset_is_gone_ends(clock: Clock, slow: Emulator, lines: Lines) -> None:
    """A colleague who deletes it meanwhile does not keep TRAIN busy for ever."""
    client = slow.client()
    project = client.create_project(ProjectName="cells")["ProjectArn"]
    train, test = (
        client.create_dataset(ProjectArn=project, DatasetType=kind)["DatasetArn"] for kind in ("TRAIN", "TEST")
    )
    clock.advance(10)
    slow.edit_entries(train, [json.dumps(lines.image(f"{number}.jpg", "cat")) for number in range(10)])
    client.distribute_dataset_entries(Datasets=[{"Arn": train}, {"Arn": test}])
    slow.load_faults("faults: [{fault: recreate, operation: DescribeDataset, on: 1}]")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_dataset(DatasetArn=test)
    clock.advance(10)
    assert status(client, train)[0] == "UPDATE_FAILED"
    assert len(listed(client, train)) == 10


def test_an_error_after_the_work(emulator: Emulator, single: RekognitionClient) -> None:
    """The client sees a 500, the project is there: a retry meets ResourceInUseException."""
    emulator.load_faults("faults: [{fault: error, at: after, operation: CreateProject, on: 1}]")
    with pytest.raises(ClientError) as refused:
        single.create_project(ProjectName="cells")
    assert code(refused) == ("InternalServerError", 500)
    with pytest.raises(single.exceptions.ResourceInUseException):
        single.create_project(ProjectName="cells")


@pytest.mark.parametrize(("at", "created"), [("before", 0), ("after", 1)])
def test_a_reset_connection(emulator: Emulator, single: RekognitionClient, at: str, created: int) -> None:
    """Before the work nothing happened; after it everything did, but there is no reply."""
    emulator.load_faults(f"faults: [{{fault: reset, at: {at}, operation: CreateProject, on: 1}}]")
    with pytest.raises(ConnectionClosedError):
        single.create_project(ProjectName="cells")
    assert len(single.describe_projects()["ProjectDescriptions"]) == created


def _until_reset(connection: socket.socket) -> bytes:
    """What a connection sends before it is reset."""
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except ConnectionResetError:
        return received
    return pytest.fail("the connection was closed politely")


def test_a_connection_reset_after_the_reply(emulator: Emulator) -> None:
    """The reply is whole; what is asked next on the same connection finds it reset."""
    emulator.load_faults("faults: [{fault: reset, at: after reply, on: 1}]")
    head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-amz-json-1.1\r\n"
    request = f"{head}X-Amz-Target: RekognitionService.DescribeProjects\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=5) as connection:
        connection.sendall(request)
        reply = _until_reset(connection)
    assert reply.endswith(b'{"ProjectDescriptions":[]}')
    assert emulator.client().describe_projects()["ProjectDescriptions"] == []


def test_a_truncated_body(emulator: Emulator, single: RekognitionClient) -> None:
    """The work is done, the body ends after five bytes; boto3, on its last attempt, then answers without members."""
    emulator.load_faults("faults: [{fault: truncate, bytes: 5, operation: CreateProject}]")
    assert "ProjectArn" not in single.create_project(ProjectName="cells")
    assert len(single.describe_projects()["ProjectDescriptions"]) == 1


def test_a_slow_reply_takes_its_time_on_the_emulators_clock(
    emulator: Emulator, single: RekognitionClient, clock: Clock
) -> None:
    """A frozen clock jumps; a running one really waits."""
    before = clock.now()
    emulator.load_faults("faults: [{fault: slow, seconds: 60}]")
    single.describe_projects()
    assert clock.now() - before == 60


def test_clock_skew(emulator: Emulator, single: RekognitionClient) -> None:
    """InvalidSignatureException with AWS's sentence about the time."""
    emulator.load_faults("faults: [{fault: clock-skew, minutes: 20, on: 1}]")
    with pytest.raises(ClientError, match=r"Signature expired: 20231114T215320Z is now earlier than 20231114T221320Z"):
        single.describe_projects()


def test_a_status_that_is_stale(emulator: Emulator, client: RekognitionClient, train: str, lines: Lines) -> None:
    """After the update the old description is shown twice, then the new one."""
    emulator.load_faults("faults: [{fault: stale-status, reads: 2}]")
    update(client, train, lines.payload(lines.image("a.jpg")))
    seen = [status(client, train)[0] for _ in range(3)]
    assert seen == ["CREATE_COMPLETE", "CREATE_COMPLETE", "UPDATE_COMPLETE"]


def test_a_listing_that_is_stale(emulator: Emulator, client: RekognitionClient, train: str, lines: Lines) -> None:
    """The status says complete, the listing shows the old entries for so many pages, filters included."""
    update(client, train, lines.payload(lines.image("a.jpg", "cat")))
    emulator.load_faults("faults: [{fault: stale-listing, reads: 2}]")
    update(client, train, lines.payload(lines.image("b.jpg", "cat")))
    assert status(client, train)[0] == "UPDATE_COMPLETE"
    assert listed(client, train) == ["a.jpg"]
    found = client.list_dataset_entries(DatasetArn=train, ContainsLabels=["cat"])["DatasetEntries"]
    assert len(found) == 1
    assert listed(client, train) == ["a.jpg", "b.jpg"]


def test_a_timestamp_that_does_not_move(
    emulator: Emulator, client: RekognitionClient, train: str, lines: Lines
) -> None:
    """The update completes, LastUpdatedTimestamp stays."""
    before = client.describe_dataset(DatasetArn=train)["DatasetDescription"]["LastUpdatedTimestamp"]
    emulator.load_faults("faults: [{fault: still-timestamp}]")
    update(client, train, lines.payload(lines.image("a.jpg")))
    after = client.describe_dataset(DatasetArn=train)["DatasetDescription"]
    assert (after["Status"], after["LastUpdatedTimestamp"]) == ("UPDATE_COMPLETE", before)


@pytest.mark.parametrize(
    ("share", "kept"), [(0.0, []), (0.5, ["0.jpg", "1.jpg"]), (1.0, ["0.jpg", "1.jpg", "2.jpg", "3.jpg"])]
)
def test_an_update_that_fails_with_a_part_applied(
    emulator: Emulator, client: RekognitionClient, train: str, lines: Lines, *, share: float, kept: list[str]
) -> None:
    """UPDATE_FAILED with any message and code; nothing, half, or all of the lines are there."""
    emulator.load_faults(f"faults: [{{fault: fail, message: Broken pipe, code: SERVICE_ERROR, share: {share}, on: 1}}]")
    update(client, train, lines.payload(*(lines.image(f"{number}.jpg") for number in range(4))))
    assert status(client, train) == ("UPDATE_FAILED", "SERVICE_ERROR", "Broken pipe")
    assert listed(client, train) == kept


def test_a_creation_and_a_distribution_that_fail(
    emulator: Emulator, client: RekognitionClient, project: str, train: str, lines: Lines
) -> None:
    """The same kind for the other asynchronous operations."""
    emulator.load_faults("faults: [{fault: fail, operation: CreateDataset, message: No, code: CLIENT_ERROR}]")
    test = client.create_dataset(ProjectArn=project, DatasetType="TEST")["DatasetArn"]
    assert status(client, test) == ("CREATE_FAILED", "CLIENT_ERROR", "No")
    client.delete_dataset(DatasetArn=test)
    emulator.load_faults("faults: [{fault: fail, operation: DistributeDatasetEntries}]")
    test = client.create_dataset(ProjectArn=project, DatasetType="TEST")["DatasetArn"]
    update(client, train, lines.payload(*(lines.image(f"{number}.jpg", "cat") for number in range(9))))
    client.distribute_dataset_entries(Datasets=[{"Arn": train}, {"Arn": test}])
    assert [status(client, arn)[0] for arn in (train, test)] == ["UPDATE_FAILED", "UPDATE_FAILED"]
    assert (len(listed(client, train)), listed(client, test)) == (9, [])


def test_lines_lost_in_silence(emulator: Emulator, client: RekognitionClient, train: str, lines: Lines) -> None:
    """UPDATE_COMPLETE, but the first two lines are not there."""
    emulator.load_faults("faults: [{fault: lose, count: 2}]")
    update(client, train, lines.payload(*(lines.image(f"{number}.jpg") for number in range(4))))
    assert status(client, train)[0] == "UPDATE_COMPLETE"
    assert listed(client, train) == ["2.jpg", "3.jpg"]


def test_lines_lost_by_chance(emulator: Emulator, client: RekognitionClient, train: str, lines: Lines) -> None:
    """Some lines of many, others each time: what is sent again arrives in the end."""
    emulator.load_faults("faults: [{fault: lose, each_line: 0.3}]")
    payload = lines.payload(*(lines.image(f"{number}.jpg") for number in range(100)))
    update(client, train, payload)
    first = listed(client, train)
    assert 50 < len(first) < 90
    update(client, train, payload)
    assert len(listed(client, train)) > len(first)


def test_no_option_of_a_kind_is_a_key_of_the_plan() -> None:
    """A key means one thing."""
    assert [name for name, kind in KINDS.items() if set(options_of(kind)) & set(_OWN)] == []


def test_merge_instead_of_replace(emulator: Emulator, client: RekognitionClient, train: str, lines: Lines) -> None:
    """The label that was to go stays."""
    update(client, train, lines.payload(lines.image("a.jpg", "cat", "dog")))
    emulator.load_faults("faults: [{fault: merge}]")
    update(client, train, lines.payload(lines.image("a.jpg", "bird")))
    labels = client.list_dataset_labels(DatasetArn=train)["DatasetLabelDescriptions"]
    assert [each["LabelName"] for each in labels] == ["dog", "bird"]


def test_listed_lines_written_differently(
    emulator: Emulator, client: RekognitionClient, train: str, lines: Lines
) -> None:
    """Numbers as floats, keys sorted, unknown attributes gone: the meaning of labels stays."""
    sent = {"zoo": 5} | lines.image("a.jpg", "cat")
    update(client, train, lines.payload(sent))
    honest = client.list_dataset_entries(DatasetArn=train)["DatasetEntries"][0]
    emulator.load_faults("faults: [{fault: rewrite, what: [numbers, key-order, unknown]}]")
    written = client.list_dataset_entries(DatasetArn=train)["DatasetEntries"][0]
    assert "zoo" in honest
    assert "zoo" not in written
    assert '"label0":0.0' in written
    assert list(json.loads(written)) == sorted(json.loads(written))


def test_a_colleagues_edit_between_two_pages(
    emulator: Emulator, client: RekognitionClient, train: str, lines: Lines
) -> None:
    """The second page is listed after the edit."""
    update(client, train, lines.payload(*(lines.image(f"{number}.jpg") for number in range(4))))
    emulator.load_faults(
        """faults: [{fault: edit, on: 2, lines: [{source-ref: s3://bucket/new.jpg}], remove: [s3://bucket/2.jpg]}]"""
    )
    pages = client.get_paginator("list_dataset_entries").paginate(DatasetArn=train, PaginationConfig={"PageSize": 2})
    found = [[json.loads(line)["source-ref"][-5:] for line in page["DatasetEntries"]] for page in pages]
    assert found == [["0.jpg", "1.jpg"], ["3.jpg", "w.jpg"]]


def test_a_colleagues_edit_during_an_update(lines: Lines) -> None:
    """It appears while the dataset is still busy; the running update ends as usual."""
    clock = Clock(1.7e9)
    plan = "faults: [{fault: edit, operation: DescribeDataset, on: 1, lines: [{source-ref: s3://bucket/new.jpg}]}]"
    with serve(clock=clock, latency=Latency(update=10)) as emulator:
        client = emulator.client()
        project = client.create_project(ProjectName="cells")["ProjectArn"]
        arn = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
        update(client, arn, lines.payload(lines.image("a.jpg")))
        emulator.load_faults(plan)
        assert status(client, arn)[0] == "UPDATE_IN_PROGRESS"
        assert listed(client, arn) == ["new.jpg"]
        clock.advance(10)
        assert (status(client, arn)[0], listed(client, arn)) == ("UPDATE_COMPLETE", ["new.jpg", "a.jpg"])


def test_a_colleagues_running_update(
    emulator: Emulator, client: RekognitionClient, train: str, clock: Clock, lines: Lines
) -> None:
    """The client's update meets ResourceInUseException until the colleague's is done."""
    emulator.load_faults(
        "faults: [{fault: colleague-update, on: 1, seconds: 30, lines: [{source-ref: s3://bucket/theirs.jpg}]}]"
    )
    for _ in range(2):
        with pytest.raises(client.exceptions.ResourceInUseException):
            update(client, train, lines.payload(lines.image("ours.jpg")))
    clock.advance(30)
    update(client, train, lines.payload(lines.image("ours.jpg")))
    assert listed(client, train) == ["theirs.jpg", "ours.jpg"]


def test_a_colleague_deletes_and_recreates(
    emulator: Emulator, client: RekognitionClient, train: str, lines: Lines
) -> None:
    """The ARN is gone, the project has an empty dataset of the same type under another one."""
    emulator.load_faults("faults: [{fault: recreate, operation: UpdateDatasetEntries, on: 1}]")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        update(client, train, lines.payload(lines.image("a.jpg")))
    datasets = client.describe_projects()["ProjectDescriptions"][0]["Datasets"]
    assert [(each["DatasetType"], each["Status"]) for each in datasets] == [("TRAIN", "CREATE_COMPLETE")]
    assert datasets[0]["DatasetArn"] != train


def test_a_colleague_distributes(emulator: Emulator, client: RekognitionClient, train: str, lines: Lines) -> None:
    """A fifth of the entries is in TEST all of a sudden."""
    update(client, train, lines.payload(*(lines.image(f"{number}.jpg", "cat") for number in range(10))))
    emulator.load_faults("faults: [{fault: distribute, operation: ListDatasetEntries, on: 1}]")
    assert len(listed(client, train)) == 8
    datasets = client.describe_projects()["ProjectDescriptions"][0]["Datasets"]
    test = next(each["DatasetArn"] for each in datasets if each["DatasetType"] == "TEST")
    assert len(listed(client, test)) == 2


def test_a_token_that_expires(emulator: Emulator, client: RekognitionClient, train: str, lines: Lines) -> None:
    """The first page comes, its token is refused."""
    update(client, train, lines.payload(*(lines.image(f"{number}.jpg") for number in range(4))))
    emulator.load_faults("faults: [{fault: expire-token}]")
    token = client.list_dataset_entries(DatasetArn=train, MaxResults=2)["NextToken"]
    with pytest.raises(client.exceptions.InvalidPaginationTokenException):
        client.list_dataset_entries(DatasetArn=train, MaxResults=2, NextToken=token)


def test_the_log_has_every_fired_fault_with_its_request(
    emulator: Emulator, client: RekognitionClient, train: str
) -> None:
    """Name, kind, operation, request, request id; the call in the journal names it too."""
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
    """The nth matching call, every nth, a probability, a condition on the request, at most so often."""
    emulator.load_faults(f"faults: [{{fault: error, operation: DescribeProjects, {when}}}]")
    failed = []
    for number in range(1, 7):
        try:
            single.describe_projects(ProjectNames=["cells"])
        except ClientError:
            failed.append(number)
    assert failed == expected


def test_a_plan_and_a_seed_replay_exactly() -> None:
    """The same calls meet the same faults; another seed, others; an unrelated fault before changes nothing."""

    def pattern(seed: int, plan: str) -> list[bool]:
        rule = read(plan, seed)[-1]
        return [rule.trigger.fires("DescribeDataset", {}) for _ in range(200)]

    plan = "faults: [{fault: slow, chance: 0.5}, {fault: error, chance: 0.3}]"
    assert pattern(7, plan) == pattern(7, plan)
    assert pattern(7, plan) != pattern(8, plan)
    assert pattern(7, plan) == pattern(7, plan.replace("chance: 0.5", "chance: 0.1"))
    assert 30 < sum(pattern(7, plan)) < 90


def test_a_twist_survives_a_restart(tmp_path: Path, lines: Lines) -> None:
    """A fault that strikes at the end of a job strikes although the process was replaced meanwhile."""
    state = tmp_path / "state.sqlite"
    with serve(clock=Clock(1.7e9), latency=Latency(update=10), state=state) as emulator:
        client = emulator.client()
        project = client.create_project(ProjectName="cells")["ProjectArn"]
        arn = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
        emulator.load_faults("faults: [{fault: lose, count: 1}]")
        update(client, arn, lines.payload(lines.image("a.jpg"), lines.image("b.jpg")))
    with serve(clock=Clock(1.7e9 + 20), state=state) as emulator:
        assert listed(emulator.client(), arn) == ["b.jpg"]


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        ("[", "is not YAML"),
        ("text", "A fault plan is a list"),
        ("faults: [{}]", "Fault 1: the key `fault`"),
        ("faults: [{fault: slow}, {fault: slwo}]", "Fault 2: there is no kind `slwo`. Did you mean `slow`?"),
        ("faults: [{fault: slow, secnds: 1}]", "`secnds` is no key of `slow`. Did you mean `seconds`?"),
        ("faults: [{fault: slow, seconds: soon}]", "'soon' is no value for `seconds`"),
        ("faults: [{fault: error, error: Oops}]", "Oops is not an exception of the emulator"),
        ("faults: [{fault: reset, at: noon}]", "'noon' is no value for `at`"),
        ("faults: [{fault: rewrite, what: [dates]}]", "dates is none of"),
        ("faults: [{fault: slow, operation: ListDataset}]", "'ListDataset' is no operation"),
        ("faults: [{fault: slow, chance: 2}]", "`chance` is a number from 0 to 1"),
        ("faults: [{fault: slow, on: never}]", "`on` is the number of a call"),
        ("faults: [{fault: slow, when: x}]", "`when` is a mapping"),
        ("faluts: []", "A fault plan has one key, `faults`; it has `faluts`."),
        ("- fault: slow\n\n- fault: reset\n  at: noon\n", "Line 4: Fault 2: 'noon' is no value for `at`."),
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
            "there is no `1`. There are: Arn.",
        ),
        ("faults: [{fault: slow, when: {DatasetArn.x: y}}]", "`when: DatasetArn.x` is in no request"),
        ("faults: [{fault: edit, when: {ProjectArn: x}}]", "`when: ProjectArn` is in no request of any"),
        ("faults: [{fault: slow, when: {DatasetType: TRIAN}}]", "is never 'TRIAN': it is TRAIN or TEST."),
        ("faults: [{fault: slow, when: {Labeled: maybe}}]", "is never 'maybe': it is true or false."),
        ("faults: [{fault: slow, when: {MaxResults: 1.5}}]", "`when: MaxResults` is never 1.5: it is a whole number."),
        ("faults: [{fault: slow, when: {SourceRefContains: 5}}]", "it is text, in quotes."),
        ("faults: [{fault: error, 1: 2}]", "`1` is no key of `error`"),
        ("faults: [{fault: error, when: {1: x}}]", "`when` is a mapping"),
        ("faults: [{fault: error, name: 2024-99-99}]", "is not YAML"),
        ("[" * 5000, "nested too deep"),
        ("faults: [{fault: slow, seconds: -1}]", "-1 is no value for `seconds`"),
        ("faults: [{fault: slow, seconds: .inf}]", "inf is no value for `seconds`"),
        ("faults: [{fault: truncate, bytes: -5}]", "-5 is no value for `bytes`"),
        ("faults: [{fault: fail, share: 7}]", "share is from 0 to 1"),
        ("faults: [{fault: lose, each_line: 2}]", "each_line is from 0 to 1"),
        ("faults: [{fault: error, status: 200}]", "status is from 400 to 599"),
        ("faults: [{fault: edit, lines: [nope]}]", "the line is not a JSON object: nope"),
        ("faults: [{fault: edit, lines: [5]}]", "each is a mapping or JSON text"),
        ("faults: [{fault: colleague-update, lines: [5]}]", "each is a mapping or JSON text"),
        ("faults: [{fault: slow, operation: '*Foo*'}]", "'*Foo*' is no operation"),
        ("faults: [{fault: slow, operation: 5}]", "5 is no operation"),
        ("faults: [{fault: rewrite, operation: DescribeProjects}]", "`rewrite` is for ListDatasetEntries only"),
        ("faults: [{fault: slow, on: 0}]", "`on` is the number of a call"),
        ("faults: [{fault: slow, on: []}]", "`on` is the number of a call"),
        ("faults: [{fault: slow, on: 5-2}]", "`on` is the number of a call"),
        ("faults: [{fault: slow, every: -1}]", "`every` and `times` are whole numbers"),
        ("faults: [{fault: slow, times: often}]", "`every` and `times` are whole numbers"),
    ],
)
def test_a_plan_that_is_wrong_is_refused_with_a_sentence(emulator: Emulator, plan: str, sentence: str) -> None:
    """And the present plan stays."""
    emulator.load_faults("faults: [{fault: slow, name: stays}]")
    with pytest.raises(PlanError) as refused:
        emulator.load_faults(plan)
    assert sentence in str(refused.value)
    assert [rule.name for rule in emulator.front.faults.rules] == ["stays"]


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
    """Every kind of member can be asked for, by its value or a pattern."""
    emulator.load_faults(f"faults: [{{fault: slow, operation: ListDatasetEntries, when: {{{condition}}}}}]")
    client.list_dataset_entries(DatasetArn=train, MaxResults=7, Labeled=True, ContainsLabels=["cat", "dog"])
    assert len(emulator.faults) == fired


@pytest.mark.parametrize(("at", "created"), [("before", 0), ("after", 1)])
def test_the_process_is_killed(tmp_path: Path, at: str, created: int) -> None:
    """With SIGKILL, before the work or after it; the state file has what was done."""
    state, plan = tmp_path / "state.sqlite", tmp_path / "plan.yaml"
    plan.write_text(f"faults: [{{fault: kill, at: {at}, operation: CreateProject}}]")
    command = [
        sys.executable,
        "-m",
        "rekognition_emulator",
        "--port",
        "0",
        "--state",
        str(state),
        "--faults",
        str(plan),
    ]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().strip().partition("=")[2]
            session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1")
            with pytest.raises(ConnectionClosedError):
                session.client("rekognition", endpoint_url=url, config=ONCE).create_project(ProjectName="cells")
            assert process.wait(timeout=10) == -signal.SIGKILL
        finally:
            process.kill()
    with serve(state=state) as emulator:
        assert len(emulator.client().describe_projects()["ProjectDescriptions"]) == created


def test_every_kind_is_tested_here() -> None:
    """No kind of fault without a test in this folder."""
    text = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [kind for kind in KINDS if f"fault: {kind}" not in text] == []
