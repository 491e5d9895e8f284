"""Switches about lines, statuses, listings and numbers: both answers of each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from rekognition_emulator import Limits, Switches
from rekognition_emulator.lines.codes import LINE_CODES, TERMINAL_CODES, Dropped, Terminal
from rekognition_emulator.lines.lines import LineJudge
from rekognition_emulator.switches.switch import SwitchError
from tests.emulator.world import World, under

if TYPE_CHECKING:
    from tests.emulator.conftest import Lines


def judged(line: Any, **switches: Any) -> Any:  # noqa: ANN401 - JSON, values of Switches
    """A line as it is listed."""
    text = line if isinstance(line, str) else json.dumps(line)
    entry = LineJudge(Limits(), Switches(**switches)).judge(text.encode())
    assert not isinstance(entry, Dropped)
    return json.loads(entry.line)


# -- switches themselves ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"error_key": "nonsense"}, "The switch error_key is one of: cl-errors, errors."),
        ({"bare_line": "acepted"}, "The switch bare_line is one of: accepted, marked. Did you mean accepted?"),
        ({"eror_key": "errors"}, "There is no switch 'eror_key'. Did you mean error_key?"),
        ({"xyz": 1}, "There is no switch 'xyz'. There are: bare_line, box_too_small, "),
        ({"create_failed_keeps_slot": "yes"}, "The switch create_failed_keeps_slot is true or false."),
        ({"quota_burst": True}, "The switch quota_burst is a whole number from 0 on."),
        ({"quota_burst": 1.5}, "The switch quota_burst is a whole number from 0 on."),
        ({"token_lifetime": float("nan")}, "The switch token_lifetime is a number from 0 on."),
        ({"token_lifetime": -1}, "The switch token_lifetime is a number from 0 on."),
        ({"message_updated": None}, "The switch message_updated is text."),
        ({"error_key": ["errors"]}, "The switch error_key is one of: cl-errors, errors."),
    ],
)
def test_a_switch_that_is_none_is_refused_with_a_sentence(chosen: dict[str, Any], sentence: str) -> None:
    """From Python as from the command line: name, what it takes, and what was perhaps meant."""
    with pytest.raises(SwitchError) as refused:
        Switches(**chosen)
    assert str(refused.value).startswith(sentence)


def test_switches_are_given_by_name() -> None:
    """Their order means nothing."""
    with pytest.raises(SwitchError, match="by name, as in Switches"):
        Switches("accepted")  # type: ignore[call-arg]  # that is the mistake


# -- lines ------------------------------------------------------------------------------------------------------------


def test_two_spellings_of_one_key(lines: Lines) -> None:
    """source_ref_compared: two entries, or one with the later line."""

    def total(world: World) -> int:
        world.update(lines.payload(lines.image("a b.jpg", "cat")))
        return int(world.update(lines.payload(lines.image("a%20b.jpg", "dog")))["DatasetStats"]["TotalEntries"])

    assert under(total) == 2
    assert under(total, source_ref_compared="URL-decoded") == 1


def test_errors_that_are_sent_back(lines: Lines) -> None:
    """service_fields_sent: judged anew, or kept beside the new ones."""
    old = {"code": "ERROR_OLD", "message": "Old."}
    mended = lines.image("a.jpg", "cat") | {"cl-errors": [old], "cl-metadata": {"is_labeled": False}}
    assert "cl-errors" not in judged(mended)
    kept = judged(mended, service_fields_sent="kept")
    assert (kept["cl-errors"], kept["cl-metadata"]) == ([old], {"is_labeled": True})


@pytest.mark.parametrize("junk", ["text", {"code": "x"}, [1], None, 7])
def test_whatever_a_client_puts_where_errors_go(lines: Lines, junk: object) -> None:
    """It is replaced or added to; the judging goes on."""
    line = lines.boxes("a.jpg", ("RBC", 0, 0, 700, 9))
    line["cl-errors"] = line["bb"]["cl-errors"] = line["bb"]["annotations"][0]["cl-errors"] = junk
    found = judged(line)["bb"]["annotations"][0]["cl-errors"]
    assert found[-1]["code"] == "ERROR_INVALID_BOUNDING_BOX"


@pytest.mark.parametrize(
    ("place", "where"), [("where the mistake is", "bb"), ("metadata", "bb-metadata"), ("line", "the line")]
)
def test_places_of_errors_that_aws_does_not_show(lines: Lines, place: str, where: str) -> None:
    """inferred_error_places: for those codes only; a shown place stays."""
    line = lines.boxes("a.jpg", *[("RBC", 0, 0, 9, 9)] * 51, ("RBC", 0, 0, 700, 9))
    found = judged(line, inferred_error_places=place)
    holders = {"bb": found["bb"], "bb-metadata": found["bb-metadata"], "the line": found}
    errors = {name: [each["code"] for each in holder.get("cl-errors", [])] for name, holder in holders.items()}
    assert {name for name, codes in errors.items() if codes} == {where}
    assert errors[where] == ["ERROR_TOO_MANY_BOUNDING_BOXES"]
    assert found["bb"]["annotations"][-1]["cl-errors"][0]["code"] == "ERROR_INVALID_BOUNDING_BOX"


def test_codes_with_a_place_that_is_a_switch() -> None:
    """Those whose place no example of AWS shows; the five others are always where AWS shows them."""
    shown = {code.code for code in LINE_CODES if not code.inferred}
    assert shown == {
        "ERROR_NO_LABEL_ATTRIBUTES",
        "ERROR_NO_VALID_LABEL_ATTRIBUTES",
        "ERROR_INVALID_BOUNDING_BOX",
        "ERROR_BOUNDING_BOX_TOO_SMALL",
        "ERROR_UNSUPPORTED_USE_CASE_TYPE",
    }


def test_sizes_of_images_may_be_ignored(lines: Lines) -> None:
    """image_dimensions."""
    line = lines.boxes("a.jpg")
    line["bb"]["image_size"][0]["width"] = 9999
    assert judged(line)["bb"]["cl-errors"][0]["code"] == "ERROR_INVALID_IMAGE_DIMENSION"
    assert "cl-errors" not in judged(line, image_dimensions="ignored")["bb"]


def test_how_long_the_name_of_a_label_may_be(lines: Lines) -> None:
    """label_name_most, and message_label_name_length as the text of its error."""
    long = lines.image("a.jpg", "x" * 256)
    assert judged(long, message_label_name_length="Too long.")["label0-metadata"]["cl-errors"] == [
        {"code": "ERROR_INVALID_LABEL_NAME_LENGTH", "message": "Too long."}
    ]
    assert "cl-errors" not in judged(long, label_name_most=256)["label0-metadata"]
    assert "cl-errors" in judged(lines.image("a.jpg", "x" * 257), label_name_most=256)["label0-metadata"]


def test_lines_listed_byte_for_byte(lines: Lines) -> None:
    """listed_form: blanks and numbers stay; a line that has to be changed is written anew."""
    text = json.dumps(lines.image("a.jpg", "cat"), indent=None).replace('"confidence": 1,', '"confidence":  1.0e0,')
    entry = LineJudge(Limits(), Switches(listed_form="byte for byte")).judge(f" {text} ".encode())
    assert not isinstance(entry, Dropped)
    assert entry.line == text[:-1] + ',"cl-metadata":{"is_labeled":true}}'
    assert json.loads(entry.line)["cl-metadata"] == {"is_labeled": True}
    marked = lines.boxes("a.jpg", ("RBC", 0, 0, 700, 9))
    assert judged(marked, listed_form="byte for byte") == judged(marked)


# -- payloads and datasets --------------------------------------------------------------------------------------------


def test_of_what_the_fifth_is_taken(lines: Lines) -> None:
    """invalid_share_of: two of three lines of a payload are many, two beside twenty entries are few."""

    def status(world: World) -> str:
        world.update(lines.payload(*(lines.image(f"{number}.jpg") for number in range(20))))
        return str(world.update(lines.payload(lines.image("a.jpg"), "{}", "{}"))["Status"])

    assert under(status) == "UPDATE_FAILED"
    assert under(status, invalid_share_of="the dataset") == "UPDATE_COMPLETE"


def test_how_few_labels_a_dataset_may_have(lines: Lines) -> None:
    """fewest_labels."""

    def message(world: World) -> str:
        return str(world.update(lines.payload(lines.image("a.jpg", "cat")))["StatusMessage"])

    assert under(message) == "The dataset was successfully updated."
    assert under(message, fewest_labels=2) == "The manifest file has too few labels."


def test_how_many_images_a_dataset_without_boxes_may_have(lines: Lines) -> None:
    """classification_images: twice as many without boxes; with boxes it stays."""

    def status(world: World) -> str:
        world.update(lines.payload(lines.image("a.jpg"), lines.image("b.jpg")))
        return str(world.update(lines.payload(lines.image("c.jpg"), lines.image("d.jpg")))["Status"])

    def boxed(world: World) -> str:
        world.update(lines.payload(lines.image("a.jpg"), lines.image("b.jpg")))
        return str(world.update(lines.payload(lines.boxes("c.jpg", ("RBC", 0, 0, 9, 9))))["Status"])

    limits = Limits(entries=2)
    assert under(status, limits) == "UPDATE_FAILED"
    assert under(status, limits, classification_images="500,000") == "UPDATE_COMPLETE"
    assert under(boxed, limits, classification_images="500,000") == "UPDATE_FAILED"


def test_how_a_payload_is_measured(lines: Lines) -> None:
    """payload_measured: decoded, or a third more."""
    payload = lines.payload(lines.image("a.jpg"))

    def code(world: World) -> str:
        return str(world.update(payload)["Status"])

    most = len(payload)
    assert under(code, payload_most=most) == "UPDATE_COMPLETE"
    with pytest.raises(ClientError, match="ValidationException"):
        under(code, payload_most=most, payload_measured="base64")
    assert under(code, payload_most=(most + 2) // 3 * 4, payload_measured="base64") == "UPDATE_COMPLETE"


def test_what_a_failure_says() -> None:
    """failure_message and message_empty_manifest."""

    def message(world: World) -> str:
        return str(world.update(b"\n")["StatusMessage"])

    assert under(message) == "The manifest file is empty."
    said = under(message, failure_message="code: text", message_empty_manifest="Nothing.")
    assert said == "ERROR_EMPTY_MANIFEST: Nothing."
    assert set(TERMINAL_CODES) == set(Terminal)


# -- statuses and listings --------------------------------------------------------------------------------------------


def test_an_empty_dataset_may_be_there_at_once() -> None:
    """empty_creation: only an empty one."""

    def statuses(world: World) -> list[str]:
        found = [world.describe(world.create())["Status"]]
        other = world.client.create_project(ProjectName="other")["ProjectArn"]
        source: Any = {"DatasetArn": world.train}
        copy = world.client.create_dataset(ProjectArn=other, DatasetType="TEST", DatasetSource=source)["DatasetArn"]
        return [*found, world.describe(copy)["Status"]]

    assert under(statuses) == ["CREATE_IN_PROGRESS"] * 2
    assert under(statuses, empty_creation="at once") == ["CREATE_COMPLETE", "CREATE_IN_PROGRESS"]


def test_the_place_of_a_dataset_that_is_being_deleted() -> None:
    """slot_while_deleting: a second dataset of the type is refused until it is gone, or not."""

    def datasets(world: World) -> int:
        world.client.delete_dataset(DatasetArn=world.train)
        world.create("TRAIN")
        return len(world.client.describe_projects()["ProjectDescriptions"][0]["Datasets"])

    with pytest.raises(ClientError, match="ResourceAlreadyExistsException"):
        under(datasets)
    assert under(datasets, slot_while_deleting="free") == 2


def test_when_an_update_shows(lines: Lines) -> None:
    """update_shows_after: the old status is shown for a while, though the dataset is busy; then the new one."""

    def seen(world: World) -> list[str]:
        changes: Any = {"GroundTruth": lines.payload(lines.image("a.jpg"))}
        world.client.update_dataset_entries(DatasetArn=world.train, Changes=changes)
        found = [world.describe()["Status"]]
        found.append(world.client.describe_projects()["ProjectDescriptions"][0]["Datasets"][0]["Status"])
        found.append(world.refused(lambda: world.client.delete_dataset(DatasetArn=world.train)))
        for _ in range(2):
            world.clock.advance(5)
            found.append(world.describe()["Status"])
        return found

    rest = ["ResourceInUseException", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert under(seen) == ["UPDATE_IN_PROGRESS"] * 2 + rest
    assert under(seen, update_shows_after=3.0) == ["CREATE_COMPLETE"] * 2 + rest


def test_how_the_filters_compare(lines: Lines) -> None:
    """contains_labels_case and labeled_filter."""

    def found(world: World) -> tuple[int, int]:
        world.update(lines.payload(lines.image("a.jpg", "Cat"), lines.boxes("b.jpg")))
        return len(world.listed(ContainsLabels=["cat"])), len(world.listed(Labeled=True))

    assert under(found) == (0, 2)
    assert under(found, contains_labels_case="any", labeled_filter="has labels") == (1, 1)


def test_tokens_and_updates(lines: Lines) -> None:
    """tokens_after_update: the listing goes on, or its token is refused; without an update it goes on either way."""

    def second_page(world: World, *, updated: bool) -> int:
        world.update(lines.payload(lines.image("a.jpg"), lines.image("b.jpg")))
        token = world.client.list_dataset_entries(DatasetArn=world.train, MaxResults=1)["NextToken"]
        if updated:
            world.update(lines.payload(lines.image("c.jpg")))
        return len(world.listed(NextToken=token))

    assert under(lambda world: second_page(world, updated=True)) == 2
    strict = "InvalidPaginationTokenException"
    assert under(lambda world: second_page(world, updated=False), tokens_after_update=strict) == 1
    with pytest.raises(ClientError, match=strict):
        under(lambda world: second_page(world, updated=True), tokens_after_update=strict)


def test_how_a_fifth_is_rounded(lines: Lines) -> None:
    """distributed_rounding: seven entries are one fifth, or two."""

    def moved(world: World) -> list[str]:
        test = world.create()
        world.clock.advance(10)
        world.update(lines.payload(*(lines.image(f"{number}.jpg", "cat") for number in range(7))))
        world.client.distribute_dataset_entries(Datasets=[{"Arn": world.train}, {"Arn": test}])
        world.clock.advance(10)
        world.describe(test)
        return [entry.key.rpartition("/")[2] for entry in world.emulator.entries(test)]

    assert under(moved) == ["4.jpg"]
    assert under(moved, distributed_rounding="up") == ["4.jpg", "6.jpg"]
    assert under(moved, distributed_rounding="up", distributed_entries="first fifth") == ["0.jpg", "1.jpg"]
