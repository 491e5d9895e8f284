"""What a program may do besides declaring resources, the settings it reads, and the features that are refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.localengine.sandbox import lines_of

if TYPE_CHECKING:
    from tests.localengine.sandbox import Json, Sandbox

UP = ("up", "--yes", "--skip-preview")


def outputs(lab: Sandbox) -> Json:
    """The stored outputs of the stack."""
    found: Json = lab.resource("lab-dev")["outputs"]
    return found


def test_a_clean_message_ends_the_program_without_a_traceback(lab: Sandbox) -> None:
    """The message of a RunError is shown under the stack, and the exit code is 1."""
    lab.declare({"do": "RunError"})
    result = lab.run(*UP)
    assert result.code == 1
    assert "    error: the manifest has 2 errors\n    line 2: no such label\n" in result.out
    assert "Traceback" not in result.out + result.err


def test_a_defect_of_the_program_is_shown_once_from_its_own_lines_on(lab: Sandbox) -> None:
    """The traceback starts in the program, not in the engine or the SDK."""
    lab.declare({"do": "raise"})
    result = lab.run(*UP)
    assert result.code == 1
    assert "error: Program failed with an unhandled exception:" in result.out
    assert result.out.count("ValueError: a defect of the program") == 1
    assert "runpy" not in result.out
    assert "localengine" not in result.out


def test_what_a_program_says_and_prints_is_shown_under_the_stack(lab: Sandbox) -> None:
    """Messages that are not ephemeral are shown whole under Diagnostics, with control characters escaped."""
    lab.declare({"do": "talk"}, {"name": "a", "inputs": {"print": True}})
    result = lab.run(*UP)
    below = result.out.split("Diagnostics:")[1]
    assert result.code == 0
    assert "    said by the program\n    in two lines\n" in below
    assert "    warning: a warning \\x1b[31min red\n" in below
    assert "    printed by the program\n" in below
    assert "    printed by the provider\n" in below
    assert "nobody hears" not in result.out
    assert "1 warning; 3 messages" in result.out


def test_a_program_is_told_its_project_stack_and_organization(lab: Sandbox) -> None:
    """The program reads the same names as with Pulumi's file backend."""
    lab.declare({"do": "identity"})
    assert lab.run(*UP).code == 0
    assert outputs(lab)["identity"] == ["lab", "dev", "organization"]


def test_configuration_comes_from_the_project_and_the_stack(lab: Sandbox) -> None:
    """Keys without a namespace are the project's, structured values are JSON, and the stack overrides the project."""
    (lab.program / "Pulumi.yaml").write_text(
        "name: lab\nruntime: python\nconfig:\n  default: from the project\n  plain: not this\n", encoding="utf-8"
    )
    (lab.program / "Pulumi.dev.yaml").write_text(
        "config:\n  plain: 012\n  lab:nested: {b: [1, true], a: x}\n", encoding="utf-8"
    )
    lab.declare({"do": "config"})
    assert lab.run(*UP).code == 0
    config = outputs(lab)["config"]
    assert config["plain"] == "012"
    assert config["nested"] == '{"a":"x","b":[1,true]}'
    assert config["default"] == "from the project"


def test_a_secret_of_the_configuration_stays_one(lab: Sandbox) -> None:
    """A secret setting is a secret in the outputs, in the provider's entry and on the screen."""
    lab.configure({}, {"lab:hidden": "open sesame"})
    lab.declare({"name": "a"}, {"do": "config"})
    result = lab.run(*UP)
    assert result.code == 0
    assert 'hidden: "[secret]"' in result.out or "hidden: [secret]" in result.out
    provider = next(resource for resource in lab.resources() if "providers" in resource["type"])
    assert "ciphertext" in provider["inputs"]["lab:hidden"]


def test_a_wrong_passphrase_is_named(lab: Sandbox) -> None:
    """A wrong passphrase gives one sentence before anything runs."""
    lab.configure({}, {"lab:hidden": "open sesame"})
    lab.env["PULUMI_CONFIG_PASSPHRASE"] = "wrong"
    result = lab.run("preview")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: incorrect passphrase")


def test_refresh_and_destroy_use_the_configuration_of_the_last_up(lab: Sandbox) -> None:
    """The provider's configuration comes from its entry in the state, not from the stack file."""
    lab.configure({"lab:plain": "old"})
    lab.declare({"name": "a"})
    lab.run(*UP)
    lab.configure({"lab:plain": "new"})
    for command in ("refresh", "destroy"):
        assert lab.run(command, "--yes").code == 0
        configure = next(call for call in lab.calls() if call["call"].endswith("/Configure"))
        assert configure["request"]["args"] == {"lab:plain": "old"}


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        (
            {"name": "a", "options": {"replace_on_changes": ["size"]}},
            "the option replace_on_changes of the resource 'a'",
        ),
        ({"name": "a", "options": {"id": "x"}}, "reading existing resources"),
        ({"name": "a", "asset": "spec.json"}, "an asset in the inputs"),
        ({"do": "invoke"}, "function calls (invoke) aws:index/getRegion:getRegion"),
        ({"do": "aws"}, "the resource type aws:s3/bucket:Bucket"),
    ],
)
def test_what_the_engine_does_not_do_is_refused_by_name(spec: Json, named: str, lab: Sandbox) -> None:
    """One sentence names the unsupported feature and the cure, and no resource is created."""
    lab.declare(spec)
    result = lab.run(*UP)
    assert result.code == 1
    refusals = lines_of(result.out, "error: localengine does not support")
    assert len(refusals) == 1, result.out
    assert named in refusals[0]
    assert refusals[0].endswith("run this program with the Pulumi CLI")
    assert "Traceback" not in result.out
    assert lab.names() == []


def test_a_feature_that_the_sdk_asks_for_is_refused_by_the_sdk(lab: Sandbox) -> None:
    """The engine does not announce transforms, so the SDK reports that they are missing."""
    lab.declare({"do": "transform"})
    result = lab.run(*UP)
    assert result.code == 1
    assert "does not support" in result.out


def test_a_replacement_creates_first_or_deletes_first_as_the_program_says(lab: Sandbox) -> None:
    """The provider's answer decides, unless the program sets delete_before_replace."""
    lab.declare({"name": "a", "inputs": {"key": "1", "first": False}})
    lab.run(*UP)
    lab.declare({"name": "a", "inputs": {"key": "2", "first": False}})
    assert lab.run(*UP).code == 0
    assert lab.provider_calls("Delete", "Create") == ["Create a", "Delete a"]
    lab.declare({"name": "a", "inputs": {"key": "3", "first": False}, "options": {"delete_before_replace": True}})
    assert lab.run(*UP).code == 0
    assert lab.provider_calls("Delete", "Create") == ["Delete a", "Create a"]


def test_a_preview_as_json_is_one_document_without_secrets(lab: Sandbox) -> None:
    """The document has the steps with their new inputs, the diagnostics and the counts."""
    lab.configure({"lab:plain": "x"}, {"lab:hidden": "open sesame"})
    lab.declare({"name": "a", "inputs": {"word": "abracadabra", "size": 1}, "secret": ["word"]}, {"do": "talk"})
    result = lab.run("preview", "--json")
    document = json.loads(result.out)
    step = next(step for step in document["steps"] if step["urn"].endswith("::a"))
    assert result.code == 0
    assert document["config"] == {"lab:hidden": "[secret]", "lab:plain": "x"}
    assert (step["op"], step["newState"]["inputs"]["size"], step["newState"]["inputs"]["word"]) == (
        "create",
        1,
        "[secret]",
    )
    assert document["changeSummary"] == {"create": 2}
    warnings = [entry["message"] for entry in document["diagnostics"] if entry["severity"] == "warning"]
    assert warnings == ["warning: a warning \\x1b[31min red"]
    assert "abracadabra" not in result.out


def test_an_up_as_json_is_one_event_a_line(lab: Sandbox) -> None:
    """Every line is one event, from the prelude to the summary."""
    lab.declare({"name": "a"})
    result = lab.run(*UP, "--json")
    events = [json.loads(line) for line in result.out.splitlines()]
    kinds = [next(key for key in event if key not in ("sequence", "timestamp")) for event in events]
    assert result.code == 0
    assert (kinds[0], kinds[-1]) == ("preludeEvent", "summaryEvent")
    assert events[-1]["summaryEvent"]["resourceChanges"] == {"create": 2}


def test_a_diff_shows_each_changed_property_and_keeps_messages_off_standard_output(lab: Sandbox) -> None:
    """Signs mark what was added, changed and removed, and diagnostics are on standard error."""
    lab.declare({"name": "a", "inputs": {"size": 1, "gone": "x", "list": ["a", "b"], "same": True}})
    lab.run(*UP)
    lab.declare({"name": "a", "inputs": {"size": 2, "list": ["a", "c", "d"], "same": True}}, {"do": "talk"})
    result = lab.run("preview", "--diff")
    assert result.code == 0
    assert result.out.splitlines() == [
        "Previewing update (dev):",
        "  pulumi:pulumi:Stack: (same)",
        "    [urn=urn:pulumi:dev::lab::pulumi:pulumi:Stack::lab-dev]",
        "    ~ pulumi-python:dynamic/lab:Thing: (update)",
        "        [id=a]",
        "        [urn=urn:pulumi:dev::lab::pulumi-python:dynamic/lab:Thing::a]",
        '      - gone: "x"',
        "      ~ list: [",
        '            [0]: "a"',
        '          ~ [1]: "b" => "c"',
        '          + [2]: "d"',
        "        ]",
        '        name: "a"',
        "        same: true",
        "      ~ size: 1 => 2",
        "Resources:",
        "    ~ 1 to update",
        "    1 unchanged",
        "",
    ]
    assert "said by the program" in result.err
