"""Switches about lines, statuses, listings and numbers: both answers of each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from rekognition_emulator import Limits, Switches
from rekognition_emulator.lines.codes import LINE_CODES, TERMINAL_CODES, DatasetFailure, DropReason
from rekognition_emulator.lines.judge import LineJudge
from rekognition_emulator.switches.switch import SwitchError
from tests.emulator.dataset_under_switches import SwitchedDataset, under_switches

if TYPE_CHECKING:
    from tests.emulator.conftest import Lines


def judged(line: Any, **switches: Any) -> Any:  # noqa: ANN401 - JSON, values of Switches
    """A line as it is listed."""
    text = line if isinstance(line, str) else json.dumps(line)
    entry = LineJudge(Limits(), Switches(**switches)).judge(text.encode())
    assert not isinstance(entry, DropReason)
    return json.loads(entry.line)


# -- switches themselves ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"error_key": "nonsense"}, "The switch error_key must be one of: cl-errors, errors."),
        ({"bare_line": "acepted"}, "The switch bare_line must be one of: accepted, marked. Did you mean `accepted`?"),
        ({"eror_key": "errors"}, "There is no switch 'eror_key'. Did you mean `error_key`?"),
        ({"xyz": 1}, "There is no switch 'xyz'. Known switches: bare_line, box_too_small, "),
        ({"create_failed_keeps_slot": "yes"}, "The switch create_failed_keeps_slot must be true or false."),
        ({"quota_burst": True}, "The switch quota_burst must be a whole number, 0 or greater."),
        ({"quota_burst": 1.5}, "The switch quota_burst must be a whole number, 0 or greater."),
        ({"token_lifetime": float("nan")}, "The switch token_lifetime must be a number, 0 or greater."),
        ({"token_lifetime": -1}, "The switch token_lifetime must be a number, 0 or greater."),
        ({"message_updated": None}, "The switch message_updated must be text."),
        ({"error_key": ["errors"]}, "The switch error_key must be one of: cl-errors, errors."),
    ],
)
def test_an_invalid_switch_is_refused_with_a_sentence(chosen: dict[str, Any], sentence: str) -> None:
    """Python gets the same message as the command line: the name, the valid values, and the likely intention."""
    with pytest.raises(SwitchError) as refused:
        Switches(**chosen)
    assert str(refused.value).startswith(sentence)


def test_switches_are_given_by_name() -> None:
    """Switches have no order, so positional arguments are refused."""
    with pytest.raises(SwitchError, match="by name, as in Switches"):
        Switches("accepted")  # type: ignore[call-arg]  # that is the mistake


# -- lines ------------------------------------------------------------------------------------------------------------


def test_two_spellings_of_one_key(lines: Lines) -> None:
    """With source_ref_compared two spellings are two entries, or one entry with the later line."""

    def total(switched: SwitchedDataset) -> int:
        switched.update(lines.payload(lines.image("a b.jpg", "cat")))
        return int(switched.update(lines.payload(lines.image("a%20b.jpg", "dog")))["DatasetStats"]["TotalEntries"])

    assert under_switches(total) == 2
    assert under_switches(total, source_ref_compared="URL-decoded") == 1


def test_errors_that_are_sent_back(lines: Lines) -> None:
    """With service_fields_sent errors are replaced by new ones, or kept together with them."""
    old = {"code": "ERROR_OLD", "message": "Old."}
    corrected = lines.image("a.jpg", "cat") | {"cl-errors": [old], "cl-metadata": {"is_labeled": False}}
    assert "cl-errors" not in judged(corrected)
    kept = judged(corrected, service_fields_sent="kept")
    assert (kept["cl-errors"], kept["cl-metadata"]) == ([old], {"is_labeled": True})


@pytest.mark.parametrize("junk", ["text", {"code": "x"}, [1], None, 7])
def test_whatever_a_client_puts_where_errors_go(lines: Lines, junk: object) -> None:
    """Any value there is replaced or extended, and the line is judged completely."""
    line = lines.boxes("a.jpg", ("RBC", 0, 0, 700, 9))
    line["cl-errors"] = line["bb"]["cl-errors"] = line["bb"]["annotations"][0]["cl-errors"] = junk
    found = judged(line)["bb"]["annotations"][0]["cl-errors"]
    assert found[-1]["code"] == "ERROR_INVALID_BOUNDING_BOX"


@pytest.mark.parametrize(
    ("place", "where"), [("where the mistake is", "bb"), ("metadata", "bb-metadata"), ("line", "the line")]
)
def test_places_of_errors_that_aws_does_not_show(lines: Lines, place: str, where: str) -> None:
    """inferred_error_places moves only the codes whose place AWS does not show."""
    line = lines.boxes("a.jpg", *[("RBC", 0, 0, 9, 9)] * 51, ("RBC", 0, 0, 700, 9))
    found = judged(line, inferred_error_places=place)
    holders = {"bb": found["bb"], "bb-metadata": found["bb-metadata"], "the line": found}
    errors = {name: [each["code"] for each in holder.get("cl-errors", [])] for name, holder in holders.items()}
    assert {name for name, codes in errors.items() if codes} == {where}
    assert errors[where] == ["ERROR_TOO_MANY_BOUNDING_BOXES"]
    assert found["bb"]["annotations"][-1]["cl-errors"][0]["code"] == "ERROR_INVALID_BOUNDING_BOX"


def test_codes_with_a_place_that_is_a_switch() -> None:
    """AWS's examples show the place of five codes, and the switch moves only the others."""
    shown = {code.code for code in LINE_CODES if not code.inferred}
    assert shown == {
        "ERROR_NO_LABEL_ATTRIBUTES",
        "ERROR_NO_VALID_LABEL_ATTRIBUTES",
        "ERROR_INVALID_BOUNDING_BOX",
        "ERROR_BOUNDING_BOX_TOO_SMALL",
        "ERROR_UNSUPPORTED_USE_CASE_TYPE",
    }


def test_the_type_that_awss_converter_leaves(lines: Lines) -> None:
    """With multilabel_type the type of SageMaker's multi-label jobs is unsupported, or that of an image-level label."""
    line = lines.image("a.jpg", "cat")
    line["label0-metadata"]["type"] = "groundtruth/image-classification-multilabel"
    marked = judged(line)
    assert marked["label0-metadata"]["cl-errors"][0]["code"] == "ERROR_UNSUPPORTED_USE_CASE_TYPE"
    assert "cl-errors" not in judged(line, multilabel_type="accepted")["label0-metadata"]

    def labels(switched: SwitchedDataset) -> int:
        return int(switched.update(lines.payload(line))["DatasetStats"]["TotalLabels"])

    assert (under_switches(labels), under_switches(labels, multilabel_type="accepted")) == (0, 1)


def test_sizes_of_images_may_be_ignored(lines: Lines) -> None:
    """With image_dimensions an image of any size is accepted."""
    line = lines.boxes("a.jpg")
    line["bb"]["image_size"][0]["width"] = 9999
    assert judged(line)["bb"]["cl-errors"][0]["code"] == "ERROR_INVALID_IMAGE_DIMENSION"
    assert "cl-errors" not in judged(line, image_dimensions="ignored")["bb"]


def test_how_long_the_name_of_a_label_may_be(lines: Lines) -> None:
    """label_name_most sets the limit, and message_label_name_length the text of its error."""
    long = lines.image("a.jpg", "x" * 256)
    assert judged(long, message_label_name_length="Too long.")["label0-metadata"]["cl-errors"] == [
        {"code": "ERROR_INVALID_LABEL_NAME_LENGTH", "message": "Too long."}
    ]
    assert "cl-errors" not in judged(long, label_name_most=256)["label0-metadata"]
    assert "cl-errors" in judged(lines.image("a.jpg", "x" * 257), label_name_most=256)["label0-metadata"]


def test_lines_listed_byte_for_byte(lines: Lines) -> None:
    """With listed_form spaces and numbers stay, but a line with errors is written as compact JSON."""
    text = json.dumps(lines.image("a.jpg", "cat"), indent=None).replace('"confidence": 1,', '"confidence":  1.0e0,')
    entry = LineJudge(Limits(), Switches(listed_form="byte for byte")).judge(f" {text} ".encode())
    assert not isinstance(entry, DropReason)
    assert entry.line == text[:-1] + ',"cl-metadata":{"is_labeled":true}}'
    assert json.loads(entry.line)["cl-metadata"] == {"is_labeled": True}
    marked = lines.boxes("a.jpg", ("RBC", 0, 0, 700, 9))
    assert judged(marked, listed_form="byte for byte") == judged(marked)


# -- payloads and datasets --------------------------------------------------------------------------------------------


def test_of_what_the_fifth_is_taken(lines: Lines) -> None:
    """By invalid_share_of two of three lines of a payload are too many, or few next to twenty entries."""

    def status(switched: SwitchedDataset) -> str:
        switched.update(lines.payload(*(lines.image(f"{number}.jpg") for number in range(20))))
        return str(switched.update(lines.payload(lines.image("a.jpg"), "{}", "{}"))["Status"])

    assert under_switches(status) == "UPDATE_FAILED"
    assert under_switches(status, invalid_share_of="the dataset") == "UPDATE_COMPLETE"


def test_how_few_labels_a_dataset_may_have(lines: Lines) -> None:
    """With fewest_labels an update that leaves fewer labels fails."""

    def message(switched: SwitchedDataset) -> str:
        return str(switched.update(lines.payload(lines.image("a.jpg", "cat")))["StatusMessage"])

    assert under_switches(message) == "The dataset was successfully updated."
    assert under_switches(message, fewest_labels=2) == "The manifest file has too few labels."


def test_how_many_images_a_dataset_without_boxes_may_have(lines: Lines) -> None:
    """classification_images doubles the limit for a dataset without boxes, and only for it."""

    def status(switched: SwitchedDataset) -> str:
        switched.update(lines.payload(lines.image("a.jpg"), lines.image("b.jpg")))
        return str(switched.update(lines.payload(lines.image("c.jpg"), lines.image("d.jpg")))["Status"])

    def boxed(switched: SwitchedDataset) -> str:
        switched.update(lines.payload(lines.image("a.jpg"), lines.image("b.jpg")))
        return str(switched.update(lines.payload(lines.boxes("c.jpg", ("RBC", 0, 0, 9, 9))))["Status"])

    limits = Limits(entries=2)
    assert under_switches(status, limits) == "UPDATE_FAILED"
    assert under_switches(status, limits, classification_images="500,000") == "UPDATE_COMPLETE"
    assert under_switches(boxed, limits, classification_images="500,000") == "UPDATE_FAILED"


def test_how_a_payload_is_measured(lines: Lines) -> None:
    """By payload_measured the limit is for the decoded bytes, or for the base64 text, a third longer."""
    payload = lines.payload(lines.image("a.jpg"))

    def code(switched: SwitchedDataset) -> str:
        return str(switched.update(payload)["Status"])

    most = len(payload)
    assert under_switches(code, payload_most=most) == "UPDATE_COMPLETE"
    with pytest.raises(ClientError, match="ValidationException"):
        under_switches(code, payload_most=most, payload_measured="base64")
    assert under_switches(code, payload_most=(most + 2) // 3 * 4, payload_measured="base64") == "UPDATE_COMPLETE"


def test_what_a_failure_says() -> None:
    """failure_message and message_empty_manifest choose the StatusMessage of a failure."""

    def message(switched: SwitchedDataset) -> str:
        return str(switched.update(b"\n")["StatusMessage"])

    assert under_switches(message) == "The manifest file is empty."
    said = under_switches(message, failure_message="code: text", message_empty_manifest="Nothing.")
    assert said == "ERROR_EMPTY_MANIFEST: Nothing."
    assert set(TERMINAL_CODES) == set(DatasetFailure)


# -- statuses and listings --------------------------------------------------------------------------------------------


def test_an_empty_dataset_may_be_there_at_once() -> None:
    """With empty_creation an empty dataset is CREATE_COMPLETE at once, but one from a manifest is not."""

    def statuses(switched: SwitchedDataset) -> list[str]:
        found = [switched.describe(switched.create())["Status"]]
        other = switched.client.create_project(ProjectName="other")["ProjectArn"]
        source: Any = {"DatasetArn": switched.train}
        copy = switched.client.create_dataset(ProjectArn=other, DatasetType="TEST", DatasetSource=source)["DatasetArn"]
        return [*found, switched.describe(copy)["Status"]]

    assert under_switches(statuses) == ["CREATE_IN_PROGRESS"] * 2
    assert under_switches(statuses, empty_creation="at once") == ["CREATE_COMPLETE", "CREATE_IN_PROGRESS"]


def test_the_place_of_a_dataset_that_is_being_deleted() -> None:
    """By slot_while_deleting a second dataset of the type is refused until the first is deleted, or accepted."""

    def datasets(switched: SwitchedDataset) -> int:
        switched.client.delete_dataset(DatasetArn=switched.train)
        switched.create("TRAIN")
        return len(switched.client.describe_projects()["ProjectDescriptions"][0]["Datasets"])

    with pytest.raises(ClientError, match="ResourceAlreadyExistsException"):
        under_switches(datasets)
    assert under_switches(datasets, slot_while_deleting="free") == 2


def test_when_an_update_shows(lines: Lines) -> None:
    """With update_shows_after a busy dataset shows the old status for some seconds, and then the new one."""

    def seen(switched: SwitchedDataset) -> list[str]:
        changes: Any = {"GroundTruth": lines.payload(lines.image("a.jpg"))}
        switched.client.update_dataset_entries(DatasetArn=switched.train, Changes=changes)
        found = [switched.describe()["Status"]]
        found.append(switched.client.describe_projects()["ProjectDescriptions"][0]["Datasets"][0]["Status"])
        found.append(switched.refused(lambda: switched.client.delete_dataset(DatasetArn=switched.train)))
        for _ in range(2):
            switched.clock.advance(5)
            found.append(switched.describe()["Status"])
        return found

    rest = ["ResourceInUseException", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert under_switches(seen) == ["UPDATE_IN_PROGRESS"] * 2 + rest
    assert under_switches(seen, update_shows_after=3.0) == ["CREATE_COMPLETE"] * 2 + rest


def test_how_the_filters_compare(lines: Lines) -> None:
    """contains_labels_case and labeled_filter choose what the filters compare."""

    def found(switched: SwitchedDataset) -> tuple[int, int]:
        switched.update(lines.payload(lines.image("a.jpg", "Cat"), lines.boxes("b.jpg")))
        return len(switched.listed(ContainsLabels=["cat"])), len(switched.listed(Labeled=True))

    assert under_switches(found) == (0, 2)
    assert under_switches(found, contains_labels_case="any", labeled_filter="has labels") == (1, 1)


def test_tokens_and_updates(lines: Lines) -> None:
    """By tokens_after_update a token stays valid after an update, or is refused; without an update it stays valid."""

    def second_page(switched: SwitchedDataset, *, updated: bool) -> int:
        switched.update(lines.payload(lines.image("a.jpg"), lines.image("b.jpg")))
        token = switched.client.list_dataset_entries(DatasetArn=switched.train, MaxResults=1)["NextToken"]
        if updated:
            switched.update(lines.payload(lines.image("c.jpg")))
        return len(switched.listed(NextToken=token))

    assert under_switches(lambda switched: second_page(switched, updated=True)) == 2
    strict = "InvalidPaginationTokenException"
    assert under_switches(lambda switched: second_page(switched, updated=False), tokens_after_update=strict) == 1
    with pytest.raises(ClientError, match=strict):
        under_switches(lambda switched: second_page(switched, updated=True), tokens_after_update=strict)


def test_how_a_fifth_is_rounded(lines: Lines) -> None:
    """By distributed_rounding a fifth of seven entries is one, or two."""

    def moved(switched: SwitchedDataset) -> list[str]:
        test = switched.create()
        switched.clock.advance(10)
        switched.update(lines.payload(*(lines.image(f"{number}.jpg", "cat") for number in range(7))))
        switched.client.distribute_dataset_entries(Datasets=[{"Arn": switched.train}, {"Arn": test}])
        switched.clock.advance(10)
        switched.describe(test)
        return [entry.key.rpartition("/")[2] for entry in switched.emulator.entries(test)]

    assert under_switches(moved) == ["4.jpg"]
    assert under_switches(moved, distributed_rounding="up") == ["4.jpg", "6.jpg"]
    assert under_switches(moved, distributed_rounding="up", distributed_entries="first fifth") == ["0.jpg", "1.jpg"]


def test_the_resolution_of_last_updated(lines: Lines) -> None:
    """By last_updated two updates of one second have two timestamps, or the same whole one."""

    def timestamps(switched: SwitchedDataset) -> list[float]:
        found = []
        for name in "ab":
            switched.emulator.edit_entries(switched.train, [json.dumps(lines.image(f"{name}.jpg"))])
            found.append(switched.describe()["LastUpdatedTimestamp"].timestamp())
        return found

    first, second = under_switches(timestamps)
    assert first < second < first + 1
    assert under_switches(timestamps, last_updated="seconds") == [1.7e9 + 10] * 2
