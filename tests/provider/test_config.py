"""The stack's configuration reaches AWS as pulumi-aws would use it, and no message carries its secrets."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi_aws
import pytest

from reconciler.errors import BadInput
from reconciler.provider.stack_config import AWS_NAMES, OWN_NAMES, read_settings
from tests.provider.doubles import Sts, Tap
from tests.support.provider_engine import CallError, Resource, running
from tests.support.provider_world import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rekognition_emulator import Emulator

ROOT = Path(__file__).parents[2]
ACCESS, SECRET, TOKEN = "AKIASTACKSTACKSTACK0", "secret/key/of/the/stack/0123456789", "token-of-the-stack-0123456789"
KEYS = {"aws:accessKey": ACCESS, "aws:secretKey": SECRET}
PROFILE = "[profile team]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = x\nregion = eu-west-1\n"


class Desk:
    """What a test of the configuration works with."""

    def __init__(self, emulator: Emulator, tap: Tap, sts: Sts, program: Path) -> None:
        self.emulator, self.tap, self.sts, self.program = emulator, tap, sts, program

    @contextmanager
    def stack(
        self,
        config: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Iterator[tuple[World, Resource]]:
        """A provider process with this configuration beside the endpoints, and a resource."""
        endpoints = json.dumps([{"rekognition": self.tap.url, "sts": self.sts.url}])
        with running(self.program, {"aws:endpoints": endpoints, **(config or {})}, secrets, env) as provider:
            world = World(self.emulator, provider)
            yield world, world.declare({"1.jpg": ["cat"]})


@pytest.fixture
def desk(emulator: Emulator, tmp_path: Path) -> Iterator[Desk]:
    """The doubles, listening."""
    tap, sts = Tap(emulator), Sts()
    yield Desk(emulator, tap, sts, tmp_path)
    tap.close()
    sts.close()


def test_keys_and_token_of_the_stack_sign_the_requests(desk: Desk) -> None:
    """`aws:accessKey`, `secretKey` and `token` come before the environment's; secrets are decrypted."""
    with desk.stack(secrets={**KEYS, "aws:token": TOKEN}) as (_, cells):
        cells.up()
    assert desk.tap.signers == [ACCESS]
    assert desk.tap.tokens == [TOKEN]


def test_without_configuration_the_environment_signs(desk: Desk) -> None:
    """boto3's own search is left alone."""
    with desk.stack(env={"AWS_SESSION_TOKEN": "from-the-environment"}) as (_, cells):
        cells.up()
    assert desk.tap.signers == ["testing"]
    assert desk.tap.tokens == ["from-the-environment"]


def test_the_profile_of_the_stack_signs(desk: Desk) -> None:
    """`aws:profile` is read from the user's configuration files."""
    (desk.program / "aws-config").write_text(PROFILE)
    env = {"AWS_CONFIG_FILE": str(desk.program / "aws-config"), "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    with desk.stack({"aws:profile": "team"}, env=env) as (_, cells):
        cells.up()
    assert desk.tap.signers == ["AKIAPROFILE"]


def test_an_unknown_profile_is_a_sentence(desk: Desk) -> None:
    """There is no traceback, the message has the profile's name, and nothing is called."""
    with desk.stack({"aws:profile": "nobody"}) as (_, cells), pytest.raises(CallError) as caught:
        cells.up()
    assert "nobody" in caught.value.message
    assert "Traceback" not in caught.value.message
    assert desk.tap.headers == []


def test_the_region_is_that_of_the_projects_arn(desk: Desk) -> None:
    """Neither `aws:region` nor the environment moves a dataset."""
    with desk.stack({"aws:region": "eu-west-1"}, env={"AWS_REGION": "eu-west-3"}) as (_, cells):
        cells.up()
    assert desk.tap.regions == ["us-east-1"]


def test_roles_are_assumed_one_after_another(desk: Desk) -> None:
    """Each with the credentials of the one before; all of pulumi-aws's settings of a role are sent."""
    first = {
        "roleArn": "arn:aws:iam::111122223333:role/first",
        "sessionName": "labels",
        "externalId": 12345678,
        "duration": "1h",
        "tags": {"team": "vision"},
        "sourceIdentity": "ci-runner",
    }
    second = {"roleArn": "arn:aws:iam::111122223333:role/second"}
    with desk.stack({"aws:assumeRoles": json.dumps([first, second])}, KEYS) as (_, cells):
        cells.up()
    assert desk.sts.signers == [ACCESS, "ASIAROLE1"]
    assert desk.tap.signers == ["ASIAROLE2"]
    assert desk.tap.tokens == [Sts.token]
    sent = desk.sts.requests[0]
    assert {name: sent[name] for name in ("RoleSessionName", "ExternalId", "DurationSeconds", "SourceIdentity")} == {
        "RoleSessionName": "labels",
        "ExternalId": "12345678",
        "DurationSeconds": "3600",
        "SourceIdentity": "ci-runner",
    }
    assert sent["Tags.member.1.Key"] == "team"
    assert desk.sts.requests[1]["RoleArn"].endswith("role/second")


def test_a_role_that_may_not_be_assumed_is_a_sentence(desk: Desk) -> None:
    """The message has what STS says and what to do; Rekognition is not called."""
    desk.sts.refusal = "not authorized to perform sts:AssumeRole"
    roles = json.dumps([{"roleArn": "arn:aws:iam::111122223333:role/first"}])
    with desk.stack({"aws:assumeRoles": roles}) as (_, cells), pytest.raises(CallError) as caught:
        cells.up()
    assert "not authorized to perform sts:AssumeRole" in caught.value.message
    assert "Traceback" not in caught.value.message
    assert desk.tap.headers == []


@pytest.mark.parametrize(
    "config",
    [{"aws:allowedAccountIds": '["444455556666"]'}, {"aws:forbiddenAccountIds": '["111122223333"]'}],
    ids=["not allowed", "forbidden"],
)
def test_a_forbidden_account_is_refused_before_any_call(desk: Desk, config: dict[str, str]) -> None:
    """The project's ARN has the account: neither STS nor Rekognition is called."""
    with desk.stack() as (_, cells):
        cells.up()
    before = len(desk.tap.headers)
    roles = {"aws:assumeRoles": json.dumps([{"roleArn": "arn:aws:iam::111122223333:role/first"}])}
    with running(desk.program, {"aws:endpoints": json.dumps([{"sts": desk.sts.url}]), **roles, **config}) as provider:
        cells.provider = provider
        for call in (cells.preview, cells.up, cells.drift, cells.destroy):
            with pytest.raises(CallError, match="is in account 111122223333, which aws:allowedAccountIds"):
                call()
    assert desk.sts.requests == []
    assert len(desk.tap.headers) == before


def test_the_account_that_is_allowed_passes(desk: Desk) -> None:
    """It does so also where YAML made a number of it."""
    with desk.stack({"aws:allowedAccountIds": "[111122223333]"}) as (_, cells):
        assert cells.up()


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"reconciler:endpointUrl": "http://127.0.0.1:1"}, "aws:endpoints does not name the same URL"),
        ({"aws:endpoints": "[{"}, "aws:endpoints must be a list"),
        ({"aws:endpoints": '["http://127.0.0.1:1"]'}, "aws:endpoints must be a list of mappings"),
        ({"aws:assumeRoles": '[{"sessionName": "x"}]'}, "aws:assumeRoles must be a list of mappings with roleArn"),
        ({"aws:assumeRoles": '[{"roleArn": "arn", "duration": "soon"}]'}, "duration must be a time such as 15m"),
        ({"aws:allowedAccountIds": "111122223333"}, "aws:allowedAccountIds must be a list"),
        ({"aws:assumeRoleWithWebIdentity": '["x"]'}, "aws:assumeRoleWithWebIdentity must be a mapping"),
        ({"aws:assumeRoleWithWebIdentity": '{"roleArn": "x"}'}, "must have roleArn, and webIdentityToken or"),
        ({"aws:sharedConfigFiles": '["a", "b"]'}, "aws:sharedConfigFiles names 2 files"),
        ({"aws:sharedCredentialsFiles": '["nowhere"]'}, "names nowhere, and there is no such file"),
        ({"aws:customCaBundle": "none.pem"}, "aws:customCaBundle names none.pem, and there is no such file"),
        ({"aws:useFipsEndpoint": "yes"}, "aws:useFipsEndpoint must be true or false, not 'yes'"),
    ],
)
def test_a_wrong_setting_is_a_sentence_in_every_call(desk: Desk, config: dict[str, str], said: str) -> None:
    """The message comes each time until the setting is fixed; nothing is called."""
    with desk.stack(config) as (_, cells):
        for _ in range(2):
            with pytest.raises(CallError) as caught:
                cells.check()
            assert said in caught.value.message
            assert "Traceback" not in caught.value.message
    assert desk.tap.headers == []


def test_secrets_reach_no_message_no_state_and_no_log(desk: Desk) -> None:
    """Not even when the service says them itself: up, drift, failures, and all that was printed."""
    roles = [{"roleArn": "arn:aws:iam::111122223333:role/first", "externalId": "external-id-of-the-role"}]
    secrets = {**KEYS, "aws:token": TOKEN, "aws:assumeRoles": json.dumps(roles)}
    told: list[str] = []
    with desk.stack(secrets=secrets) as (world, cells):
        cells.preview()
        cells.up()
        world.edit(cells, "1.jpg", "dog")
        cells.drift(write=True)
        desk.tap.refusal = f"signed with {SECRET}, {TOKEN}, external-id-of-the-role"
        for attempt in (cells.drift, cells.up, cells.preview):
            with pytest.raises(CallError) as caught:
                attempt()
            told += [caught.value.message, caught.value.details]
        assert "[secret]" in told[0]
        told += [one.text for one in cells.provider.log.messages]
        told += [json.dumps([cells.inputs, cells.outputs, cells.init_errors])]
    with desk.stack(secrets=secrets) as (world, cells):
        desk.tap.refusal = ""
        desk.sts.refusal = f"said {SECRET} {TOKEN} external-id-of-the-role"
        with pytest.raises(CallError) as caught:
            cells.up()
        told += [caught.value.message, caught.value.details]
    told += cells.provider.output
    for secret in (SECRET, TOKEN, Sts.secret, Sts.token, "external-id-of-the-role"):
        assert all(secret not in text for text in told)


def test_a_web_identity_is_assumed_before_the_roles(desk: Desk) -> None:
    """As pulumi-aws does: unsigned, with the token of a file, and the roles follow from it."""
    (desk.program / "token").write_text("token-of-the-ci-job-0123456789\n")
    identity = {
        "roleArn": "arn:aws:iam::111122223333:role/ci",
        "webIdentityTokenFile": str(desk.program / "token"),
        "sessionName": "job-7",
        "duration": "30m",
    }
    role = {"roleArn": "arn:aws:iam::111122223333:role/labels"}
    config = {"aws:assumeRoleWithWebIdentity": json.dumps(identity), "aws:assumeRoles": json.dumps([role])}
    with desk.stack(config) as (_, cells):
        cells.up()
    first = desk.sts.requests[0]
    assert {name: first[name] for name in ("Action", "WebIdentityToken", "RoleSessionName", "DurationSeconds")} == {
        "Action": "AssumeRoleWithWebIdentity",
        "WebIdentityToken": "token-of-the-ci-job-0123456789",
        "RoleSessionName": "job-7",
        "DurationSeconds": "1800",
    }
    assert desk.sts.signers == ["", "ASIAROLE1"]
    assert desk.tap.signers == ["ASIAROLE2"]


def test_the_token_of_a_web_identity_is_a_secret(desk: Desk) -> None:
    """Given in the configuration itself, it reaches no message, even where the service says it."""
    identity = {"roleArn": "arn:aws:iam::111122223333:role/ci", "webIdentityToken": TOKEN}
    desk.sts.refusal = f"the token {TOKEN} has expired"
    with desk.stack(secrets={"aws:assumeRoleWithWebIdentity": json.dumps(identity)}) as (_, cells):
        with pytest.raises(CallError) as caught:
            cells.up()
        assert "[secret] has expired" in caught.value.message
        assert TOKEN not in caught.value.message + caught.value.details + "".join(cells.provider.output)


def test_the_files_of_the_stack_stand_in_for_the_users(desk: Desk) -> None:
    """`aws:sharedConfigFiles` and `sharedCredentialsFiles`, with a profile that only they have."""
    (desk.program / "team-config").write_text("[profile team]\nregion = eu-west-1\n")
    (desk.program / "team-keys").write_text("[team]\naws_access_key_id = AKIATEAM\naws_secret_access_key = x\n")
    config = {
        "aws:profile": "team",
        "aws:sharedConfigFiles": json.dumps([str(desk.program / "team-config")]),
        "aws:sharedCredentialsFiles": json.dumps([str(desk.program / "team-keys")]),
    }
    with desk.stack(config, env={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}) as (_, cells):
        cells.up()
    assert desk.tap.signers == ["AKIATEAM"]


def test_a_setting_of_pulumi_aws_without_effect_here_is_said_once(desk: Desk) -> None:
    """A warning with what to do instead; the run continues."""
    with desk.stack({"aws:noProxy": "10.0.0.1", "aws:maxRetries": "3"}) as (_, cells):
        cells.up()
        cells.drift()
        warnings = [one.text for one in cells.provider.log.messages if one.is_warning]
    assert warnings == [
        "aws:noProxy has no effect on datasets, only on pulumi-aws's own resources; set NO_PROXY in the environment"
    ]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (
            "reconciler:dataset",
            "reconciler:dataset, and there is no such setting (did you mean `reconciler:datasets`?)",
        ),
        ("reconciler:endpointurl", "did you mean `reconciler:endpointUrl`?"),
        ("reconciler:colour", "reconciler:colour, and there is no such setting; rename or remove it"),
        ("aws:profil", "pulumi-aws has no such setting (did you mean `aws:profile`?)"),
        ("aws:allowedAccountIDs", "did you mean `aws:allowedAccountIds`?"),
    ],
)
def test_a_misspelt_setting_is_a_sentence_and_nothing_is_called(desk: Desk, key: str, said: str) -> None:
    """It would silently have no effect: a wrong folder, a wrong identity."""
    with desk.stack({key: "x"}) as (_, cells):
        for _ in range(2):
            with pytest.raises(CallError) as caught:
                cells.check()
            assert said in caught.value.message
            assert "Traceback" not in caught.value.message
    assert desk.tap.headers == []


def test_settings_of_others_are_left_alone(desk: Desk) -> None:
    """Settings of other namespaces pass, and a setting that a newer pulumi-aws may have."""
    with desk.stack({"mine:dataset": "x", "pulumi:tags": "{}", "aws:somethingEntirelyNew": "x"}) as (_, cells):
        assert cells.up()


def test_the_names_of_settings_are_those_of_the_installed_pulumi_aws() -> None:
    """A setting that pulumi-aws gains must not be taken for a misspelt one."""
    source = (Path(pulumi_aws.__file__).parent / "config" / "vars.py").read_text()
    assert set(re.findall(r"__config__\.get\w*\('(\w+)'\)", source)) == set(AWS_NAMES)


def test_every_setting_that_is_read_has_a_name_and_is_on_its_page() -> None:
    """A name that is missing in the table would be refused as misspelt; one that is not on the page stays unknown."""
    read: set[str] = set()
    read_settings(read.add, ())
    known = {f"reconciler:{name}" for name in OWN_NAMES} | {f"aws:{name}" for name in AWS_NAMES}
    assert len(read) > 15
    assert read <= known
    page = (ROOT / "docs" / "settings.md").read_text()
    assert not [name for name in OWN_NAMES if f"`reconciler:{name}`" not in page]
    assert not [name for name in AWS_NAMES if f"`{name}`" not in page and f"`aws:{name}`" not in page]


def test_manifests_of_first_loads_go_to_a_bucket_or_a_folder_of_one() -> None:
    """`reconciler:manifestBucket` is a bucket's name or an address in S3; anything else is refused with a sentence."""
    named = {"acme": "s3://acme/", "s3://acme/loads": "s3://acme/loads"}
    found = [read_settings({"reconciler:manifestBucket": text}.get, ()).manifests for text in (*named, "")]
    assert found == [*named.values(), None]
    with pytest.raises(BadInput, match="s3://No_Bucket is not a valid S3 address"):
        read_settings({"reconciler:manifestBucket": "No_Bucket"}.get, ())


@pytest.mark.parametrize("text", ["0", "four", "-1", "1000"])
def test_the_pace_is_a_number_of_calls_per_second(text: str) -> None:
    """`reconciler:rate` is 4 unless it is set, and a sentence says what it must be."""
    assert read_settings(lambda _key: None, ()).rate == 4
    assert read_settings(lambda key: "2.5" if key == "reconciler:rate" else None, ()).rate == 2.5
    with pytest.raises(BadInput, match=f"reconciler:rate must be a number of calls per second, .* not '{text}'"):
        read_settings(lambda key: text if key == "reconciler:rate" else None, ())
