"""The steps of resources, tested through real programs and providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localengine.protocol.properties import SECRET, SIGNATURE, UNKNOWN

if TYPE_CHECKING:
    from tests.localengine.sandbox import Json, Sandbox

UP = ("up", "--yes", "--skip-preview")
PARENT: Json = {"name": "parent", "inputs": {"key": "1"}}
CHILD: Json = {"name": "child", "from": {"key": "parent"}}


def check_news(lab: Sandbox, name: str) -> Json:
    """The inputs of the first check of a resource."""
    found: Json = next(
        call["request"]["news"]
        for call in lab.calls()
        if call["call"] == "ResourceProvider/Check" and call["request"]["name"] == name
    )
    return found


def test_a_preview_hands_outputs_that_do_not_exist_yet_on_as_unknown(lab: Sandbox) -> None:
    """The dependent of a resource to create is checked with an unknown value, and nothing is created."""
    lab.declare(PARENT, CHILD)
    result = lab.run("preview")
    assert result.code == 0, result.out
    assert check_news(lab, "child")["key"] == UNKNOWN
    assert lab.provider_calls("Create") == []
    assert lab.resources() == []
    assert "child : [unknown]" in result.out


def test_a_dependency_is_stored_and_made_first(lab: Sandbox) -> None:
    """An output used as an input is a dependency, also by property."""
    lab.declare(PARENT, CHILD)
    assert lab.run(*UP).code == 0
    parent = lab.resource("parent")["urn"]
    assert lab.resource("child")["dependencies"] == [parent]
    assert lab.resource("child")["propertyDependencies"]["key"] == [parent]
    assert lab.provider_calls("Create") == ["Create parent", "Create child"]
    assert check_news(lab, "child")["key"] == "parent 1"


def test_replacing_deletes_first_what_would_be_replaced_too(lab: Sandbox) -> None:
    """The dependent's Diff has the changed property unknown; it is deleted first and created last."""
    lab.declare(PARENT, CHILD)
    lab.run(*UP)
    lab.declare({"name": "parent", "inputs": {"key": "2"}}, CHILD)
    result = lab.run(*UP)
    assert result.code == 0, result.out
    calls = lab.provider_calls()
    assert calls == [
        *("Check parent", "Diff parent", "Check parent", "Diff child"),
        *("Delete child", "Delete parent", "Create parent", "Check child", "Create child"),
    ]
    diff = next(call for call in lab.calls() if call["request"].get("name") == "child" and "Diff" in call["call"])
    assert diff["request"]["news"]["key"] == UNKNOWN
    checks = [call for call in lab.calls() if call["call"] == "ResourceProvider/Check" and call["phase"] == "request"]
    assert [bool(call["request"].get("olds")) for call in checks] == [True, False, False]
    assert lab.resource("child")["outputs"]["made"] == "child parent 2"
    assert "+-2 replaced" in result.out


def test_a_dependent_that_need_not_be_replaced_stays(lab: Sandbox) -> None:
    """A dependent whose Diff shows no change is kept during the replacement."""
    stable = {**CHILD, "inputs": {"silent": True}}
    lab.declare(PARENT, stable)
    lab.run(*UP)
    lab.declare({"name": "parent", "inputs": {"key": "2"}}, stable)
    lab.run(*UP)
    assert lab.provider_calls("Delete") == ["Delete parent"]
    assert lab.names() == ["parent", "child"]


def test_a_replacement_that_fails_half_way_is_finished_next_time_without_a_second_delete(lab: Sandbox) -> None:
    """The entry is marked, a refresh does not change it, and the next up only creates."""
    lab.declare(PARENT)
    lab.run(*UP)
    lab.declare({"name": "parent", "inputs": {"key": "2", "fails": ["create"]}})
    assert lab.run(*UP).code == 1
    assert lab.resource("parent")["pendingReplacement"] is True
    assert lab.resource("parent")["inputs"]["key"] == "1"
    assert lab.run("refresh", "--yes").code == 0
    assert lab.provider_calls() == []
    lab.declare({"name": "parent", "inputs": {"key": "2"}})
    assert lab.run(*UP).code == 0
    assert lab.provider_calls("Delete", "Create") == ["Create parent"]
    assert "pendingReplacement" not in lab.resource("parent")


def test_a_dependent_that_was_deleted_for_a_failed_replacement_comes_back(lab: Sandbox) -> None:
    """It is created again, also if its provider creates before it deletes."""
    child = {**CHILD, "inputs": {"first": False}}
    lab.declare(PARENT, child)
    lab.run(*UP)
    lab.declare({"name": "parent", "inputs": {"key": "2", "fails": ["create"]}}, child)
    assert lab.run(*UP).code == 1
    assert lab.resource("child")["pendingReplacement"] is True
    lab.declare({"name": "parent", "inputs": {"key": "2"}}, child)
    result = lab.run(*UP)
    assert result.code == 0, result.out
    assert lab.provider_calls("Delete", "Create") == ["Create parent", "Create child"]


def test_what_waits_to_be_replaced_and_leaves_the_program_leaves_the_state(lab: Sandbox) -> None:
    """An object that is already deleted is not deleted again."""
    lab.declare(PARENT)
    lab.run(*UP)
    lab.declare({"name": "parent", "inputs": {"key": "2", "fails": ["create"]}})
    lab.run(*UP)
    lab.declare()
    assert lab.run(*UP).code == 0
    assert lab.provider_calls("Delete") == []
    assert lab.names() == []


def test_what_left_the_program_is_deleted_dependents_first(lab: Sandbox) -> None:
    """Resources are deleted after the program succeeds, the newest first."""
    lab.declare(PARENT, CHILD, {"name": "other"})
    lab.run(*UP)
    lab.declare({"name": "other"})
    result = lab.run(*UP)
    assert lab.provider_calls("Delete") == ["Delete child", "Delete parent"]
    assert lab.names() == ["other"]
    assert "- 2 deleted" in result.out


def test_a_program_that_fails_deletes_nothing(lab: Sandbox) -> None:
    """Resources that a failed program did not declare are kept."""
    lab.declare(PARENT, CHILD)
    lab.run(*UP)
    lab.declare(PARENT, {"do": "RunError"})
    assert lab.run(*UP).code == 1
    assert lab.provider_calls("Delete") == []
    assert sorted(lab.names()) == ["child", "parent"]


def test_a_protected_resource_is_not_deleted(lab: Sandbox) -> None:
    """A protected resource is neither deleted nor replaced, and the error says how to unprotect it."""
    protected = {**PARENT, "options": {"protect": True}}
    lab.declare(protected)
    lab.run(*UP)
    lab.declare()
    gone = lab.run(*UP)
    lab.declare({**protected, "inputs": {"key": "2"}})
    replaced = lab.run(*UP)
    assert (gone.code, replaced.code) == (1, 1)
    assert "pulumi state unprotect" in gone.out
    assert "is protected" in replaced.out
    assert lab.names() == ["parent"]
    assert lab.read_live() == {"parent": {"name": "parent", "key": "1"}}


def test_a_protected_dependent_stops_a_replacement(lab: Sandbox) -> None:
    """Nothing is deleted if a dependent that must be deleted first is protected."""
    child = {**CHILD, "options": {"protect": True}}
    lab.declare(PARENT, child)
    lab.run(*UP)
    lab.declare({"name": "parent", "inputs": {"key": "2"}}, child)
    result = lab.run(*UP)
    assert result.code == 1
    assert "would delete it; nothing was deleted" in result.out
    assert lab.provider_calls("Delete") == []


def test_every_failure_of_a_check_is_told_and_nothing_is_made(lab: Sandbox) -> None:
    """Each invalid property gives one message with the value, and the resource is not stored."""
    lab.declare({"name": "bad", "inputs": {"size": 3, "wrong": ["size", "colour"]}})
    result = lab.run(*UP)
    assert result.code == 1
    assert "property size value {3} has a problem: size is wrong" in result.out
    assert "property colour value {<nil>} has a problem: colour is wrong" in result.out
    assert lab.names() == []


def test_a_half_made_resource_is_kept_with_its_errors_and_updated_next_time(lab: Sandbox) -> None:
    """The resource is updated, even if the provider then finds no change."""
    lab.declare({"name": "a", "inputs": {"fails": ["half-create"]}})
    result = lab.run(*UP)
    assert result.code == 1
    assert "error: 2 errors occurred:" in result.out
    assert "\t* one" in result.out
    assert lab.resource("a")["initErrors"] == ["one", "two"]
    lab.declare({"name": "a", "inputs": {"silent": True}})
    assert lab.run(*UP).code == 0
    assert lab.provider_calls("Update") == ["Update a"]
    assert "initErrors" not in lab.resource("a")


def test_a_half_done_update_keeps_the_old_inputs_and_the_new_outputs(lab: Sandbox) -> None:
    """The stored inputs are the old ones, so that the next diff finds the missing changes."""
    lab.declare({"name": "a", "inputs": {"size": 1}})
    lab.run(*UP)
    lab.declare({"name": "a", "inputs": {"size": 2, "fails": ["half-update"]}})
    assert lab.run(*UP).code == 1
    stored = lab.resource("a")
    assert (stored["inputs"]["size"], stored["outputs"]["made"]) == (1, "half")
    assert stored["initErrors"] == ["one", "two"]


def test_a_refresh_drops_errors_of_a_resource_that_reads_well(lab: Sandbox) -> None:
    """A refresh removes the init errors of a resource that it reads, as in Pulumi."""
    lab.declare({"name": "a", "inputs": {"fails": ["half-create"]}})
    lab.run(*UP)
    assert lab.run("refresh", "--yes").code == 0
    assert "initErrors" not in lab.resource("a")


def test_a_failed_read_fails_the_refresh_and_keeps_the_state(lab: Sandbox) -> None:
    """The other resources are still read and stored."""
    lab.declare(PARENT, {"name": "other", "inputs": {"size": 1}})
    lab.run(*UP)
    lab.live.write_text('{"parent": "unreadable", "other": {"size": 2}}', encoding="utf-8")
    result = lab.run("refresh", "--yes", "--skip-preview")
    assert result.code == 1
    assert "cannot look" in result.out
    assert lab.resource("parent")["outputs"]["made"] == "parent 1"
    assert lab.resource("other")["outputs"]["size"] == 2


def test_a_provider_that_cannot_say_is_answered_by_the_inputs(lab: Sandbox) -> None:
    """With `changes=None`, a resource is updated only if its inputs differ."""
    lab.declare({"name": "a", "inputs": {"unsure": True, "size": 1}})
    lab.run(*UP)
    assert lab.run("preview", "--expect-no-changes").code == 0
    lab.declare({"name": "a", "inputs": {"unsure": True, "size": 2}})
    assert lab.run("preview", "--expect-no-changes").code == 7


def test_the_inputs_that_a_check_answers_are_used(lab: Sandbox) -> None:
    """Inputs that a check adds are created and stored."""
    lab.declare({"name": "a", "inputs": {"checked": "no"}})
    lab.run(*UP)
    assert lab.resource("a")["inputs"]["checked"] == "yes"
    assert lab.read_live() == {"a": {"name": "a", "checked": "yes"}}


def test_a_secret_is_plain_for_the_provider_and_sealed_in_the_state(lab: Sandbox) -> None:
    """Secret inputs and outputs are not shown on the screen or in the file."""
    lab.declare({"name": "a", "inputs": {"word": "open sesame"}, "secret": ["word"]})
    results = [lab.run(*UP), lab.run("export"), lab.run("refresh", "--yes"), lab.run("preview", "--diff")]
    shown = "".join(result.out + result.err for result in results)
    assert [result.code for result in results] == [0, 0, 0, 0]
    assert "open sesame" not in shown + lab.state_file.read_text(encoding="utf-8")
    assert lab.read_live() == {"a": {"name": "a", "word": "open sesame"}}
    for bag in ("inputs", "outputs"):
        assert lab.resource("a")[bag]["word"][SIGNATURE] == SECRET
    assert lab.run("preview", "--expect-no-changes").code == 0


def test_named_outputs_are_made_secret(lab: Sandbox) -> None:
    """The option additional_secret_outputs marks an output as secret."""
    lab.declare({"name": "a", "options": {"additional_secret_outputs": ["made"]}})
    assert lab.run(*UP).code == 0
    assert lab.resource("a")["outputs"]["made"][SIGNATURE] == SECRET


def test_a_component_and_its_children_are_stored_with_their_types(lab: Sandbox) -> None:
    """The URN of a child contains its parent's type."""
    lab.declare({"name": "a", "options": {"parent": "box"}})
    result = lab.run(*UP)
    assert result.code == 0, result.out
    assert lab.resource("a")["urn"] == "urn:pulumi:dev::lab::lab:index:Box$pulumi-python:dynamic/lab:Thing::a"
    assert lab.resource("box")["outputs"] == {"size": 1}
    assert lab.resource("a")["parent"] == lab.resource("box")["urn"]


def test_two_resources_of_one_name_are_refused(lab: Sandbox) -> None:
    """Two resources with one URN give Pulumi's error."""
    lab.declare({"name": "a"}, {"name": "a"})
    result = lab.run(*UP)
    assert result.code == 1
    assert "Duplicate resource URN" in result.out


def test_drift_is_healed_by_an_up_that_refreshes_first(lab: Sandbox) -> None:
    """`up --refresh` reads the resource and updates it to the inputs of the program."""
    lab.declare({"name": "a", "inputs": {"size": 1}})
    lab.run(*UP)
    lab.live.write_text('{"a": {"name": "a", "size": 9}}', encoding="utf-8")
    assert lab.run("refresh", "--preview-only", "--expect-no-changes").code == 7
    assert lab.run(*UP, "--refresh").code == 0
    assert lab.provider_calls("Read", "Update") == ["Read a", "Update a"]
    assert lab.read_live() == {"a": {"name": "a", "size": 1}}


def test_a_destroy_preview_asks_the_provider_nothing(lab: Sandbox) -> None:
    """The preview of a destroy makes no call to the provider, as in Pulumi."""
    lab.declare(PARENT, CHILD)
    lab.run(*UP)
    result = lab.run("destroy", "--preview-only")
    assert result.code == 0
    assert "- 3 to delete" in result.out
    assert lab.provider_calls() == []
    assert lab.names() == ["parent", "child"]


def test_a_refused_delete_leaves_the_resource_and_what_it_needs(lab: Sandbox) -> None:
    """The provider's message is shown, the exit code is 1, and the dependencies are kept."""
    lab.declare(PARENT, {**CHILD, "inputs": {"fails": ["delete"]}})
    lab.run(*UP)
    result = lab.run("destroy", "--yes")
    assert result.code == 1
    assert "RuntimeError: it is nailed down" in result.out
    assert lab.names() == ["parent", "child"]


def test_an_empty_program_after_a_destroy_starts_again(lab: Sandbox) -> None:
    """The stack still exists with an empty state."""
    lab.declare(PARENT)
    lab.run(*UP)
    assert lab.run("destroy", "--yes").code == 0
    assert lab.resources() == []
    assert lab.run(*UP).code == 0
    assert lab.names() == ["parent"]
