"""What the engine reads: command lines, project and stack files, registrations. Wrong input is one clear sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pulumi.runtime.proto import resource_pb2

from localengine.engine.registration import read_registration
from localengine.errors import EngineError, Exit, RefusedError
from localengine.options import parse
from localengine.state.stack import choose_stack, read_config, read_project

if TYPE_CHECKING:
    from pathlib import Path

STACK = "urn:pulumi:dev::lab::pulumi:pulumi:Stack::lab-dev"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("destroy --yes --expect-no-changes", "localengine does not support `--expect-no-changes` on destroy"),
        ("preview --preview-only", "localengine does not support `--preview-only` on preview"),
        ("refresh --refresh", "localengine does not support `--refresh` on refresh"),
        ("up -c a=b", "localengine does not support `-c` on up"),
        ("export --diff", "localengine does not support `--diff` on export"),
        ("up --expect", "localengine does not support `--expect` on up"),
        ("refresh --preview-only --skip-preview", "--skip-preview and --preview-only cannot be used together"),
        ("refresh --preview-only --yes", "--yes and --preview-only cannot be used together"),
        ("preview --refresh=perhaps", "unable to determine value for --refresh"),
        ("preview --cwd /no/such/folder", "--cwd: /no/such/folder is not a folder"),
        ("", "the following arguments are required: COMMAND"),
    ],
)
def test_a_flag_pulumi_has_elsewhere_or_nowhere_is_refused(line: str, sentence: str) -> None:
    """An unsupported flag is named, with the exit code for a wrong command line."""
    with pytest.raises(EngineError) as caught:
        parse(line.split())
    assert caught.value.message.startswith(sentence)
    assert caught.value.code is Exit.USAGE


def test_every_flag_of_the_commands_is_understood() -> None:
    """Short and long flags are read, and `--refresh` with and without a value."""
    every = parse(["up", "-y", "-f", "--diff", "-j", "--non-interactive", "--expect-no-changes", "-s", "dev", "-r"])
    assert (every.yes, every.skip_preview, every.diff, every.json, every.non_interactive) == (True,) * 5
    assert (every.expect_no_changes, every.stack, every.refresh) == (True, "dev", True)
    assert parse(["up", "--refresh=false"]).refresh is False
    assert parse(["destroy", "--preview-only", "--refresh=true"]).refresh is True
    assert parse(["refresh", "--preview-only", "--expect-no-changes"]).preview_only is True


def test_confirmations_can_be_skipped_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """PULUMI_SKIP_CONFIRMATIONS implies --yes and is allowed with --preview-only."""
    monkeypatch.setenv("PULUMI_SKIP_CONFIRMATIONS", "true")
    assert parse(["up"]).yes is True
    assert parse(["refresh", "--preview-only"]).preview_only is True


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("runtime: python\n", "Pulumi.yaml: `name` is missing"),
        ("name: lab\nruntime: nodejs\n", "localengine does not support the runtime 'nodejs'"),
        (
            "name: lab\nruntime: {name: python, options: {toolchain: uv}}\n",
            "localengine does not support the toolchain",
        ),
        ("name: lab\nruntime: {name: python, options: [1]}\n", "Pulumi.yaml: `runtime.options` must be a mapping"),
        ("name: lab\nruntime: python\nplugins: {}\n", "localengine does not support `plugins` in Pulumi.yaml"),
        ("- a\n", "Pulumi.yaml: a mapping is expected"),
        ("name: [\n", "Pulumi.yaml is not valid YAML: "),
    ],
)
def test_a_project_file_that_cannot_be_followed_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    """An unsupported or invalid part of Pulumi.yaml is an error and is never ignored."""
    (tmp_path / "Pulumi.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(EngineError) as caught:
        read_project(tmp_path)
    assert caught.value.message.startswith(sentence)


def project_of(folder: Path, more: str = "") -> None:
    """A project file."""
    (folder / "Pulumi.yaml").write_text(f"name: lab\nruntime: python\n{more}", encoding="utf-8")


def test_the_project_file_is_found_from_below(tmp_path: Path) -> None:
    """The project file is found from a subfolder, and `main` names the program's folder."""
    project_of(tmp_path, "main: program\n")
    (tmp_path / "program" / "deep").mkdir(parents=True)
    project = read_project(tmp_path / "program" / "deep")
    assert (project.root, project.program) == (tmp_path, (tmp_path / "program").resolve())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("config: [1]\n", "Pulumi.dev.yaml: `config` must be a mapping"),
        ("environment: [prod]\n", "localengine does not support `environment` in Pulumi.dev.yaml"),
        ("secretsprovider: awskms://key\n", "localengine does not support the secrets provider 'awskms://key'"),
        ("encryptionsalt: v9:a:b\nconfig: {a: {secure: v1:YQ==:YQ==}}\n", "the stack's encryptionsalt has version"),
    ],
)
def test_a_stack_file_that_cannot_be_followed_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    """An unsupported or invalid part of a stack file is an error and is never ignored."""
    project_of(tmp_path)
    (tmp_path / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(EngineError) as caught:
        read_config(read_project(tmp_path), "dev")
    assert caught.value.message.startswith(sentence)


def test_values_are_text_as_they_are_written(tmp_path: Path) -> None:
    """Numbers, booleans and dates stay as written, and structured values become JSON."""
    project_of(tmp_path, "config:\n  given: {type: string, default: d}\n  aws:region: {value: eu-west-1}\n  bare:\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(
        "config:\n  a: 012\n  b: yes\n  other:c: 2024-01-01\n  d: [1, {x: true}]\n  e: 1.50\n", encoding="utf-8"
    )
    config, _ = read_config(read_project(tmp_path), "dev")
    assert config.values == {
        "aws:region": "eu-west-1",
        "lab:a": "012",
        "lab:b": "yes",
        "lab:d": '[1,{"x":true}]',
        "lab:e": "1.50",
        "lab:given": "d",
        "other:c": "2024-01-01",
    }
    assert config.namespace("aws") == {"region": "eu-west-1"}


def test_a_stack_is_chosen_as_pulumi_chooses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack is the one of --stack, of PULUMI_STACK, or the only one; a stack that only has a state exists too."""
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    project_of(tmp_path)
    project = read_project(tmp_path)
    with pytest.raises(EngineError, match="no stack selected") as caught:
        choose_stack(project, None, [])
    assert caught.value.code is Exit.NO_SUCH_STACK
    assert choose_stack(project, None, ["kept"]) == "kept"
    (tmp_path / "Pulumi.dev.yaml").touch()
    assert choose_stack(project, "me/lab/dev", ["kept"]) == "dev"
    monkeypatch.setenv("PULUMI_STACK", "kept")
    assert choose_stack(project, None, ["kept"]) == "kept"


def request(**fields: object) -> resource_pb2.RegisterResourceRequest:
    """A registration."""
    return resource_pb2.RegisterResourceRequest(type="lab:index:Thing", name="a", parent=STACK, custom=True, **fields)  # type: ignore[arg-type]  # any field


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (
            request(ignoreChanges=["a.b"]),
            "the nested path `a.b` in ignore_changes of the resource 'a' (lab:index:Thing)",
        ),
        (request(aliasURNs=["urn:x"]), "the option aliases"),
        (request(importId="x"), "the option import_"),
        (request(replaceOnChanges=["*"]), "the option replace_on_changes"),
        (request(deletedWith="urn:x"), "the option deleted_with"),
        (request(customTimeouts={"create": "5m"}), "the option custom_timeouts"),
        (request(remote=True), "the option remote components"),
        (request(hooks={"before_create": ["x"]}), "the hooks of the resource 'a'"),
        (request(packageRef="x"), "the option parameterized packages"),
    ],
)
def test_an_option_that_would_be_ignored_is_refused_by_name(
    asked: resource_pb2.RegisterResourceRequest, named: str
) -> None:
    """An unsupported option is refused with its name in the Python SDK."""
    with pytest.raises(RefusedError) as caught:
        read_registration("dev", "lab", asked)
    assert caught.value.message.startswith(f"localengine does not support {named}")


def test_other_types_of_aws_are_refused_by_name() -> None:
    """Only one type of pulumi-aws is supported."""
    asked = resource_pb2.RegisterResourceRequest(type="aws:s3/bucket:Bucket", name="b", custom=True)
    with pytest.raises(RefusedError, match="the resource type aws:s3/bucket:Bucket"):
        read_registration("dev", "lab", asked)


def test_a_registration_is_read_with_its_dependencies() -> None:
    """A registration has its dependencies, its options and a URN with the parent's type."""
    asked = request(
        dependencies=["urn:b", "urn:a"], protect=True, deleteBeforeReplace=True, deleteBeforeReplaceDefined=True
    )
    asked.propertyDependencies["x"].urns.extend(["urn:b"])
    registration = read_registration("dev", "lab", asked)
    assert registration.urn == "urn:pulumi:dev::lab::lab:index:Thing::a"
    assert registration.dependencies == ("urn:a", "urn:b")
    assert registration.property_dependencies == {"x": ("urn:b",)}
    assert (registration.protect, registration.delete_before_replace) == (True, True)
    assert read_registration("dev", "lab", request()).delete_before_replace is None


def test_an_alias_is_read_as_the_urn_that_a_resource_had() -> None:
    """Parts that an alias omits are the current ones, and a whole URN is used as it is."""
    asked = request(aliases=[{"spec": {"name": "b"}}, {"spec": {"type": "lab:old:Thing"}}, {"urn": "urn:x"}])
    assert read_registration("dev", "lab", asked).aliases == (
        "urn:pulumi:dev::lab::lab:index:Thing::b",
        "urn:pulumi:dev::lab::lab:old:Thing::a",
        "urn:x",
    )


def test_aliases_of_a_component_are_refused() -> None:
    """Aliases of a component are refused, because the engine does not rename its children."""
    asked = resource_pb2.RegisterResourceRequest(type="lab:index:Box", name="a", aliases=[{"spec": {"name": "b"}}])
    with pytest.raises(RefusedError, match="aliases of the resource 'a'"):
        read_registration("dev", "lab", asked)
