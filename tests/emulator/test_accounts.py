"""Accounts: what STS says of a caller, whose projects a caller sees, and which Host names are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from rekognition_emulator import serve
from tests.emulator.test_wire import send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rekognition_emulator import Emulator

OTHER = "444455556666"
ROLE = f"arn:aws:iam::{OTHER}:role/teams/labels"


@pytest.fixture
def two_accounts() -> Iterator[Emulator]:
    """An emulator where the access key AKIDOTHER is of a second account."""
    with serve(accounts={"AKIDOTHER": OTHER}) as emulator:
        yield emulator


def client(emulator: Emulator, service: str, key: str = "AKIDEXAMPLE", token: str | None = None) -> Any:  # noqa: ANN401 - boto3 makes its clients' types
    """A client with these credentials."""
    session = boto3.Session(key, "not-a-secret", token, region_name="eu-west-1")
    make: Any = session.client  # its overloads need a literal name
    return make(service, endpoint_url=emulator.url)


def assumed(emulator: Emulator) -> tuple[str, str]:
    """Access key and session token of the role."""
    reply = client(emulator, "sts").assume_role(RoleArn=ROLE, RoleSessionName="ci")
    return reply["Credentials"]["AccessKeyId"], reply["Credentials"]["SessionToken"]


def test_get_caller_identity_has_the_account_of_the_access_key(two_accounts: Emulator) -> None:
    """A key has the emulator's account, or the one that the setting gives it."""
    identity = client(two_accounts, "sts").get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == ("111122223333", "arn:aws:iam::111122223333:user/emulator")
    assert client(two_accounts, "sts", "AKIDOTHER").get_caller_identity()["Account"] == OTHER
    assert [call.operation for call in two_accounts.calls] == ["GetCallerIdentity"] * 2


def test_an_assumed_role_is_of_the_account_in_its_arn(two_accounts: Emulator) -> None:
    """The credentials of a role name the role's account and its session, also at an emulator that was started later."""
    key, token = assumed(two_accounts)
    with serve() as restarted:
        identity = client(restarted, "sts", key, token).get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (OTHER, f"arn:aws:sts::{OTHER}:assumed-role/labels/ci")


def test_a_web_identity_needs_no_credentials(two_accounts: Emulator) -> None:
    """AssumeRoleWithWebIdentity is answered like AssumeRole."""
    reply = client(two_accounts, "sts").assume_role_with_web_identity(
        RoleArn=ROLE, RoleSessionName="ci", WebIdentityToken="a token"
    )
    assert reply["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{OTHER}:assumed-role/labels/ci"


def test_an_account_sees_only_its_own_projects(two_accounts: Emulator) -> None:
    """A project and its dataset do not exist for callers of a different account."""
    mine = client(two_accounts, "rekognition")
    project = mine.create_project(ProjectName="cells")["ProjectArn"]
    dataset = mine.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
    for key, token in (("AKIDOTHER", None), assumed(two_accounts)):
        other = client(two_accounts, "rekognition", key, token)
        assert other.describe_projects()["ProjectDescriptions"] == []
        with pytest.raises(other.exceptions.ResourceNotFoundException):
            other.describe_dataset(DatasetArn=dataset)
    other_arn = client(two_accounts, "rekognition", "AKIDOTHER").create_project(ProjectName="cells")["ProjectArn"]
    assert other_arn.startswith(f"arn:aws:rekognition:eu-west-1:{OTHER}:project/cells/")


def test_sts_refuses_as_aws_does() -> None:
    """A denied operation, an invalid role and an unknown operation are errors that boto3 understands."""
    with serve(deny=("sts:AssumeRole:*:role/teams/*", "sts:GetCallerIdentity")) as emulator:
        sts = client(emulator, "sts")
        for call, code in (
            (lambda: sts.assume_role(RoleArn=ROLE, RoleSessionName="ci"), "AccessDenied"),
            (sts.get_caller_identity, "AccessDenied"),
            (lambda: sts.assume_role(RoleArn="arn:aws:iam::1:user/x", RoleSessionName="ci"), "ValidationError"),
            (sts.get_session_token, "InvalidAction"),
        ):
            with pytest.raises(ClientError) as refused:
                call()
            assert refused.value.response["Error"]["Code"] == code
        assert emulator.calls[0].error == "AccessDeniedException"


USER = "arn:aws:iam::111122223333:user/emulator"
DATASET = "arn:aws:rekognition:eu-west-1:111122223333:project/cells/dataset/train/1"


def test_iam_tells_what_the_denials_deny() -> None:
    """SimulatePrincipalPolicy has an answer for each action on each resource; a role has an ARN."""
    with serve(deny=("UpdateDatasetEntries:*/train/*", "s3:PutObject")) as emulator:
        iam = client(emulator, "iam")
        actions = ["rekognition:UpdateDatasetEntries", "rekognition:CreateDataset", "s3:PutObject"]
        asked = {"PolicySourceArn": USER, "ActionNames": actions, "ResourceArns": [DATASET, "*"]}
        results = iam.simulate_principal_policy(**asked)["EvaluationResults"]
        assert [(one["EvalActionName"].partition(":")[2], one["EvalDecision"]) for one in results] == [
            ("UpdateDatasetEntries", "explicitDeny"),
            ("UpdateDatasetEntries", "allowed"),
            ("CreateDataset", "allowed"),
            ("CreateDataset", "allowed"),
            ("PutObject", "explicitDeny"),
            ("PutObject", "explicitDeny"),
        ]
        assert {one["EvalResourceName"] for one in results} == {DATASET, "*"}
        assert iam.get_role(RoleName="labels")["Role"]["Arn"] == "arn:aws:iam::111122223333:role/labels"


def test_iam_refuses_as_aws_does() -> None:
    """A session, a user elsewhere, a wrong action and a denied question are errors that boto3 understands."""
    with serve(deny=("iam:GetRole",)) as emulator:
        iam = client(emulator, "iam")

        def simulated(principal: str = USER, action: str = "s3:GetObject") -> None:
            iam.simulate_principal_policy(PolicySourceArn=principal, ActionNames=[action])

        session = "arn:aws:sts::111122223333:assumed-role/labels/ci"
        for call, code in (
            (lambda: simulated(session), "InvalidInput"),
            (lambda: simulated(f"arn:aws:iam::{OTHER}:user/x"), "NoSuchEntity"),
            (lambda: simulated(action="GetObject"), "InvalidInput"),
            (lambda: iam.simulate_principal_policy(PolicySourceArn=USER, ActionNames=[]), "ValidationError"),
            (lambda: iam.get_role(RoleName="labels"), "AccessDenied"),
            (iam.list_users, "InvalidAction"),
        ):
            with pytest.raises(ClientError) as refused:
                call()
            assert refused.value.response["Error"]["Code"] == code


@pytest.mark.parametrize("path", ["/", "/_emulator/calls"])
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:5557", 200),
        ("LOCALHOST", 200),
        ("bucket.localhost:5557", 200),
        ("notlocalhost", 403),
        ("127.0.0.1:1", 200),
        ("127.1.2.3", 200),
        ("[::1]:5557", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example:5557", 403),
        ("localhost.evil.example", 403),
        ("192.168.0.7", 403),
        ("0.0.0.0", 403),  # noqa: S104 - a name that is refused
        ("[fe80::1]", 403),
        ("localhost:5557:1", 403),
        ("", 403),
    ],
)
def test_only_host_names_of_loopback_are_answered(emulator: Emulator, host: str, status: int, path: str) -> None:
    """A web page that moves its own name to 127.0.0.1 reaches neither the page nor the control interface."""
    assert send(emulator, target=None, method="GET", path=path, Host=host).status == status


def test_no_call_is_answered_at_a_strange_host_name(emulator: Emulator) -> None:
    """A call is not made; an emulator at all addresses answers every name."""
    assert send(emulator, Host="evil.example").status == 403
    assert emulator.calls == []
    with serve(host="0.0.0.0") as public:  # noqa: S104 - the address of the test
        port = public.url.rpartition(":")[2]
        assert send(f"http://127.0.0.1:{port}", Host="evil.example").status == 200
