"""The request quota and denied permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from rekognition_emulator import Clock, Emulator, Switches, serve
from rekognition_emulator.operations.admission import Denial, DenialError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rekognition_emulator.journal import Call

ONCE = Config(retries={"total_max_attempts": 1})


def throttled(call: Callable[[], object], times: int) -> list[int]:
    """The numbers, counted from one, of the calls that were throttled."""
    refused = []
    for number in range(1, times + 1):
        try:
            call()
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ProvisionedThroughputExceededException"  # noqa: PT017 - counts
            assert error.response["Error"]["Message"] == "Provisioned Rate exceeded."  # noqa: PT017 - counts
            refused.append(number)
    return refused


def test_no_quota_by_default(emulator: Emulator) -> None:
    """A hundred calls without a pause are all accepted."""
    client = emulator.client(config=ONCE)
    assert throttled(client.describe_projects, 100) == []


def test_five_calls_a_second_of_each_operation(clock: Clock) -> None:
    """The sixth call is refused, each operation has its own five, they refill with time, and tags have ten."""
    with serve(clock=clock, quota=True) as emulator:
        client = emulator.client(config=ONCE)
        project = client.create_project(ProjectName="cells")["ProjectArn"]
        assert throttled(client.describe_projects, 7) == [6, 7]
        assert throttled(lambda: client.list_tags_for_resource(ResourceArn=project), 11) == [11]
        clock.advance(0.4)
        assert throttled(client.describe_projects, 4) == [3, 4]
        clock.advance(60)
        assert throttled(client.describe_projects, 6) == [6]


def test_every_region_has_a_quota_of_its_own(clock: Clock) -> None:
    """Calls in one Region do not use up the quota of a different one."""
    with serve(clock=clock, quota=True) as emulator:
        here, there = (emulator.client(region, config=ONCE) for region in ("us-east-1", "eu-west-1"))
        assert throttled(here.describe_projects, 6) == [6]
        assert throttled(there.describe_projects, 6) == [6]


def test_a_clock_that_is_set_back_does_not_use_up_the_quota(clock: Clock) -> None:
    """After the clock is frozen at an earlier time, the quota refills from that time."""
    with serve(clock=clock, quota=True) as emulator:
        client = emulator.client(config=ONCE)
        assert throttled(client.describe_projects, 1) == []
        clock.freeze(1000.0)
        assert throttled(client.describe_projects, 5) == [5]
        clock.advance(1)
        assert throttled(client.describe_projects, 6) == [6]


def test_burst_and_exception_are_switches(clock: Clock) -> None:
    """`quota_burst` accepts more calls; ThrottlingException can be chosen, with HTTP status 500 or 400."""
    for status in ("500", "400"):
        chosen: Any = status
        switches = Switches(quota_burst=3, throttled_with="ThrottlingException", throttling_status=chosen)
        with serve(clock=clock, quota=True, switches=switches) as emulator:
            client = emulator.client(config=ONCE)
            for _ in range(8):
                client.describe_projects()
            with pytest.raises(ClientError, match="ThrottlingException") as refused:
                client.describe_projects()
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == int(status)


def test_boto3_retries_calls_over_the_quota(clock: Clock) -> None:
    """boto3's default retries get more calls through than the quota allows: it sends the sixth twice."""

    def advance_after_error(call: Call) -> None:
        clock.advance(0.4 if call.error else 0)

    with serve(clock=clock, quota=True) as emulator:
        emulator.front_end.journal.listeners.append(advance_after_error)
        client = emulator.client()
        for _ in range(7):
            client.describe_projects()
        assert [call.error for call in emulator.calls] == [""] * 5 + ["ProvisionedThroughputExceededException"] + [
            ""
        ] * 2


@pytest.mark.parametrize(
    ("deny", "denied"),
    [
        ("DescribeDataset", {"describe_dataset"}),
        ("List*", {"list_dataset_entries", "list_tags_for_resource"}),
        ("DescribeDataset:*/dataset/train/*", {"describe_dataset"}),
        ("DescribeDataset:*/dataset/test/*", set()),
        ("*", {"describe_dataset", "list_dataset_entries", "list_tags_for_resource", "describe_projects"}),
    ],
)
def test_denied_operations(deny: str, denied: set[str]) -> None:
    """Operations are denied by name, pattern and ARN, and all others are allowed."""
    with serve() as emulator:
        client = emulator.client(config=ONCE)
        project = client.create_project(ProjectName="cells")["ProjectArn"]
        arn = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
        emulator.front_end.before_work.append(_permissions(deny))
        calls: dict[str, Callable[[], object]] = {
            "describe_dataset": lambda: client.describe_dataset(DatasetArn=arn),
            "list_dataset_entries": lambda: client.list_dataset_entries(DatasetArn=arn),
            "list_tags_for_resource": lambda: client.list_tags_for_resource(ResourceArn=arn),
            "describe_projects": client.describe_projects,
        }
        assert {name for name, call in calls.items() if _refused(call)} == denied


def _permissions(*deny: str) -> Any:  # noqa: ANN401 - a guard
    from rekognition_emulator.operations.admission import Denial, Permissions  # noqa: PLC0415 - put in place late, on purpose

    return Permissions([Denial.parse(text) for text in deny], Switches())


def _refused(call: Callable[[], object]) -> bool:
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"] == "AccessDeniedException"
    return False


def test_a_denial_may_be_written_as_in_iam() -> None:
    """IAM's prefix is accepted, and a denial of an unknown operation is refused."""
    assert Denial.parse("rekognition:List*:*/train/*") == Denial("List*", "*/train/*")
    with pytest.raises(DenialError, match="Did you mean `ListDatasetEntries`"):
        Denial.parse("ListDatasetEntry")


def test_the_refusal_reads_like_awss(clock: Clock) -> None:
    """AWS's message has the user, the operation and the resource, and comes with HTTP status 400."""
    with serve(clock=clock, deny=("CreateProject",)) as emulator, pytest.raises(ClientError) as refused:
        emulator.client().create_project(ProjectName="cells")
    assert refused.value.response["Error"]["Message"] == (
        "User: arn:aws:iam::111122223333:user/emulator is not authorized to perform: rekognition:CreateProject "
        "on resource: *."
    )
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_copying_needs_permission_on_the_source(clock: Clock) -> None:
    """A copy needs ListDatasetEntries on its source, and a creation with tags needs TagResource."""
    with serve(clock=clock) as emulator:
        client = emulator.client(config=ONCE)
        project = client.create_project(ProjectName="cells")["ProjectArn"]
        arn = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
        emulator.front_end.before_work.append(_permissions("ListDatasetEntries", "TagResource"))
        source: Any = {"DatasetArn": arn}
        with pytest.raises(ClientError, match=f"rekognition:ListDatasetEntries on resource: {arn}"):
            client.create_dataset(ProjectArn=project, DatasetType="TEST", DatasetSource=source)
        with pytest.raises(ClientError, match="rekognition:TagResource"):
            client.create_dataset(ProjectArn=project, DatasetType="TEST", Tags={"a": "b"})
        client.create_dataset(ProjectArn=project, DatasetType="TEST")
