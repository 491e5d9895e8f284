"""Which errors are sent again, for how long, and what is said when it is given up."""

import re
import socket
from collections.abc import Iterator

import botocore.session
import pytest

import rekognition_emulator
from reconciler.aws.calls import Patience
from reconciler.aws.gateway import Gateway
from reconciler.errors import AccessDenied, BadInput, InUse, NotFound, ServiceError, TooLarge
from reconciler.model import DatasetType
from rekognition_emulator import Clock, Emulator, Latency
from tests.support.aws_doubles import (
    PROJECT,
    REQUEST_ID,
    Answer,
    FakeClock,
    Log,
    ScriptedServer,
    dataset,
    failure,
    gateway_at,
)

ARN = "arn:aws:rekognition:us-east-1:111122223333:project/p/dataset/train/1690405809286"
USED = (
    *("DescribeProjects", "DescribeDataset", "ListDatasetEntries"),
    *("UpdateDatasetEntries", "CreateDataset", "DeleteDataset"),
)
THROTTLES = ["ThrottlingException", "ProvisionedThroughputExceededException", "Throttling", "TooManyRequestsException"]
# Code of an error that no retry cures -> the exception and a word of its sentence.
FINAL: dict[str, tuple[type[ServiceError], str]] = {
    "AccessDeniedException": (AccessDenied, "IAM policy"),
    "AccessDenied": (AccessDenied, "IAM policy"),
    "ExpiredTokenException": (AccessDenied, "aws sso login"),
    "ExpiredToken": (AccessDenied, "have expired"),
    "RequestExpired": (AccessDenied, "have expired"),
    "UnrecognizedClientException": (AccessDenied, "does not know these credentials"),
    "InvalidClientTokenId": (AccessDenied, "does not know these credentials"),
    "InvalidSignatureException": (AccessDenied, "this machine's clock"),
    "SignatureDoesNotMatch": (AccessDenied, "this machine's clock"),
    "MissingAuthenticationTokenException": (AccessDenied, "configure AWS credentials"),
    "IncompleteSignatureException": (AccessDenied, "check the access key"),
    "ResourceInUseException": (InUse, "wait until it has ended and run again"),
    "ResourceNotReadyException": (InUse, "still being created"),
    "ResourceNotFoundException": (NotFound, "run again to look for it and create it again"),
    "ResourceAlreadyExistsException": (ServiceError, "it is used as it is"),
    "InvalidPaginationTokenException": (ServiceError, "no longer valid"),
    "InvalidParameterException": (ServiceError, "report it"),
    "ValidationException": (ServiceError, "report it"),
    "InvalidS3ObjectException": (ServiceError, "check bucket, key"),
    "SomethingNewException": (ServiceError, "see AWS's code and message"),
}


def update(gateway: Gateway) -> None:
    """One UpdateDatasetEntries."""
    gateway.update_entries(ARN, b'{"source-ref":"s3://bucket/1"}\n')


@pytest.mark.parametrize(("code", "kind", "words"), [(code, *row) for code, row in FINAL.items()], ids=list(FINAL))
def test_an_error_that_no_retry_cures_is_a_sentence_at_once(
    server: ScriptedServer, clock: FakeClock, code: str, kind: type[ServiceError], words: str
) -> None:
    """One attempt; the sentence has the operation, what to do, AWS's code and text, and the request id."""
    server.answers(failure(code, message="Text \x1b[31mred"))
    gateway = gateway_at(server.url, clock)
    with pytest.raises(ServiceError) as caught:
        update(gateway)
    error = caught.value
    assert type(error) is kind
    assert (error.code, error.operation, error.request_id) == (code, "UpdateDatasetEntries", REQUEST_ID)
    said = str(error)
    assert said.startswith("UpdateDatasetEntries: ")
    assert words in said
    assert f"({code}: Text \\x1b[31mred)" in said
    assert said.endswith(f"[request id {REQUEST_ID}]")
    assert error.__suppress_context__ or error.__context__ is None
    assert (len(server.requests), clock.slept) == (1, [])


def test_every_documented_exception_has_a_sentence_of_its_own(server: ScriptedServer, clock: FakeClock) -> None:
    """The exceptions of the operations that are called, as botocore's service model lists them."""
    model = botocore.session.get_session().get_service_model("rekognition")
    documented = {shape.name for name in USED for shape in model.operation_model(name).error_shapes}
    assert len(documented) >= 12
    gateway = gateway_at(server.url, clock)
    for code in sorted(documented):
        server.answers(failure(code))
        with pytest.raises(ServiceError) as caught:
            update(gateway)
        assert "the service answered with an error" not in str(caught.value), code


@pytest.mark.parametrize("code", THROTTLES)
@pytest.mark.parametrize("status", [400, 500])
def test_throttling_is_waited_out(server: ScriptedServer, clock: FakeClock, code: str, status: int) -> None:
    """With pauses that double from half a second, shortened by up to half at random."""
    server.answers(*[failure(code, status)] * 4, Answer())
    gateway = gateway_at(server.url, clock)
    update(gateway)
    assert len(server.requests) == 5
    assert len(clock.slept) == 4
    for number, pause in enumerate(clock.slept):
        assert 0.25 * 2**number <= pause <= 0.5 * 2**number


def test_pauses_differ_between_clients(server: ScriptedServer) -> None:
    """Jitter: two clients that were throttled together do not come back together."""
    pauses = []
    for seed in (1, 2):
        clock = FakeClock()
        server.answers(failure("ThrottlingException"), Answer())
        update(gateway_at(server.url, clock, seed=seed))
        pauses.append(clock.slept)
    assert pauses[0] != pauses[1]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (failure("InternalServerError", 500), "InternalServerError"),
        (failure("ServiceUnavailable", 503), "ServiceUnavailable"),
        (failure("SomethingNew", 502), "SomethingNew"),
        (failure("ThrottlingException"), "ThrottlingException"),
    ],
    ids=["500", "503", "new", "throttled"],
)
def test_retrying_ends_within_five_minutes(server: ScriptedServer, clock: FakeClock, answer: Answer, code: str) -> None:
    """No pause is longer than 20 seconds; then the sentence says that AWS failed."""
    server.answers(answer)
    with pytest.raises(ServiceError) as caught:
        update(gateway_at(server.url, clock))
    assert caught.value.code == code
    assert 240 < sum(clock.slept) <= 300
    assert max(clock.slept) <= 20
    assert "run again" in str(caught.value)


def test_every_retry_is_told(server: ScriptedServer, clock: FakeClock) -> None:
    """Each says the operation, the error, which attempt failed, the pause, and for how long retries go on."""
    server.answers(failure("ThrottlingException"), failure("InternalServerError", 500), Answer(b"", 502), Answer())
    said: list[str] = []
    update(gateway_at(server.url, clock).patient(Patience(1800.0, lambda: None, said.append)))
    told = [re.sub(r"\d+\.\d s", "PAUSE", one) for one in said]
    begins = "UpdateDatasetEntries: "
    assert told[0] == f"{begins}ThrottlingException; attempt 1 failed, trying again in PAUSE and for at most 300 s"
    assert told[1].startswith(f"{begins}InternalServerError; attempt 2 failed, trying again in PAUSE and for at most ")
    assert told[2].startswith(f"{begins}NotFromAws; attempt 3 failed, trying again in PAUSE and for at most ")
    assert len(told) == 3


def test_an_exceeded_limit_is_tried_three_times_within_a_minute(server: ScriptedServer, clock: FakeClock) -> None:
    """The dataset is idle, so the limit is the account's; the sentence has both causes and AWS's text."""
    limit, idle = failure("LimitExceededException", message="Too many."), dataset("UPDATE_COMPLETE")
    server.answers(limit, idle, limit, idle, limit, idle)
    with pytest.raises(
        ServiceError, match=r"quota of the account is exceeded, or too many operations .*Too many\."
    ) as caught:
        update(gateway_at(server.url, clock))
    assert caught.value.code == "LimitExceededException"
    assert "Service Quotas" in str(caught.value)
    assert [request[0] for request in server.requests].count("UpdateDatasetEntries") == 3
    assert sum(clock.slept) <= 60


@pytest.mark.parametrize("operation", ["update", "delete"])
def test_an_exceeded_limit_of_a_busy_dataset_is_a_running_operation(
    server: ScriptedServer, clock: FakeClock, operation: str
) -> None:
    """AWS lists the exception and does not explain it: while the dataset is busy, it is waited for."""
    server.answers(failure("LimitExceededException"), dataset("UPDATE_IN_PROGRESS"))
    gateway = gateway_at(server.url, clock)
    with pytest.raises(InUse):
        update(gateway) if operation == "update" else gateway.delete_dataset(ARN)
    assert clock.slept == []


@pytest.mark.parametrize(
    "answer",
    [
        failure("RequestEntityTooLargeException", 413),
        Answer(b"<html>413 Request Entity Too Large</html>", 413),
        Answer(b"", 413),
        failure(
            "ValidationException",
            message="1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=9 cap=9]' at "
            "'changes.groundTruth' failed to satisfy constraint: Member must have length less than or equal to 8",
        ),
    ],
    ids=["code", "page", "empty", "constraint"],
)
def test_too_large_a_body_is_known_by_every_answer_that_says_so(
    server: ScriptedServer, clock: FakeClock, answer: Answer
) -> None:
    """It is not sent again, and later bodies have at most half of its size."""
    server.answers(answer)
    gateway = gateway_at(server.url, clock)
    with pytest.raises(TooLarge):
        gateway.update_entries(ARN, b"x" * 1000)
    assert (gateway.largest_body, clock.slept) == (500, [])


def test_a_refused_connection_is_reported_within_30_seconds(clock: FakeClock) -> None:
    """A wrong endpoint or region never answers; the user learns it soon."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ServiceError, match=r"no answer from AWS .*check the network and the region") as caught:
            update(gateway_at(url, clock))
    assert caught.value.code == "EndpointConnectionError"
    assert 10 < sum(clock.slept) <= 30


@pytest.mark.parametrize("seed", range(8))
def test_no_jitter_makes_a_dead_endpoint_take_longer(clock: FakeClock, seed: int) -> None:
    """The next pause is counted before it is begun."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(ServiceError):
            update(gateway_at(f"http://127.0.0.1:{unused.getsockname()[1]}", clock, seed=seed))
    assert sum(clock.slept) <= 30


@pytest.mark.parametrize("fault", ["reset", "truncate"])
def test_a_broken_connection_is_tried_again(emulator: Emulator, clock: FakeClock, fault: str) -> None:
    """A reset, or a body that ends early."""
    project = emulator.client().create_project(ProjectName="p")["ProjectArn"]
    emulator.load_faults(f"faults: [{{fault: {fault}, operation: DescribeProjects, on: [1, 2]}}]")
    found = gateway_at(emulator.url, clock).project(project)
    assert found is not None
    assert len(clock.slept) == 2


def test_once_throttled_an_operation_keeps_its_distance(server: ScriptedServer, clock: FakeClock, log: Log) -> None:
    """A throttled operation makes at most four of the account's five calls per second; others are not slowed."""
    server.answers(failure("ThrottlingException"), dataset("CREATE_COMPLETE"))
    gateway = gateway_at(server.url, clock, log)
    gateway.describe(ARN)
    slept = len(clock.slept)
    for _ in range(3):
        gateway.describe(ARN)
    assert clock.slept[slept:] == [pytest.approx(0.25)] * 3
    clock.slept.clear()
    server.answers(Answer({"DatasetEntries": []}))
    list(gateway.entries(ARN))
    assert clock.slept == []


def test_without_throttling_nothing_waits(server: ScriptedServer, clock: FakeClock) -> None:
    """Calls follow one another at once."""
    server.answers(dataset("CREATE_COMPLETE"))
    gateway = gateway_at(server.url, clock)
    for _ in range(9):
        gateway.describe(ARN)
    assert clock.slept == []


@pytest.fixture
def slow() -> Iterator[Emulator]:
    """An emulator whose operations never end, because its clock does not move."""
    latency = Latency(create=0, update=100, delete=100)
    with rekognition_emulator.serve(clock=Clock(1_700_000_000.0), latency=latency) as running:
        yield running


def made(emulator: Emulator) -> tuple[str, str]:
    """A project and an empty dataset in it."""
    client = emulator.client()
    project = client.create_project(ProjectName="p")["ProjectArn"]
    return project, client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]


@pytest.mark.parametrize("fault", ["error", "reset", "truncate"])
def test_an_update_that_was_taken_but_answered_badly_counts_as_sent(
    slow: Emulator, clock: FakeClock, log: Log, fault: str
) -> None:
    """The next attempt gets ResourceInUseException from the update that it began: that is not an error."""
    _, arn = made(slow)
    at = "" if "truncate" in fault else ", at: after"
    slow.load_faults(f"faults: [{{fault: {fault}{at}, operation: UpdateDatasetEntries, on: 1}}]")
    gateway_at(slow.url, clock, log).update_entries(arn, b'{"source-ref":"s3://bucket/1"}\n')
    assert [one.answer for one in log][-1] == "ResourceInUseException"
    assert len(log) == 2
    slow.clock.advance(100)
    assert [entry.key for entry in slow.entries(arn)] == ["s3://bucket/1"]


def test_an_update_that_was_not_taken_is_sent_again(emulator: Emulator, clock: FakeClock, log: Log) -> None:
    """A 500 before the work was done."""
    _, arn = made(emulator)
    emulator.load_faults("faults: [{fault: error, operation: UpdateDatasetEntries, on: 1}]")
    gateway_at(emulator.url, clock, log).update_entries(arn, b'{"source-ref":"s3://bucket/1"}\n')
    assert [one.answer for one in log] == ["InternalServerError", "ok"]
    assert [entry.key for entry in emulator.entries(arn)] == ["s3://bucket/1"]


def test_a_busy_dataset_after_throttling_is_not_taken_for_ours(server: ScriptedServer, clock: FakeClock) -> None:
    """A throttled call did no work, so the operation that runs is somebody else's."""
    server.answers(failure("ThrottlingException"), failure("ResourceInUseException"))
    with pytest.raises(InUse):
        update(gateway_at(server.url, clock))


def test_another_error_after_an_unclear_one_is_said(server: ScriptedServer, clock: FakeClock) -> None:
    """Only the error that proves the work is taken for success."""
    server.answers(failure("InternalServerError", 500), failure("AccessDeniedException"))
    with pytest.raises(AccessDenied):
        update(gateway_at(server.url, clock))


def test_a_dataset_that_was_created_but_answered_badly_is_found(emulator: Emulator, clock: FakeClock) -> None:
    """The next attempt meets ResourceAlreadyExistsException; the project then tells the ARN."""
    project = emulator.client().create_project(ProjectName="p")["ProjectArn"]
    emulator.load_faults("faults: [{fault: error, at: after, operation: CreateDataset, on: 1}]")
    gateway = gateway_at(emulator.url, clock)
    arn = gateway.create_dataset(project, DatasetType.TEST)
    found = gateway.project(project)
    assert found is not None
    assert found.datasets == {DatasetType.TEST: arn}


def test_a_dataset_that_somebody_else_created_is_an_error(emulator: Emulator, clock: FakeClock) -> None:
    """Without an unclear attempt before it is not ours."""
    project, _ = made(emulator)
    with pytest.raises(ServiceError, match="it exists already"):
        gateway_at(emulator.url, clock).create_dataset(project, DatasetType.TRAIN)


def test_a_creation_that_failed_for_good_is_an_error(server: ScriptedServer, clock: FakeClock) -> None:
    """After an unclear attempt the project is asked; where it has no dataset the error remains."""
    described = Answer({"ProjectDescriptions": [{"ProjectArn": PROJECT, "Status": "CREATED"}]})
    server.answers(failure("InternalServerError", 500), failure("AccessDeniedException"), described)
    with pytest.raises(AccessDenied, match="CreateDataset"):
        gateway_at(server.url, clock).create_dataset(PROJECT, DatasetType.TRAIN)


@pytest.mark.parametrize("delay", [0.0, 100.0], ids=["gone", "going"])
def test_a_deletion_that_was_taken_but_answered_badly_counts(clock: FakeClock, delay: float) -> None:
    """The next attempt finds the dataset going or gone."""
    with rekognition_emulator.serve(clock=Clock(1_700_000_000.0), latency=Latency(delete=delay)) as emulator:
        _, arn = made(emulator)
        emulator.load_faults("faults: [{fault: error, at: after, operation: DeleteDataset, on: 1}]")
        gateway_at(emulator.url, clock).delete_dataset(arn)
        emulator.clock.advance(delay)
        assert gateway_at(emulator.url, clock).describe(arn) is None


def test_what_is_not_aws_doing_is_not_dressed_up(server: ScriptedServer, clock: FakeClock) -> None:
    """A defect of this program shows as what it is."""
    server.answers(Answer())

    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        gateway_at(server.url, clock).calls.make("DescribeDataset", broken)


def test_a_request_that_boto3_itself_refuses_is_bad_input(server: ScriptedServer, clock: FakeClock) -> None:
    """Nothing is sent and nothing retried."""
    with pytest.raises(BadInput, match="DescribeDataset: Parameter validation failed"):
        gateway_at(server.url, clock).describe("x")
    assert (server.requests, clock.slept) == ([], [])
