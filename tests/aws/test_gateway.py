"""The verbs of the gateway, page by page and status by status."""

from itertools import islice

import pytest

from reconciler.errors import BadInput, InUse, ServiceError
from reconciler.model import DatasetStatus, DatasetType
from rekognition_emulator import Emulator
from tests.support.aws_doubles import PROJECT, Answer, FakeClock, Log, ScriptedServer, dataset, failure, gateway_at

ARN = "arn:aws:rekognition:us-east-1:111122223333:project/p/dataset/train/1690405809286"


def listed(*lines: str, token: str | None = None) -> Answer:
    """A page of ListDatasetEntries."""
    return Answer({"DatasetEntries": list(lines), **({} if token is None else {"NextToken": token})})


@pytest.mark.parametrize("last", ["", None], ids=["empty token", "no token"])
def test_a_listing_ends_at_an_empty_or_absent_token(server: ScriptedServer, clock: FakeClock, last: str | None) -> None:
    """AWS's examples show an empty one. Each page is asked for with the token of the one before."""
    server.answers(listed("1", "2", token="t1"), listed(token="t2"), listed("3", token=last))
    gateway = gateway_at(server.url, clock)
    assert list(islice(gateway.entries(ARN), 9)) == ["1", "2", "3"]
    assert [request for _, request, _ in server.requests] == [
        {"DatasetArn": ARN, "MaxResults": 100},
        {"DatasetArn": ARN, "MaxResults": 100, "NextToken": "t1"},
        {"DatasetArn": ARN, "MaxResults": 100, "NextToken": "t2"},
    ]


def test_a_listing_is_lazy(server: ScriptedServer, clock: FakeClock) -> None:
    """The second page is asked for when the first is used up."""
    server.answers(listed("1", "2", token="t1"), listed("3"))
    lines = gateway_at(server.url, clock).entries(ARN)
    assert (next(lines), len(server.requests)) == ("1", 1)
    assert (list(lines), len(server.requests)) == (["2", "3"], 2)


def test_all_entries_come_in_order(emulator: Emulator, clock: FakeClock) -> None:
    """All 250 entries of three pages are read in their order."""
    client = emulator.client()
    project = client.create_project(ProjectName="p")["ProjectArn"]
    gateway = gateway_at(emulator.url, clock)
    arn = gateway.create_dataset(project, DatasetType.TRAIN)
    emulator.edit_entries(arn, [f'{{"source-ref":"s3://bucket/{number}"}}' for number in range(250)])
    assert [line.split('"')[3] for line in gateway.entries(arn)] == [f"s3://bucket/{number}" for number in range(250)]
    assert gateway.calls.counts["ListDatasetEntries"] == 3


def project(arn: str, token: str | None = None, *datasets: tuple[str, str]) -> Answer:
    """A page of DescribeProjects."""
    held = [{"DatasetType": kind, "DatasetArn": dataset_arn} for kind, dataset_arn in datasets]
    page = {"ProjectDescriptions": [{"ProjectArn": arn, "Status": "CREATED", "Datasets": held}]}
    return Answer(page if token is None else page | {"NextToken": token})


def test_projects_of_one_run_are_looked_up_ten_at_a_time(server: ScriptedServer, clock: FakeClock) -> None:
    """Each is seen for a minute, unless it is to be looked up again; one that is not there is never seen."""
    arns = [PROJECT.replace("/p/", f"/p{number}/") for number in range(12)]
    described = [{"ProjectArn": arn, "Status": "CREATED", "Datasets": []} for arn in arns[:10]]
    server.answers(Answer({"ProjectDescriptions": described}))
    gateway = gateway_at(server.url, clock)
    assert gateway.project(arns[3], arns) is not None
    assert server.requests[0][1]["ProjectNames"] == ["p3", *(f"p{number}" for number in range(10) if number != 3)]
    assert [bool(gateway.project_seen(arn)) for arn in arns] == [True] * 10 + [False] * 2
    gateway.forget_project(arns[0])
    assert gateway.project_seen(arns[0]) is None
    server.answers(Answer({"ProjectDescriptions": []}))
    assert gateway.project(arns[11], arns) is None
    assert server.requests[0][1]["ProjectNames"] == ["p11", "p0", "p10"]
    clock.sleep(61)
    assert gateway.project_seen(arns[1]) is None


def test_a_project_is_found_by_its_exact_name_on_any_page(server: ScriptedServer, clock: FakeClock) -> None:
    """The filter is the service's; names that it gives beside are not taken for it."""
    other = PROJECT.replace("/p/", "/pp/")
    server.answers(project(other, "t1"), project(PROJECT, "", ("TRAIN", ARN)))
    found = gateway_at(server.url, clock).find_project("p")
    assert found is not None
    assert (found.arn, dict(found.datasets)) == (PROJECT, {DatasetType.TRAIN: ARN})
    assert [request["ProjectNames"] for _, request, _ in server.requests] == [["p"], ["p"]]
    server.answers(project(other))
    assert gateway_at(server.url, clock).find_project("p") is None


def test_a_project_made_anew_under_its_name_is_another_one(server: ScriptedServer, clock: FakeClock) -> None:
    """The ARN's number tells them apart."""
    server.answers(project(PROJECT))
    gateway = gateway_at(server.url, clock)
    assert gateway.project(PROJECT) is not None
    assert gateway.project(PROJECT[:-1] + "0") is None


@pytest.mark.parametrize("arn", ["p", ARN, PROJECT + "\n", PROJECT.replace("project", "projekt"), ""])
def test_what_is_no_projects_arn_is_refused_before_any_call(server: ScriptedServer, clock: FakeClock, arn: str) -> None:
    """A malformed project ARN is refused before any call, with the form it should have."""
    with pytest.raises(BadInput, match=r"arn:aws:rekognition:REGION:ACCOUNT:project/NAME/NUMBER"):
        gateway_at(server.url, clock).project(arn)
    assert server.requests == []


def test_a_description_has_status_message_time_and_counts(server: ScriptedServer, clock: FakeClock) -> None:
    """Status, message, time in seconds and counts are those that DescribeDataset gives."""
    server.answers(dataset("UPDATE_FAILED", 1690476084.738, "Why.", entries=7))
    found = gateway_at(server.url, clock).describe(ARN)
    assert found is not None
    assert (found.status, found.message, found.entries) == (DatasetStatus.UPDATE_FAILED, "Why.", 7)
    assert found.updated == pytest.approx(1690476084.738, abs=1e-4)
    assert not found.is_running


@pytest.mark.parametrize("status", [*DatasetStatus, "DISTRIBUTE_IN_PROGRESS"])
def test_every_status_in_progress_is_running(server: ScriptedServer, clock: FakeClock, status: str) -> None:
    """One that AWS adds later too."""
    server.answers(dataset(status))
    found = gateway_at(server.url, clock).describe(ARN)
    assert found is not None
    assert found.is_running == ("IN_PROGRESS" in status)


def test_a_dataset_that_is_gone_has_no_description_and_needs_no_deletion(
    server: ScriptedServer, clock: FakeClock
) -> None:
    """Gone is an answer here, not an error; for other calls it is one."""
    server.answers(failure("ResourceNotFoundException"))
    gateway = gateway_at(server.url, clock)
    assert gateway.describe(ARN) is None
    gateway.delete_dataset(ARN)
    with pytest.raises(ServiceError, match="ListDatasetEntries: somebody else deleted the dataset"):
        list(gateway.entries(ARN))


def test_a_dataset_that_is_busy_is_not_deleted(server: ScriptedServer, clock: FakeClock) -> None:
    """A busy dataset is neither deleted nor updated, and both errors say that it is busy."""
    server.answers(failure("ResourceInUseException"))
    gateway = gateway_at(server.url, clock)
    with pytest.raises(InUse, match="wait until it has ended"):
        gateway.delete_dataset(ARN)
    with pytest.raises(InUse, match="another operation is running"):
        gateway.update_entries(ARN, b"{}\n")
    assert gateway.calls.counts.total() == 2


def test_every_attempt_is_counted_and_logged(server: ScriptedServer, clock: FakeClock, log: Log) -> None:
    """Operation, answer and request id, failed attempts too."""
    server.answers(failure("ThrottlingException"), dataset("CREATE_COMPLETE"))
    gateway = gateway_at(server.url, clock, log)
    gateway.describe(ARN)
    assert [(one.operation, one.answer) for one in log] == [
        ("DescribeDataset", "ThrottlingException"),
        ("DescribeDataset", "ok"),
    ]
    assert all(one.request_id for one in log)
    assert gateway.calls.counts == {"DescribeDataset": 2}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"<html>Sign in</html>", "the answer is not from AWS "),
        (b"[]", "the answer is not from AWS "),
        (b'{"DatasetEntries": ["1"', "no answer from AWS "),
    ],
    ids=["html", "list", "cut"],
)
def test_a_reply_that_is_no_json_object_is_no_empty_listing(
    server: ScriptedServer, clock: FakeClock, body: bytes, sentence: str
) -> None:
    """Botocore would read no members in it, which would mean: no more entries."""
    server.answers(Answer(body))
    gateway = gateway_at(server.url, clock)
    with pytest.raises(ServiceError, match=f"ListDatasetEntries: {sentence}"):
        list(gateway.entries(ARN))
    assert sum(clock.slept) <= 30


def test_a_reply_shorter_than_promised_is_no_reply(server: ScriptedServer, clock: FakeClock) -> None:
    """A reply that is shorter than its length says is not used, even if it looks like JSON."""
    server.answers(Answer(b'{"DatasetEntries": ["1"], "More": {}', lost=1), listed("1", "2"))
    assert list(gateway_at(server.url, clock).entries(ARN)) == ["1", "2"]
    assert len(server.requests) == 2


def test_an_empty_body_is_a_success_without_output(server: ScriptedServer, clock: FakeClock) -> None:
    """An empty body is a success, as the API Reference says for UpdateDatasetEntries and DeleteDataset."""
    server.answers(Answer(b""))
    gateway = gateway_at(server.url, clock)
    gateway.update_entries(ARN, b"{}\n")
    gateway.delete_dataset(ARN)
    assert gateway.calls.counts.total() == 2


def test_a_page_that_ends_early_is_asked_for_again(emulator: Emulator, clock: FakeClock) -> None:
    """Every entry is read, although two replies are cut off."""
    project = emulator.client().create_project(ProjectName="p")["ProjectArn"]
    gateway = gateway_at(emulator.url, clock)
    arn = gateway.create_dataset(project, DatasetType.TRAIN)
    emulator.edit_entries(arn, [f'{{"source-ref":"s3://bucket/{number}"}}' for number in range(150)])
    emulator.load_faults("faults: [{fault: truncate, operation: ListDatasetEntries, on: [2, 3]}]")
    assert len(list(gateway.entries(arn))) == 150
    assert gateway.calls.counts["ListDatasetEntries"] == 4
