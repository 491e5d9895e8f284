"""`aws.rekognition.Project` without pulumi-aws's plugin: over boto3, against the emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from localengine.errors import ProviderError, RefusedError
from localengine.protocol.properties import SECRET, SIGNATURE
from localengine.providers.aws_project import AwsProvider
from localengine.providers.aws_settings import AwsSettings
from localengine.state.deployment import Resource

if TYPE_CHECKING:
    from localengine.protocol.properties import Properties
    from rekognition_emulator import Clock, Emulator
    from tests.localengine.sandbox import Sandbox

UP = ("up", "--yes", "--skip-preview")
URN = "urn:pulumi:dev::cells::aws:rekognition/project:Project::cells"


@pytest.fixture
def provider(emulator: Emulator, clock: Clock) -> AwsProvider:
    """A configured provider whose waits move the emulator's clock."""
    made = AwsProvider(sleep=clock.advance, clock=clock.now)
    made.configure(URN, "id", settings(emulator))
    return made


def settings(emulator: Emulator, **more: str) -> Properties:
    """Provider inputs for the emulator, as the stack's configuration gives them."""
    endpoints = json.dumps([{"rekognition": emulator.url}])
    return {"region": "us-east-1", "accessKey": "a", "secretKey": "s", "endpoints": endpoints, **more}


def made(provider: AwsProvider, inputs: Properties) -> Resource:
    """A project that was created with `inputs`."""
    checked, failures = provider.check(URN, {}, inputs)
    assert failures == []
    resource_id, outputs = provider.create(URN, checked)
    return Resource(urn=URN, custom=True, id=resource_id, inputs=checked, outputs=outputs)


def test_a_program_with_a_project_runs_unchanged(cells: Sandbox) -> None:
    """A project is created, unchanged, found deleted and created again, with the entries that pulumi-aws 7 stores."""
    cells.declare({"resource": "blood", "arguments": {"name": "blood-cells", "tags": {"team": "vision"}}})
    assert cells.run(*UP).code == 0
    stored = cells.resource("blood")
    arn = stored["outputs"]["arn"]
    assert stored["id"] == "blood-cells"
    assert stored["outputs"] == {
        "arn": arn,
        "feature": "CUSTOM_LABELS",
        "id": "blood-cells",
        "name": "blood-cells",
        "region": "us-east-1",
        "tags": {"team": "vision"},
        "tagsAll": {"team": "vision"},
    }
    assert arn.startswith("arn:aws:rekognition:us-east-1:111122223333:project/blood-cells/")
    assert "::pulumi:providers:aws::default_7_" in stored["provider"]
    assert cells.run("preview", "--expect-no-changes").code == 0
    assert cells.run("refresh", "--yes", "--expect-no-changes").code == 0


def test_a_project_deleted_behind_our_back_is_made_again(cells: Sandbox, emulator: Emulator, clock: Clock) -> None:
    """A refresh removes the project from the state, and the next up creates it."""
    cells.declare({"resource": "blood", "arguments": {"name": "blood-cells"}})
    cells.run(*UP)
    emulator.client().delete_project(ProjectArn=cells.resource("blood")["outputs"]["arn"])
    clock.advance(11)
    drift = cells.run("refresh", "--preview-only", "--expect-no-changes")
    assert drift.code == 7
    assert "- 1 to delete" in drift.out
    assert cells.run(*UP, "--refresh").code == 0
    assert len(emulator.client().describe_projects()["ProjectDescriptions"]) == 1


def test_keys_of_the_configuration_are_sealed_in_the_state(cells: Sandbox) -> None:
    """Access keys are encrypted in the state even if the stack file has them in plain text."""
    cells.declare({"resource": "blood"})
    result = cells.run(*UP)
    entry = next(resource for resource in cells.resources() if resource["type"] == "pulumi:providers:aws")
    assert result.code == 0
    assert entry["inputs"]["secretKey"][SIGNATURE] == SECRET
    assert "very dummy" not in cells.state_file.read_text(encoding="utf-8")


def test_a_provider_that_the_program_declares_is_used(cells: Sandbox, emulator: Emulator) -> None:
    """An explicit provider has its own settings and entry; later commands take it from the state."""
    explicit = {
        "region": "eu-west-1",
        "access_key": "b",
        "secret_key": "t",
        "endpoints": [{"rekognition": emulator.url}],
        "skip_credentials_validation": True,
    }
    cells.declare({"resource": "blood", "provider": explicit, "arguments": {"name": "blood"}})
    result = cells.run(*UP)
    assert result.code == 0, result.out
    assert ":eu-west-1:" in cells.resource("blood")["outputs"]["arn"]
    assert "::blood-provider::" in cells.resource("blood")["provider"]
    assert cells.run("preview", "--expect-no-changes").code == 0
    assert cells.run("refresh", "--yes", "--expect-no-changes").code == 0


def test_a_setting_that_would_be_ignored_is_refused_by_name(cells: Sandbox) -> None:
    """An unsupported setting is refused before a project is created."""
    cells.configure({"aws:region": "us-east-1", "aws:defaultTags": '{"tags": {"a": "b"}}'})
    cells.declare({"resource": "blood"})
    result = cells.run(*UP)
    assert result.code == 1
    assert "localengine does not support the provider setting aws:defaultTags" in result.out


def test_a_delete_waits_until_the_project_is_gone(provider: AwsProvider, emulator: Emulator) -> None:
    """A second create under the same name then succeeds at once."""
    project = made(provider, {"name": "cells"})
    provider.delete(project)
    assert emulator.client().describe_projects()["ProjectDescriptions"] == []
    assert made(provider, {"name": "cells"}).id == "cells"


def test_deleting_what_is_gone_is_done(provider: AwsProvider) -> None:
    """A project that is not found counts as deleted."""
    project = made(provider, {"name": "cells"})
    provider.delete(project)
    provider.delete(project)


def test_a_wait_without_end_is_given_up(emulator: Emulator, clock: Clock) -> None:
    """A wait that takes too long on the clock ends with an error."""
    ticks = iter(range(0, 10_000, 100))
    impatient = AwsProvider(sleep=lambda _: None, clock=lambda: float(next(ticks)))
    impatient.configure(URN, "id", settings(emulator))
    project = made(impatient, {"name": "cells"})
    with pytest.raises(ProviderError, match="still in progress when the wait ended"):
        impatient.delete(project)
    clock.advance(11)


def test_a_project_that_exists_already_is_the_services_own_sentence(provider: AwsProvider) -> None:
    """The error has the operation, the service's error code and its message."""
    made(provider, {"name": "cells"})
    with pytest.raises(ProviderError, match=r"^creating Rekognition Project \(cells\): ResourceInUseException: "):
        made(provider, {"name": "cells"})


def test_a_gone_project_reads_as_gone(provider: AwsProvider) -> None:
    """The read of a deleted project returns no id."""
    project = made(provider, {"name": "cells"})
    assert provider.read(project).id == "cells"
    provider.delete(project)
    assert provider.read(project).id == ""


def test_only_tags_change_in_place(provider: AwsProvider) -> None:
    """Name, feature and region replace the project; with the same name, the old one is deleted first."""
    project = made(provider, {"name": "cells", "tags": {"a": "1", "b": "2"}})
    tags = provider.diff(project, {"name": "cells", "tags": {"a": "1"}}, ())
    renamed = provider.diff(project, {"name": "other", "tags": {"a": "1", "b": "2"}}, ())
    feature = provider.diff(project, {"name": "cells", "feature": "CONTENT_MODERATION"}, ())
    same = provider.diff(project, {"name": "cells", "tags": {"a": "1", "b": "2"}}, ())
    assert (same.changes, tags.changes, tags.replaces) == (False, True, ())
    assert (renamed.replaces, renamed.delete_before_replace) == (("name",), False)
    assert (feature.replaces, feature.delete_before_replace) == (("feature",), True)
    assert provider.update(project, {"name": "cells", "tags": {"a": "9"}}, ())["tags"] == {"a": "9"}


def test_a_project_without_a_name_keeps_the_one_it_was_given(provider: AwsProvider) -> None:
    """The provider adds seven random characters to the resource's name, as pulumi-aws does."""
    first, _ = provider.check(URN, {}, {})
    second, _ = provider.check(URN, first, {})
    other, _ = provider.check(URN, {}, {})
    assert str(first["name"]).startswith("cells-")
    assert len(str(first["name"])) == len("cells-") + 7
    assert second["name"] == first["name"] != other["name"]


@pytest.mark.parametrize(
    ("inputs", "blamed"),
    [
        ({"feature": "LABELS"}, "feature"),
        ({"autoUpdate": "ON", "feature": "CONTENT_MODERATION"}, "autoUpdate"),
        ({"autoUpdate": "ENABLED"}, "autoUpdate"),
    ],
)
def test_wrong_inputs_are_blamed_before_a_call(inputs: Properties, blamed: str) -> None:
    """A check names each invalid property."""
    _, failures = AwsProvider().check(URN, {}, {"name": "cells", **inputs})
    assert [failure.property for failure in failures] == [blamed]


def test_settings_say_what_is_missing_wrong_or_not_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each invalid setting gives one sentence, without a value that could be secret."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ProviderError, match="has no region"):
        AwsSettings({}).client()
    with pytest.raises(ProviderError, match=r"^aws:endpoints is not JSON$"):
        AwsSettings({"endpoints": "[s3cret"})
    with pytest.raises(ProviderError, match="need the account's id"):
        AwsSettings({"region": "us-east-1", "allowedAccountIds": '["1"]', "skipRequestingAccountId": "true"}).client()
    with pytest.raises(RefusedError, match="`policy` in the provider setting aws:assumeRoles"):
        AwsSettings({"assumeRoles": '[{"roleArn": "x", "policy": "y"}]'})


def test_the_region_comes_from_the_settings_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_REGION is used, as in pulumi-aws, although boto3 does not read it."""
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    keys: Properties = {"accessKey": "a", "secretKey": "s"}
    assert AwsSettings(keys).client().meta.region_name == "eu-central-1"
    assert AwsSettings({**keys, "region": "us-west-2"}).client().meta.region_name == "us-west-2"
    assert AwsSettings({**keys, "region": "us-west-2"}).client("ap-south-1").meta.region_name == "ap-south-1"
