"""Create and Update: live becomes what the manifest says, and the state keeps a few figures."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.support.provider_world import HEALS, RELABELS, labels_of, line

if TYPE_CHECKING:
    from tests.support.provider_world import World


def test_create_loads_a_new_dataset_and_the_next_up_is_empty(world: World) -> None:
    """The first `pulumi up` creates and fills the dataset; a second finds nothing to do and sends nothing."""
    cells = world.declare({"1.jpg": ["cat"], "2.jpg": ["dog", "cat"], "3.jpg": None})
    assert cells.up()
    assert world.live(cells) == {"1.jpg": ["cat"], "2.jpg": ["cat", "dog"], "3.jpg": []}
    sent = world.calls("UpdateDatasetEntries")
    assert not cells.up()
    assert cells.preview()[0] is False
    assert world.calls("UpdateDatasetEntries") == sent


def test_the_id_is_the_projects_arn_and_the_type_in_lower_case(world: World) -> None:
    """`<projectArn>#train` or `#test`, always; the dataset's own ARN is an output."""
    train = world.declare({"1.jpg": ["cat"]})
    test = world.declare({"2.jpg": ["cat"]}, project=train.declared["projectArn"], datasetType="TEST")
    train.up()
    test.up()
    assert train.id == f"{train.declared['projectArn']}#train"
    assert test.id == f"{train.declared['projectArn']}#test"
    assert train.outputs["datasetArn"] == world.arn(train)
    assert test.outputs["datasetArn"] == world.arn(test)


def test_create_adopts_what_the_project_has(world: World) -> None:
    """Same project and type: it is adopted, and only what differs is sent."""
    cells = world.declare({"1.jpg": ["cat"], "2.jpg": ["dog"]})
    arn = world.emulator.client().create_dataset(ProjectArn=cells.declared["projectArn"], DatasetType="TRAIN")
    world.emulator.edit_entries(arn["DatasetArn"], [json.dumps(line("1.jpg", "cat"))])
    created, sent = world.calls("CreateDataset"), world.calls("UpdateDatasetEntries")
    assert cells.preview()[1]["pendingChanges"]["summary"].startswith(
        "takes over the dataset that is there: 1 entry, 1 to add; 1 unchanged"
    )
    cells.up()
    assert world.calls("CreateDataset") == created
    assert world.calls("UpdateDatasetEntries") == sent + 1
    assert cells.outputs["datasetArn"] == arn["DatasetArn"]
    assert world.live(cells) == {"1.jpg": ["cat"], "2.jpg": ["dog"]}


def test_adopting_an_equal_dataset_sends_nothing(world: World) -> None:
    """An import is a create: there is nothing to do but to record."""
    first = world.declare({"1.jpg": ["cat"]})
    first.up()
    again = world.declare({"1.jpg": ["cat"]}, project=first.declared["projectArn"])
    again.name = first.name  # the same resource after its state was lost; another one would be refused
    sent = world.calls("UpdateDatasetEntries")
    again.up()
    assert world.calls("UpdateDatasetEntries") == sent
    assert again.messages[-1].text == "nothing was sent"
    assert not again.up()


def test_an_update_sends_what_differs_and_nothing_else(world: World) -> None:
    """Changed and new entries in one request; the others stay as they are."""
    cells = world.declare({f"{number}.jpg": ["cat"] for number in range(5)})
    cells.up()
    world.rewrite(cells, {**{f"{number}.jpg": ["cat"] for number in range(1, 6)}, "0.jpg": ["dog"]})
    cells.up()
    bodies = [call.request for call in world.emulator.calls if call.operation == "UpdateDatasetEntries"]
    sent = [json.loads(text) for text in bodies[-1]["Changes"]["GroundTruth"].splitlines()]
    assert {one["source-ref"].rpartition("/")[2]: labels_of(one) for one in sent} == {
        "5.jpg": ["cat"],
        "0.jpg": ["dog"],
    }


def test_replace_deletes_creates_and_loads_inside_the_update(world: World) -> None:
    """`extra: replace`: a new ARN, the same id, and what the manifest does not have is gone."""
    cells = world.declare({"1.jpg": ["cat"]}, policy={"extra": "replace", "destroy": "refuse"} | HEALS)
    cells.up()
    before, name = cells.outputs["datasetArn"], cells.id
    world.edit(cells, "9.jpg", "bird")
    assert cells.up()
    assert cells.id == name
    assert cells.outputs["datasetArn"] == world.arn(cells) != before
    assert world.live(cells) == {"1.jpg": ["cat"]}
    assert not cells.up()
    assert not cells.drift()


def test_unlabel_sends_the_bare_line_once(world: World) -> None:
    """`extra: unlabel`: training ignores the image then, and an unlabelled entry is at rest."""
    cells = world.declare({"1.jpg": ["cat"]}, policy={"extra": "unlabel"} | HEALS)
    cells.up()
    world.edit(cells, "9.jpg", "bird")
    assert cells.up()
    assert world.live(cells) == {"1.jpg": ["cat"], "9.jpg": []}
    assert cells.messages[-1].text == "1 unlabelled in 1 batch"
    assert not cells.up()
    assert not cells.drift()


def test_statistics_that_disagree_with_what_was_read_are_a_warning(world: World) -> None:
    """Statistics that disagree are a warning with both figures, and the apply succeeds."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    world.emulator.load_faults("[{fault: stale-status, reads: 1000}]")
    world.rewrite(cells, {"1.jpg": ["cat"], "2.jpg": ["dog"], "3.jpg": ["dog"]})
    cells.up()
    warning, done = cells.messages[-2:]
    assert warning.is_warning
    assert "the service lists 3 entries, 0 of them marked with errors, but its statistics count 1 and 0" in warning.text
    assert done.text == "2 added in 1 batch"


def test_what_the_service_stores_differently_is_reported_once_and_not_sent_again(world: World) -> None:
    """Strict mode: it means what was sent, so it is remembered; a later change sends that change alone."""
    lines = [line(f"{number}.jpg", "cat") | {"note": 1} for number in range(3)]
    cells = world.declare_lines(lines, policy={"compare": "strict"})
    world.emulator.load_faults("[{fault: rewrite, what: [unknown]}]")
    cells.up()
    assert "not stored as sent: 3 entries mean what was sent" in cells.messages[-2].text
    text = "\n".join(json.dumps(one) for one in [*lines[:2], line("2.jpg", "dog") | {"note": 1}])
    (world.program / cells.declared["manifest"]).write_text(text)
    cells.up()
    assert "not stored as sent: 1 entry means what was sent" in cells.messages[-2].text
    assert cells.messages[-1].text == "1 updated in 1 batch"
    assert not cells.up()


def test_the_last_message_of_an_up_says_what_was_done(world: World) -> None:
    """A row shows the first line of the last message."""
    cells = world.declare({"1.jpg": ["cat"]}, policy=RELABELS)
    cells.up()
    assert cells.messages[-1].text == "1 added in 1 batch"
    world.rewrite(cells, {"1.jpg": ["dog"], "2.jpg": ["dog"]})
    cells.up()
    assert cells.messages[-1].text == "1 added, 1 updated in 1 batch"


def test_status_lines_show_progress_and_are_few_without_a_terminal(world: World) -> None:
    """A script's log prints each of them for good: one a minute."""
    cells = world.declare({"1.jpg": ["cat"]})
    cells.up()
    assert len(cells.statuses) == 1


def test_marked_entries_are_reported_at_their_line(world: World) -> None:
    """The service's code and its meaning, with file and line; a warning, because the entries are live."""
    box = {"label": "cat", "left": 600, "top": 0, "width": 100, "height": 50}
    cells = world.declare({}, manifest="box.yaml", policy={"guards": {"unusable": "off"}})
    (world.program / "box.yaml").write_text(
        f"images: s3://acme-vision/\nsize: [640, 480]\nentries:\n  - {{image: 1.jpg, boxes: [{box}]}}\n"
    )
    cells.up()
    warning = cells.messages[-2]
    assert warning.is_warning
    assert warning.text.startswith("box.yaml:4:")
    assert "ERROR_" in warning.text
    assert not cells.up()


@pytest.mark.parametrize("kind", ["TRAIN", "TEST"])
def test_an_empty_manifest_makes_an_empty_dataset(world: World, kind: str) -> None:
    """A manifest with `entries: []` is valid and creates an empty dataset."""
    cells = world.declare({}, datasetType=kind)
    cells.up()
    assert world.live(cells) == {}
    assert not cells.up()


def test_four_datasets_are_applied_at_once(world: World) -> None:
    """The server answers on four threads with one provider object: everyone gets their own entries and messages."""
    many = [world.declare({f"{number}.jpg": [f"label-{number}"]}) for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda cells: cells.preview(), many))
        list(pool.map(lambda cells: cells.up(), many))
        assert list(pool.map(lambda cells: cells.drift(), many)) == [False] * 8
    for number, cells in enumerate(many):
        assert world.live(cells) == {f"{number}.jpg": [f"label-{number}"]}
        assert [f"label-{number}" in cells.messages[0].text, cells.messages[1].text] == [True, "1 added in 1 batch"]
