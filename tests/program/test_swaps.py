"""Resources that exchange datasets or move to each other's project: no order of creates and deletes loses one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.program.test_renames import CATS, write_program

if TYPE_CHECKING:
    from tests.program.workspace import Workspace

DOGS = {"8.jpg": ["dog"], "9.jpg": ["dog"]}
DENIED = "[{fault: error, error: AccessDeniedException, operation: DeleteDataset, on: '1-9'}]"


def declare(workspace: Workspace, folder: str, project: str, entries: dict[str, list[str]]) -> None:
    """A folder for the TRAIN dataset of a project that exists."""
    settings = {"project": project, "managed": False, "policy": {"destroy": "delete"}}
    workspace.declare(folder, settings, train=entries)


def test_two_folders_exchange_their_projects(workspace: Workspace) -> None:
    """The list of all datasets shows that each only moved: both are made equal to their manifests, none is deleted."""
    for name in ("p", "q"):
        workspace.create_project(name)
    declare(workspace, "a", "p", CATS)
    declare(workspace, "b", "q", DOGS)
    workspace.up()
    before = workspace.projects()
    declare(workspace, "a", "q", CATS)
    declare(workspace, "b", "p", DOGS)
    workspace.up()
    assert workspace.projects() == before
    assert workspace.emulator.count_calls("DeleteDataset") == 0
    assert workspace.live("q").items() >= CATS.items()
    assert workspace.live("p").items() >= DOGS.items()
    workspace.preview("--expect-no-changes")


def test_a_hand_written_exchange_of_train_and_test_is_refused(workspace: Workspace) -> None:
    """Neither resource can know of the other in time: both datasets stay as they are, and the way is said."""
    project = workspace.create_project("p")
    for name, entries in (("a", CATS), ("b", DOGS)):
        workspace.write(f"{name}.yaml", entries)
    write_program(workspace, "delete", ("a", project, "TRAIN"), ("b", project, "TEST"))
    workspace.up()
    write_program(workspace, "delete", ("a", project, "TEST"), ("b", project, "TRAIN"))
    assert "Do it in two" in workspace.up(expected=1).text
    assert workspace.live("p") == CATS
    assert workspace.live("p", "TEST") == DOGS
    assert workspace.emulator.count_calls("DeleteDataset") == 0


def test_a_folder_does_not_take_over_what_a_resource_beside_it_applied(workspace: Workspace) -> None:
    """A program may have resources that `datasets_from` does not know: the record names the one that is not listed."""
    projects = [workspace.create_project(name) for name in ("p", "q")]
    declare(workspace, "a", "p", CATS)
    workspace.write("own.yaml", DOGS)
    # The one beside it comes later: where it is checked first, the folder is told that both are for one dataset.
    program = "import pulumi\nfrom reconciler import Dataset, datasets_from\n\n"
    later = "opts=pulumi.ResourceOptions(depends_on=datasets_from())"
    own = f'Dataset("own", project_arn="{projects[1]}", dataset_type="TRAIN", manifest="own.yaml", {later})\n'
    (workspace.folder / "__main__.py").write_text(program + own)
    workspace.up()
    declare(workspace, "a", "q", CATS)
    assert "Do it in two" in workspace.up(expected=1).text
    assert (workspace.live("p"), workspace.live("q")) == (CATS, DOGS)


def test_both_datasets_move_into_one_project(workspace: Workspace) -> None:
    """A dataset that moves beside a different one touches only its own."""
    projects = [workspace.create_project(name) for name in ("p", "q")]
    for name, entries in (("a", CATS), ("b", DOGS)):
        workspace.write(f"{name}.yaml", entries)
    write_program(workspace, "delete", ("a", projects[0], "TRAIN"), ("b", projects[1], "TEST"))
    workspace.up()
    write_program(workspace, "delete", ("a", projects[0], "TRAIN"), ("b", projects[0], "TEST"))
    workspace.up()
    assert (workspace.live("p"), workspace.live("p", "TEST")) == (CATS, DOGS)
    assert workspace.projects()["q"] == {}


def test_a_delete_that_failed_at_the_end_is_done_by_the_next_up(workspace: Workspace) -> None:
    """The new dataset is loaded; until the old one is deleted no preview and no drift run says that all is well."""
    for name in ("p", "q"):
        workspace.create_project(name)
    declare(workspace, "a", "p", CATS)
    workspace.up()
    declare(workspace, "a", "q", CATS)
    workspace.emulator.load_faults(DENIED)
    workspace.up(expected=1)
    assert (workspace.live("p"), workspace.live("q")) == (CATS, CATS)
    old = workspace.projects()["p"]["TRAIN"]
    said = workspace.preview("--expect-no-changes", expected=7).text
    assert f"aws rekognition delete-dataset --dataset-arn {old}" in said
    assert old in workspace.drift(expected=7).text
    workspace.emulator.load_faults("")
    workspace.up()
    assert workspace.projects()["p"] == {}
    assert workspace.live("q") == CATS
    assert pending(workspace) == []
    workspace.drift()


def test_a_change_that_is_taken_back_while_the_old_dataset_waits_for_its_delete(workspace: Workspace) -> None:
    """The dataset that the program is for again is not deleted as the old object that it was."""
    for name in ("p", "q"):
        workspace.create_project(name)
    declare(workspace, "a", "p", CATS)
    workspace.up()
    declare(workspace, "a", "q", CATS)
    workspace.emulator.load_faults(DENIED)
    workspace.up(expected=1)
    workspace.emulator.load_faults("")
    declare(workspace, "a", "p", CATS)
    workspace.up()
    assert workspace.live("p") == CATS
    assert workspace.projects()["q"] == {}
    assert pending(workspace) == []
    workspace.preview("--expect-no-changes")


def pending(workspace: Workspace) -> list[str]:
    """The old objects in the state that are still to be deleted."""
    stored = json.loads(workspace.state_text)["deployment"]["resources"]
    return [one["urn"] for one in stored if one.get("delete")]
