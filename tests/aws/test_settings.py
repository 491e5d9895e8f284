"""Who calls which endpoint: profiles, keys, roles, accounts; and that secrets stay secret."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from urllib.parse import parse_qs

import boto3
import botocore
import pytest

from reconciler.aws.arns import ProjectArn
from reconciler.aws.calls import Calls
from reconciler.aws.clock import SystemClock
from reconciler.aws.connection import AssumeRole, Connection, check_account
from reconciler.aws.gateway import Gateway
from reconciler.aws.objects import Objects, S3Address
from reconciler.errors import AccessDenied, BadInput, ReconcilerError
from tests.support.aws_doubles import PROJECT, Answer, FakeClock, Log, ScriptedServer, failure

ARN = "arn:aws:rekognition:us-east-1:111122223333:project/p/dataset/train/1690405809286"
SECRETS = ("S3CR3T-KEY", "S3CR3T-TOKEN")
ROLE = "arn:aws:iam::111122223333:role/labels"


def assumed(key: str, until: str = "2030-01-01T00:00:00Z") -> Answer:
    """AssumeRole's reply (AWS Security Token Service API Reference)."""
    return Answer(
        f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
        <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{key}-secret</SecretAccessKey><SessionToken>{key}-token</SessionToken>
        <Expiration>{until}</Expiration></Credentials></AssumeRoleResult>
        </AssumeRoleResponse>""".encode()
    )


def describe(connection: Connection, clock: FakeClock, log: Log | None = None) -> None:
    """One call with these settings."""
    record = (lambda _record: None) if log is None else log.append
    calls = Calls(clock, Random(0), record)  # noqa: S311 - repeatable
    Gateway(connection.client("us-east-1"), calls).describe(ARN)


@pytest.fixture
def keyed(server: ScriptedServer) -> Connection:
    """Keys with secrets, and a server that refuses them."""
    server.answers(failure("InvalidSignatureException"))
    key, token = SECRETS
    return Connection(access_key="AKIDEXAMPLE", secret_key=key, token=token, endpoints={"rekognition": server.url})


def test_secrets_reach_no_repr_message_or_log(keyed: Connection, server: ScriptedServer, clock: FakeClock) -> None:
    """Only the session token is sent, in its header, as signing asks for."""
    log = Log()
    with pytest.raises(AccessDenied) as caught:
        describe(keyed, clock, log)
    shown = f"{keyed!r} {keyed} {caught.value!r} {caught.value} {list(log)!r}"
    assert not any(secret in shown for secret in SECRETS)
    _, body, headers = server.requests[0]
    assert SECRETS[0] not in f"{body} {headers}"
    assert headers["X-Amz-Security-Token"] == SECRETS[1]
    assert "Credential=AKIDEXAMPLE/" in headers["Authorization"]


def test_the_program_names_itself_and_its_region(keyed: Connection, server: ScriptedServer, clock: FakeClock) -> None:
    """In the User-Agent and in the signature's scope."""
    with pytest.raises(AccessDenied):
        describe(keyed, clock)
    headers = server.requests[0][2]
    assert "rekognition-labels-as-code" in headers["User-Agent"]
    assert "/us-east-1/rekognition/aws4_request" in headers["Authorization"]


def test_who_asks_is_said_as_boto3_says_it(
    keyed: Connection, server: ScriptedServer, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the versions, what AWS_EXECUTION_ENV and AWS_SDK_UA_APP_ID say, and a dash for what fits no header."""
    monkeypatch.setenv("AWS_EXECUTION_ENV", "CI\r\nX-Bad: 1")
    monkeypatch.setenv("AWS_SDK_UA_APP_ID", "cell(s)")
    with pytest.raises(AccessDenied):
        describe(keyed, clock)
    said = server.requests[0][2]["User-Agent"]
    words = f"Boto3/{boto3.__version__}", f"Botocore/{botocore.__version__}", "exec-env/CI--X-Bad- 1", "app/cell-s-"
    assert [said.count(word) for word in words] == [1] * len(words)


def test_roles_are_assumed_one_after_another(server: ScriptedServer, clock: FakeClock) -> None:
    """Each with the credentials of the one before; the call is made with the last one's. Unset options are not sent."""
    server.answers(assumed("ASIAONE"), assumed("ASIATWO"), failure("ResourceNotFoundException"))
    full = AssumeRole(
        ROLE,
        session_name="night",
        external_id="xx",
        duration_seconds=900,
        policy="{}",
        policy_arns=("arn:aws:iam::aws:policy/A",),
        tags=(("team", "vision"),),
        transitive_tag_keys=("team",),
        source_identity="me",
    )
    endpoints = {"rekognition": server.url, "sts": server.url}
    roles = (AssumeRole(ROLE), full)
    describe(Connection(access_key="AKIDBASE", secret_key="s", assume_roles=roles, endpoints=endpoints), clock)
    first, second = (parse_qs(body) for _, body, _ in server.requests[:2])
    assert set(first) == {"Action", "Version", "RoleArn", "RoleSessionName"}
    assert first["RoleSessionName"] == ["rekognition-labels-as-code"]
    assert second["DurationSeconds"] == ["900"]
    assert second["PolicyArns.member.1.arn"] == ["arn:aws:iam::aws:policy/A"]
    assert (second["Tags.member.1.Key"], second["Tags.member.1.Value"]) == (["team"], ["vision"])
    assert (second["ExternalId"], second["SourceIdentity"], second["Policy"]) == (["xx"], ["me"], ["{}"])
    used = [headers["Authorization"].partition("Credential=")[2].partition("/")[0] for *_, headers in server.requests]
    assert used == ["AKIDBASE", "ASIAONE", "ASIATWO"]


def test_an_assumed_role_is_renewed_before_it_expires(server: ScriptedServer, clock: FakeClock) -> None:
    """An apply may take longer than a role is valid; whoever was assumed before it is asked again."""
    soon = f"{datetime.now(UTC) + timedelta(seconds=240):%Y-%m-%dT%H:%M:%SZ}"
    server.answers(
        *(assumed("ASIAONE"), assumed("ASIATWO", soon), assumed("ASIATHREE")),
        failure("ResourceNotFoundException"),
    )
    endpoints = {"rekognition": server.url, "sts": server.url}
    roles = (AssumeRole(ROLE), AssumeRole(ROLE))
    describe(Connection(access_key="AKIDBASE", secret_key="s", assume_roles=roles, endpoints=endpoints), clock)
    used = [headers["Authorization"].partition("Credential=")[2].partition("/")[0] for *_, headers in server.requests]
    assert used == ["AKIDBASE", "ASIAONE", "ASIAONE", "ASIATHREE"]


@pytest.mark.parametrize("roles", [1, 2])
def test_renewed_credentials_that_have_expired_already_are_a_sentence(
    server: ScriptedServer, clock: FakeClock, roles: int
) -> None:
    """A clock that is ahead: botocore raises a bare RuntimeError, at a call or while the next role is assumed."""
    server.answers(assumed("ASIAONE", "2001-01-01T00:00:00Z"))
    endpoints = {"rekognition": server.url, "sts": server.url, "s3": server.url}
    role = AssumeRole(ROLE)
    connection = Connection(access_key="AKID", secret_key="s", assume_roles=(role,) * roles, endpoints=endpoints)
    with pytest.raises(AccessDenied, match="the new ones have expired already; check this machine's clock"):
        describe(connection, clock)
    calls = Calls(clock, Random(0))  # noqa: S311 - repeatable
    with pytest.raises(ReconcilerError, match="the new ones have expired already; check this machine's clock"):
        Objects(connection.s3_client("us-east-1"), calls).put(S3Address.parse("s3://acme-keep/x"), b"x")


def test_a_role_that_may_not_be_assumed_is_a_sentence(server: ScriptedServer, clock: FakeClock) -> None:
    """A role that cannot be assumed is one error, before Rekognition is called."""
    body = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>No.</Message></Error></ErrorResponse>"
    server.answers(Answer(body, 403))
    endpoints = {"rekognition": server.url, "sts": server.url}
    with pytest.raises(AccessDenied, match=r"connecting to AWS: .*may not make this call \(AccessDenied: No\.\)"):
        describe(Connection(assume_roles=(AssumeRole(ROLE),), endpoints=endpoints), clock)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("connection", "words"),
    [
        (Connection(profile="nobody"), "The config profile \\(nobody\\) could not be found"),
        (Connection(endpoints={"rekognition": "nonsense"}), "Invalid endpoint: nonsense"),
    ],
    ids=["profile", "endpoint"],
)
def test_settings_that_cannot_be_used_are_bad_input(connection: Connection, words: str, clock: FakeClock) -> None:
    """Settings that cannot be used are an error before any call."""
    with pytest.raises(BadInput, match=f"connecting to AWS: .*{words}"):
        describe(connection, clock)


@pytest.mark.parametrize(
    ("connection", "rekognition", "s3"),
    [
        (
            Connection(fips=True),
            "https://rekognition-fips.eu-west-1.amazonaws.com",
            "https://s3-fips.eu-west-1.amazonaws.com",
        ),
        (
            Connection(dualstack=True),
            "https://rekognition.eu-west-1.api.aws",
            "https://s3.dualstack.eu-west-1.amazonaws.com",
        ),
        (
            Connection(path_style=True),
            "https://rekognition.eu-west-1.amazonaws.com",
            "https://s3.eu-west-1.amazonaws.com",
        ),
    ],
    ids=["FIPS", "dual stack", "path style"],
)
def test_the_kind_of_endpoint_is_chosen(connection: Connection, rekognition: str, s3: str) -> None:
    """As AWS names them; buckets go into the path where that is asked for."""
    assert connection.client("eu-west-1").meta.endpoint_url == rekognition
    client = connection.s3_client("eu-west-1")
    assert client.meta.endpoint_url == s3
    address = client.generate_presigned_url("get_object", Params={"Bucket": "acme", "Key": "k"})
    assert ("/acme/k" in address) is connection.path_style


def test_without_credentials_the_user_is_told_what_to_configure(
    server: ScriptedServer, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing credentials are one error with the cure; nothing is sent or retried."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(AccessDenied, match="configure AWS credentials"):
        describe(Connection(endpoints={"rekognition": server.url}), clock)
    assert (server.requests, clock.slept) == ([], [])


def test_a_profile_gives_keys_and_region(
    server: ScriptedServer, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys and region of a profile come from the user's own files."""
    files = tmp_path / "config"
    files.write_text("[profile vision]\nregion = eu-west-1\naws_access_key_id = AKIDFILE\naws_secret_access_key = s\n")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(files))
    connection = Connection(profile="vision", endpoints={"rekognition": server.url})
    assert connection.configured_region() == "eu-west-1"
    server.answers(failure("ResourceNotFoundException"))
    describe(connection, clock)
    assert "Credential=AKIDFILE/" in server.requests[0][2]["Authorization"]


def test_the_region_is_the_settings_then_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    """The region is that of `aws:region`, AWS_REGION or AWS_DEFAULT_REGION, in this order."""
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert Connection(region="us-east-2").configured_region() == "us-east-2"
    assert Connection().configured_region() == "us-west-2"
    monkeypatch.delenv("AWS_REGION")
    assert Connection().configured_region() == "eu-west-1"
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert Connection().configured_region() is None
    with pytest.raises(BadInput, match="nobody"):
        Connection(profile="nobody").configured_region()


@pytest.mark.parametrize(
    ("connection", "allowed"),
    [
        (Connection(), True),
        (Connection(allowed_account_ids=("111122223333",)), True),
        (Connection(allowed_account_ids=("999999999999", "111122223333")), True),
        (Connection(allowed_account_ids=("999999999999",)), False),
        (Connection(forbidden_account_ids=("111122223333",)), False),
        (Connection(forbidden_account_ids=("999999999999",)), True),
    ],
)
def test_only_allowed_accounts_are_called(connection: Connection, allowed: bool) -> None:  # noqa: FBT001 - a table
    """Judged by the project's ARN, before any call."""
    project = ProjectArn.parse(PROJECT)
    assert (project.partition, project.region, project.account, project.name) == (
        "aws",
        "us-east-1",
        "111122223333",
        "p",
    )
    if allowed:
        check_account(connection, project)
        return
    with pytest.raises(BadInput, match=r"in account 111122223333, which aws:allowedAccountIds .* forbids"):
        check_account(connection, project)


def test_every_exception_of_the_product_has_an_exit_code() -> None:
    """The table in `reconciler.errors` covers the whole tree."""

    def tree(kind: type[ReconcilerError]) -> list[type[ReconcilerError]]:
        return [kind, *(below for child in kind.__subclasses__() for below in tree(child))]

    ours = [kind for kind in tree(ReconcilerError) if kind.__module__ == "reconciler.errors"]
    codes = {kind.__name__: int(kind.exit_code) for kind in ours}
    assert codes == {
        "ReconcilerError": 1,
        "BadInput": 3,
        "InvalidDeclaration": 3,
        "Refused": 4,
        "ServiceError": 1,
        "AccessDenied": 1,
        "NotFound": 1,
        "InUse": 1,
        "AlreadyThere": 1,
        "Moved": 1,
        "OutOfPatience": 1,
        "TooLarge": 1,
        "UpdateFailed": 5,
        "Interrupted": 130,
    }


def test_the_system_clock_runs_forward() -> None:
    """After a pause the clock is later by at least its seconds."""
    clock = SystemClock()
    before = clock.now()
    clock.sleep(0.01)
    assert clock.now() - before >= 0.01
