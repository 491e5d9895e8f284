"""Files of JSON Lines: what a file may look like, and what is kept of a line."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import InvalidDeclaration
from reconciler.limits import DATASET_ENTRIES, LINE_CHARACTERS
from reconciler.model import Place, Severity
from reconciler.policy import Marking

A, B = '{"source-ref":"s3://pics/a.jpg"}', '{"source-ref":"s3://pics/b.jpg"}'
BAD = '{"source_ref":"s3://pics/c.jpg"}'
LABELLED = (
    '{"source-ref":"s3://pics/a.jpg","a":1,"a-metadata":{"confidence":1,"class-name":"dog","human-annotated":"yes",'
    '"creation-date":"2020-01-01T00:00:00","type":"groundtruth/image-classification"}}'
)


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (f"{A}\n{B}\n", [1, 2]),
        (f"{A}\n{B}", [1, 2]),
        (f"\ufeff{A}\n{B}\n", [1, 2]),
        (f"{A}\r\n{B}\r\n", [1, 2]),
        (f"\ufeff{A}\r\n\r\n{B}", [1, 3]),
        (f"\n \n\t\n{A}\n\n\n{B}\n\n", [4, 7]),
        (f"  {A}  \n\t{B}\t\r\n", [1, 2]),
    ],
)
def test_line_ends_blank_lines_and_a_byte_order_mark_change_nothing(
    content: str, lines: list[int], read: Callable[..., Any]
) -> None:
    """Blank lines do not change the entries; each entry keeps its own line number."""
    got = read(content)

    assert got.codes == ["all-unlabelled"]
    assert [entry.line.decode() for entry in got.entries] == [A, B]
    assert [entry.place.line for entry in got.entries] == lines


@pytest.mark.parametrize("before", ["\ufeff", "\r\n\r\n", "\n\n\n", f"{A}\r\n\n", f"\ufeff{A}\n\n"])
def test_findings_keep_their_line_number_whatever_stands_before(before: str, read: Callable[..., Any]) -> None:
    """A finding is where an editor shows it: a byte order mark has no column, CRLF is one line end."""
    (error,) = read(before + BAD).findings.errors

    assert error.place == Place("train.jsonl", before.count("\n") + 1, 1)


def test_columns_count_characters(read: Callable[..., Any]) -> None:
    """Columns count characters, not bytes: the text before may be in any script."""
    before = '{"日本語 é 🙂":1,"source-ref":'

    errors = {error.code: error.place.column for error in read(before + "7}").findings.errors}

    assert errors["source-ref-not-text"] == len(before) + 1


def test_a_line_is_sent_compact_and_whole(read: Callable[..., Any]) -> None:
    """The line loses white space and the fields of the service, and keeps unknown members and the order of members."""
    line = (
        '{ "b" : 1.50, "source-ref" : "s3://pics/a b%20c(é).jpg", "cl-metadata": {"is_labeled": true}, "errors": "x" }'
    )

    (entry,) = read(line).entries

    assert entry.line.decode() == '{"b":1.5,"source-ref":"s3://pics/a b%20c(é).jpg","errors":"x"}'
    assert entry.entry.key == "s3://pics/a b%20c(é).jpg"


def test_the_length_of_a_line_is_that_of_what_is_sent_in_characters(read: Callable[..., Any]) -> None:
    """White space, escapes and bytes do not count towards the limit."""
    fits = LABELLED.replace('"a":1', '"a":1, "x":"' + "é" * (LINE_CHARACTERS - len(LABELLED) - len(',"x":""')) + '"')

    loose = fits.replace(",", " ," + " " * 60_000).replace("é", "\\u00e9")

    assert not read(fits).findings.refused
    assert len(read(loose).entries[0].line.decode()) == LINE_CHARACTERS
    assert read(fits.replace("é", "éé", 1)).codes[0] == "line-too-long"


def test_errors_leave_their_line_out_and_the_others_are_read(read: Callable[..., Any]) -> None:
    """All faults of a file are found in one reading."""
    got = read(f'{A}\n{{\n{BAD}\n[1]\n{A}\n{B}\n{{"source-ref":NaN}}')

    assert [error.place.line for error in got.findings.errors] == [2, 3, 4, 5, 7]
    assert [entry.place.line for entry in got.entries] == [1, 6]
    assert got.findings.entries == 2


def test_marks_are_warnings_until_the_policy_refuses_them(read: Callable[..., Any]) -> None:
    """`marked: refuse` makes a mark an error that gives the reason."""
    line = LABELLED.replace('"yes"', '"maybe"')

    warned, refused = read(line).findings, read(line, marked=Marking.REFUSE).findings

    assert (warned.refused, warned.marked_count, warned.entries) == (False, 1, 1)
    assert (refused.refused, refused.marked_count, refused.error_count) == (True, 0, 1)
    assert refused.errors[0].severity is Severity.ERROR
    assert refused.errors[0].code == warned.marked[0].code
    assert "policy.marked: refuse" in refused.errors[0].message


def test_aws_stops_at_the_first_code_of_those_that_stop(read: Callable[..., Any]) -> None:
    """After a stopping code nothing more of the line is judged; before it, everything is."""
    both = LABELLED.replace('"a":1', '"a":1.5').replace('"class-name":"dog"', '"class-name":""')
    after = LABELLED.replace('"class-name":"dog"', '"class-name":""').replace(
        "}}", '},"b":1.5,"b-metadata":' + LABELLED.split('"a-metadata":')[1][:-1] + "}"
    )

    assert [mark.code for mark in read(both).findings.marked] == ["ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"]
    assert [mark.code for mark in read(after).findings.marked] == [
        "ERROR_INVALID_LABEL_NAME_LENGTH",
        "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT",
    ]


def test_a_label_outside_the_closed_list_is_an_error_with_a_guess(read: Callable[..., Any]) -> None:
    """The place is that of the label, and the guess is the nearest declared label."""
    line = LABELLED.replace('"dog"', '"Dog"')

    (error,) = read(line, labels=("cat", "dog")).findings.errors

    assert error.code == "label-not-declared"
    assert error.place.column == line.index('"Dog"') + 1
    assert 'did you mean "dog"?' in error.message
    assert not read(LABELLED, labels=("cat", "dog")).findings.refused


def test_a_repeated_image_names_both_places(read: Callable[..., Any]) -> None:
    """The error for a repeated image names the places of both lines."""
    (error,) = read(f"{A}\n{B}\n {A}").findings.errors

    assert str(error.place) == "train.jsonl:3:16"
    assert "first at train.jsonl:1:1" in error.message


def test_a_second_bucket_names_the_first_image_of_both(read: Callable[..., Any]) -> None:
    """There is one finding per bucket, not one per line."""
    other = B.replace("pics", "other")

    (error,) = read("\n".join([A, other, other.replace("b.jpg", "c.jpg")])).findings.errors

    assert str(error.place) == "train.jsonl:2:15"
    assert 'bucket "other", the one at train.jsonl:1:1 in "pics"' in error.message


def test_one_line_too_many_is_named(tmp_path: Path, read_path: Callable[..., Any]) -> None:
    """The limit is that of AWS; blank lines do not count."""
    path = tmp_path / "train.jsonl"
    with path.open("w") as file:
        file.writelines(f'{{"source-ref":"s3://pics/{number}"}}\n' for number in range(DATASET_ENTRIES))
        file.write('\n{"source-ref":"s3://pics/x"}\n{"source-ref":"s3://pics/y"}\n')

    found = read_path(path).findings

    assert [(error.code, error.place.line) for error in found.errors] == [("too-many-lines", DATASET_ENTRIES + 2)]
    assert found.errors[0].message == "this is line number 250,001 of 250,002; the limit is 250,000"
    assert found.entries == DATASET_ENTRIES


def test_a_missing_manifest_says_which_name_is_near(tmp_path: Path, read_path: Callable[..., Any]) -> None:
    """The finding gives the nearest name, because the usual reason is a typing mistake in project.yaml."""
    (tmp_path / "train.jsonl").write_text(A)

    (error,) = read_path(tmp_path / "trian.jsonl").findings.errors

    assert (error.code, str(error.place)) == ("manifest-missing", "trian.jsonl")
    assert "did you mean `train.jsonl`?" in error.cure


def test_what_is_no_regular_file_is_refused(tmp_path: Path, read_path: Callable[..., Any]) -> None:
    """A directory without manifests is refused, and a named pipe is refused without waiting for it."""
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "empty").mkdir()

    assert [error.code for error in read_path(tmp_path / "empty").findings.errors] == ["manifest-folder-empty"]
    assert [error.code for error in read_path(tmp_path / "pipe.jsonl").findings.errors] == ["manifest-not-a-file"]


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path, read_path: Callable[..., Any]) -> None:
    """The finding gives the system's own reason; a loop of links cannot be read by root either."""
    (tmp_path / "train.jsonl").symlink_to(tmp_path / "train.jsonl")

    (error,) = read_path(tmp_path / "train.jsonl").findings.errors

    assert error.code == "manifest-unreadable"
    assert "symbolic links" in error.message


def test_hostile_text_in_a_finding_shows_instead_of_acting(read: Callable[..., Any]) -> None:
    """A label cannot move the cursor or turn the line around."""
    line = LABELLED.replace('"dog"', '"\\u001b[31m\\u202edog"')

    (error,) = read(line, labels=("cat",)).findings.errors

    assert "\x1b" not in error.message
    assert "\u202e" not in error.message


def test_notes_are_made_once_with_a_count(read: Callable[..., Any]) -> None:
    """Ten thousand lines with the same oddity are one note."""
    lines = [LABELLED.replace("a.jpg", f"{n}%20.jpg").replace('"a":1', '"a":"1","color":"red"') for n in range(7)]

    notes = {note.code: note for note in read("\n".join(lines)).findings.notes}

    assert notes.keys() == {"text-label-value", "percent-encoded-key", "unknown-attributes"}
    assert notes["percent-encoded-key"].message.startswith("7 keys")
    assert notes["text-label-value"].message.startswith("7 image-level labels")
    assert notes["unknown-attributes"].message.startswith("7 attributes")
    assert all(note.place.line == 1 for note in notes.values())


def test_a_label_called_errors_is_a_label(read: Callable[..., Any]) -> None:
    """Their shape identifies the service's fields."""
    line = LABELLED.replace('"a"', '"errors"').replace('"a-metadata"', '"errors-metadata"').replace("dog", "errors")

    got = read(line)

    assert got.codes == []
    assert got.findings.labels == ("errors",)
    assert b'"errors":1' in got.entries[0].line


def test_a_refused_manifest_raises_one_message_with_all_its_errors(read: Callable[..., Any]) -> None:
    """The message has one line per finding, then how many more there are; a manifest without errors raises nothing."""
    refused = read(f"{LABELLED}\n" + f"{BAD}\n" * 60 + LABELLED.replace("dog", "")).findings

    with pytest.raises(InvalidDeclaration) as raised:
        refused.raise_if_refused()

    lines = str(raised.value).splitlines()
    assert lines[:2] == [
        "train.jsonl:2:1 source-ref-missing: `source-ref` is missing; the service drops the line and reports nothing",
        '  add "source-ref": "s3://bucket/key" (is `source_ref` meant?)',
    ]
    assert (len(lines), lines[100]) == (101, "and 11 more")
    read(A).findings.raise_if_refused()


def test_findings_of_all_classes_come_in_the_file_s_order(read: Callable[..., Any]) -> None:
    """The entries come in the order of the file, so that a person can follow it."""
    marked = LABELLED.replace('"yes"', "1").replace("a.jpg", "m.jpg")

    good = [B.replace("b.jpg", f"{number}.jpg") for number in range(7)]
    odd = [marked, "{}", B.replace("b.jpg", "%20.jpg"), marked.replace("m.jpg", "n.jpg")]

    found = read("\n".join([*odd, *good])).findings

    assert [finding.severity.value for finding in found] == ["marked", "error", "note", "marked"]
    assert found.total == 4


def test_a_listing_of_unlabelled_entries_is_a_manifest(read: Callable[..., Any]) -> None:
    """What the service adds to a listed line does not make it one of an unknown kind."""
    text = b'{"source-ref":"s3://pics/1.jpg","cl-metadata":{"is_labeled":false}}\n'
    reading = read(text, "train.jsonl")
    assert not reading.findings.refused, list(reading.findings)
    assert [entry.line for entry in reading.entries] == [b'{"source-ref":"s3://pics/1.jpg"}']


@pytest.mark.parametrize(("good", "noted"), [(4, False), (3, True)], ids=["a fifth", "more"])
def test_more_than_a_fifth_of_marked_lines_may_fail_the_whole_update(
    good: int, noted: object, read: Callable[..., Any]
) -> None:
    """AWS's rule for imports: a line counts once, whatever it is marked with."""
    lines = [f'{{"source-ref":"s3://pics/{number}.jpg"}}' for number in range(good)]
    wrong = '{"source-ref":"s3://pics/x.jpg","a":1,"b":2}'
    found = read("\n".join([*lines, wrong])).findings
    assert ("many-lines-marked" in [note.code for note in found.notes]) is noted


def test_a_limit_that_is_passed_is_reported_with_the_whole_number(
    tmp_path: Path, read_path: Callable[..., Any]
) -> None:
    """Labels, characters of a line and of a key: the finding shows by how much, once, where the limit is passed."""
    metadata = {"class-name": "", "type": "groundtruth/image-classification", "confidence": 1, "human-annotated": "yes"}
    metadata |= {"creation-date": "2024-01-01T00:00:00", "job-name": "labeling-job/x"}
    lines = [
        {"source-ref": f"s3://pics/{number}.jpg", "a": 0, "a-metadata": metadata | {"class-name": f"l{number}"}}
        for number in range(555)
    ]
    lines += [{"source-ref": "s3://pics/" + "x" * 2_050}, {"source-ref": "s3://pics/y", "n": "x" * 100_001}]
    path = tmp_path / "train.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    found = read_path(path).findings

    assert [error.message.partition(";")[0] for error in found.errors] == [
        '"l250" is label number 251 of 555',
        "`source-ref` has 2,060 characters",
        "the line has 100,036 characters",
    ]
    assert found.errors[0].place.line == 251
    assert len(found.labels) == 555
