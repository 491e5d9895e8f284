"""Plans, findings and outcomes as plain text: right in figures, harmless in every character."""

import json
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.apply.outcome import Failure, Outcome, Rejected
from reconciler.entries.codes import ENTRY_CODES, code_meaning
from reconciler.errors import InvalidDeclaration, UpdateFailed
from reconciler.ledger import Facts, Ledger, MarkedEntry, Statistics
from reconciler.model import Finding, Mark, Place, Progress, Severity
from reconciler.plan import Plan
from reconciler.policy import Extra, Policy
from reconciler.review.build import review_of
from reconciler.review.headline import headline, remarks
from reconciler.text import SHOWN_CHARACTERS, inert
from reconciler.views.lines import outcome_lines
from reconciler.views.preview import Preview, preview_of
from reconciler.views.words import finding_lines, outcome_words, progress_line, said, size
from tests.support.filling import filled
from tests.support.lines import FINDINGS, Document, bare, boxes, labelled
from tests.support.plans import planned, run_of

KEY = "s3://b/{}"
HOSTILE = "\x1b[31m\x07\r\n\x00\x9b2J\u202e\u2066\u200b\ufeff\u2028\U000e0041\x7f\ud800"
# Categories of characters that act instead of showing, but for the signs among them that are seen.
CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
SEEN = {*"\u06dd\u0890\u0891\u08e2\U000110bd\U000110cd", *map(chr, range(0x600, 0x606))}
anything = st.text(st.characters(), max_size=12) | st.sampled_from([HOSTILE, "\u061c\u180e", "a\tb"])


def acts(text: str) -> list[str]:
    """The characters that a terminal would interpret."""
    return [one for one in text if unicodedata.category(one) in CATEGORIES and one not in SEEN]


def previewed(ledger: Ledger, plan: Plan) -> Preview:
    """What a preview shows of a plan."""
    one = run_of(ledger, plan, project_arn="arn")
    return preview_of(review_of([one]))


def test_every_character_that_acts_is_written_as_an_escape() -> None:
    """Each has a different escape; letters, digits, signs and spaces are left alone."""
    written = {character: inert(character) for character in map(chr, range(0x110000))}
    touched = {character for character, shown in written.items() if shown != character}
    assert touched >= {*acts("".join(written))}
    assert not {character for character in touched if unicodedata.category(character)[0] in "LNPS"}
    assert " " not in touched
    assert len({written[character] for character in touched}) == len(touched)
    assert inert(HOSTILE).startswith("\\x1b[31m\\x07\\x0d\\x0a\\x00\\x9b2J\\u202e")
    assert inert(HOSTILE).endswith("\\U000e0041\\x7f\\ud800")


@given(st.text("abcdef", max_size=900), st.integers(30, 400))
def test_inert_text_is_cut_in_its_middle(text: str, limit: int) -> None:
    """Both ends of a key are kept, because both distinguish keys."""
    shown = inert(text, limit)
    assert len(shown) == min(len(text), limit)
    if len(text) > limit:
        assert shown.startswith(text[: limit // 2])
        assert shown.endswith(text[-limit // 5 :])
        assert "..." in shown
    assert SHOWN_CHARACTERS == 300


@settings(max_examples=100, deadline=None)
@given(anything, anything, anything, anything)
def test_hostile_names_reach_no_line_of_a_plan(key: str, label: str, field: str, path: str) -> None:
    """Keys, labels, fields and paths are escaped in adds, updates, unlabelling, live-only entries and refusals."""
    own: list[Document] = [
        labelled(KEY.format(f"1{key}"), label or "x"),
        boxes(KEY.format(f"2{key}"), (label or "x", 1, 2, 3, 4)),
        bare(KEY.format(f"3{key}")) | {f"n{field}": 1},
    ]
    live = [
        bare(own[0]["source-ref"]),
        boxes(own[1]["source-ref"]),
        bare(own[2]["source-ref"]) | {"cl-errors": FINDINGS},
    ]
    live.append(labelled(f"s3://{key}", label or "x"))
    with filled(own, [json.dumps(line) for line in live]) as ledger:
        for extra in Extra:
            plan = planned(ledger, Policy(extra=extra))
            shown = previewed(ledger, plan)
            for line in (*shown.message().split("\n"), *map(said, plan.refusals)):
                assert acts(line) == []
    place = Place(path, 1, 1)
    finding = Finding(Severity.ERROR, "some-code", place, f"the label {label}", f"drop {key}")
    outcome = Outcome(
        "arn",
        rejected=(Rejected(key, place, "why"), Rejected(key, None, "why")),
        marked=(MarkedEntry(key, place, (Mark(label, field),), is_new=True),),
        rejected_total=2,
        marked_total=1,
    )
    lines = (*finding_lines(finding), *outcome_lines(outcome), progress_line(Progress(f"waiting ({label})")))
    assert [acts(line) for line in lines] == [[]] * len(lines)
    error = InvalidDeclaration([finding, finding], total=7)
    assert acts(str(error).replace("\n", "")) == []
    assert len(str(error).split("\n")) == 2 * 2 + 1


def numbers(text: str, word: str) -> int:
    """The number in front of a word."""
    found = re.search(rf"([\d,]+) {word}", text)
    return int(found[1].replace(",", "")) if found else 0


documents = st.sampled_from([bare(""), boxes(""), labelled("", "a"), labelled("", "b"), labelled("", "a") | {"n": 1}])
sides = st.dictionaries(st.sampled_from([KEY.format(number) for number in range(9)]), documents)


@settings(max_examples=80, deadline=None)
@given(sides, sides, st.sampled_from([Extra.REPORT, Extra.UNLABEL, Extra.REPLACE]))
def test_counts_agree_with_the_plan(desired: dict[str, Document], live: dict[str, Document], extra: Extra) -> None:
    """The summary and the lines of a preview, with the count of the rest, agree with the plan."""
    want = [line | {"source-ref": key} for key, line in desired.items()]
    have = [line | {"source-ref": key} for key, line in live.items()]
    with filled(want, have) as ledger:
        plan = planned(ledger, Policy(extra=extra))
        shown = previewed(ledger, plan)
    said = shown.summary
    assert said == headline(plan)
    assert numbers(said, "to add") == plan.add
    assert numbers(said, "to update") == plan.update
    assert numbers(said, "to unlabel") == plan.unlabel
    entries = [line for line in shown.entries if not line.startswith("*")]
    left = sum(numbers(line, "(?:more )?entr") for line in entries if line.startswith("... and"))
    total = plan.lines if extra is Extra.UNLABEL else plan.add + plan.update + plan.live_only
    assert sum(line[0] in "+~-!" for line in entries) + left == total
    assert shown.is_quiet == (not total)


def test_thirty_entries_are_previewed() -> None:
    """A preview shows thirty entries and counts the rest."""
    live = [labelled(KEY.format(number), f"a{number}", f"b{number}") for number in range(234)]
    with filled([labelled(KEY.format(number), f"c{number}") for number in range(234)], live) as ledger:
        lines = previewed(ledger, planned(ledger, bucket="b")).entries
    assert sum(line.startswith("~") for line in lines) == 30
    assert lines[-1] == "... and 204 more entries; `reconciler plan --verbose` shows them"


def test_a_long_key_is_whole_in_a_preview() -> None:
    """A key of 1,024 characters, the most that S3 takes, is shown for users to copy."""
    key = KEY.format("k" * 1024)
    with filled([labelled(key, "a")], []) as ledger:
        assert any(key in line for line in previewed(ledger, planned(ledger, bucket="b")).entries)


def test_of_entries_that_are_merely_new_ten_are_previewed_and_their_labels_counted() -> None:
    """The first `pulumi up` is reviewed by its labels, not by thirty of its images."""
    own = [labelled(KEY.format(number), "cat" if number % 3 else "dog") for number in range(1234)]
    with filled([*own, labelled(KEY.format("old"), "dog")], [labelled(KEY.format("old"), "cat")]) as ledger:
        preview = previewed(ledger, planned(ledger, bucket="b"))
    assert len(preview.entries) == 12
    assert preview.entries[0] == "~ s3://b/old  cat -> dog"
    assert preview.entries[-1] == "... and 1,224 more entries; `reconciler plan --verbose` shows them"
    assert preview.labels == "cat 1 -> 822, dog 0 -> 413"
    assert "\nlabels, in images: cat 1 -> 822, dog 0 -> 413\nestimate: " in preview.message()
    assert preview.properties()["labels"] == preview.labels


def test_a_plan_says_what_would_happen_in_one_line() -> None:
    """One line describes an update with all its parts, an empty plan, a creation and a replacement."""
    same = [labelled(KEY.format(f"same{number}"), "a") for number in range(2)]
    own = [*same, labelled(KEY.format("new"), "a"), labelled(KEY.format("changed"), "a")]
    live = [same[0] | {"n": 1}, same[1], labelled(KEY.format("changed"), "b"), bare(KEY.format("extra"))]
    with filled(own, [*map(json.dumps, live), json.dumps(bare(KEY.format("bad")) | {"cl-errors": FINDINGS})]) as ledger:
        plan = planned(ledger, bucket="b")
        assert headline(plan) == "1 to add, 1 to update; 2 live only; 2 unchanged"
        assert remarks(plan) == (("1 entry differs in ignored fields only",),)
        assert headline(planned(ledger, exists=False)) == "the dataset will be created; 4 to add"
        assert headline(planned(ledger, Policy(extra=Extra.REPLACE), bucket="b")) == (
            "the dataset will be DELETED and created again (new ARN): 5 live entries are deleted, 2 of them not in the "
            "manifest; 4 to add"
        )
    with filled(same, same) as ledger:
        assert headline(planned(ledger, bucket="b")) == "up to date: 2 entries"


def test_a_plan_that_is_sent_by_label_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Manifest order would exceed the label limit: two labels are allowed here, and a batch holds one line."""
    monkeypatch.setattr("reconciler.plan.order.DATASET_LABELS", 2)
    monkeypatch.setattr("reconciler.plan.order.peak_labels.__defaults__", (1,))
    live = [labelled(KEY.format(1), "a"), labelled(KEY.format(2), "b")]
    with filled([labelled(KEY.format(1), "a", "c"), labelled(KEY.format(2), "a")], live) as ledger:
        assert remarks(planned(ledger)) == (("sent ordered by label, to stay within 250 labels on the way",),)


def test_an_outcome_says_what_was_done_in_one_line() -> None:
    """The line counts verbs and batches, and distinguishes "nothing sent" from "nothing applied"."""
    done = Outcome("arn", add=1200, update=3, unlabel=1, batches=2)
    assert outcome_words(done) == "1,200 added, 3 updated, 1 unlabelled in 2 batches"
    assert outcome_words(Outcome("arn")) == "nothing was sent"
    assert outcome_words(Outcome("arn", error=Failure.of(UpdateFailed("x")))) == "nothing was applied"


def test_an_outcome_names_what_went_wrong_and_counts_the_rest() -> None:
    """The lines have places, the meaning of codes and what is remembered; each code once per line."""
    place = Place("train.jsonl", 7, 1)
    mark = Mark("ERROR_INVALID_BOUNDING_BOX", "text")
    outcome = Outcome(
        "arn",
        rejected=(Rejected("k1", place, "the service dropped it without an error"), Rejected("k2", None, "why")),
        rejected_total=1002,
        marked=(
            MarkedEntry("k3", place, (mark, mark, Mark("ERROR_NEW", "text\x1b")), is_new=True),
            MarkedEntry("k4", None, (mark,), is_new=False),
        ),
        marked_total=3,
        rewritten=2,
    )
    frame = (
        "ERROR_INVALID_BOUNDING_BOX: a box is not inside the image; look at the image: correct the box, or the "
        "image's size"
    )
    new = (
        "ERROR_NEW: a code that AWS does not document for datasets (text\\x1b); see AWS's text, and the chapter on "
        "debugging in the Custom Labels Developer Guide"
    )
    stored = "the service stores other fields; remembered, not sent again"
    assert outcome_lines(outcome) == [
        "train.jsonl:7:1: rejected: k1: the service dropped it without an error",
        "rejected: k2: why",
        "... and 1,000 more rejected lines",
        f"train.jsonl:7:1: marked by the service, new with this apply: k3: {frame}; {new}",
        f"marked by the service, as before: k4: {frame}",
        "... and 1 more marked entries",
        f"not stored as sent: 2 entries mean what was sent but {stored}",
    ]
    assert outcome_lines(Outcome("arn")) == []


@pytest.mark.parametrize(
    ("counted", "said"),
    [(None, False), (Statistics(3, 1), False), (Statistics(1200, 1), True), (Statistics(3, 0), True)],
)
def test_statistics_that_disagree_with_what_was_listed_are_told(counted: Statistics | None, *, said: bool) -> None:
    """The line has both figures, of entries and of marked entries."""
    lines = outcome_lines(Outcome("arn", live=Facts(3, 3, 0, 1, ""), counted=counted))
    assert bool(lines) is said
    if counted and said:
        (line,) = lines
        assert line.startswith("the service lists 3 entries, 1 of them marked with errors, but its statistics count ")
        assert f" {counted.entries:,} and {counted.marked}: one of its answers is not current" in line


def test_a_finding_says_place_class_fault_and_cure() -> None:
    """A finding is one line with its code, and the cure below it; a finding of a whole file has no line number."""
    place = Place("a.jsonl", 3)
    marked = Finding(Severity.MARKED, "ERROR_NO_VALID_ANNOTATIONS", place, "What is wrong", "the cure")
    assert finding_lines(marked) == ("a.jsonl:3 ERROR_NO_VALID_ANNOTATIONS marked: What is wrong", "the cure")
    note = replace(marked, severity=Severity.NOTE, code="zero-boxes", place=Place("a.jsonl"))
    assert finding_lines(note) == ("a.jsonl zero-boxes note: What is wrong", "the cure")


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        (Progress("listing", 1000, 5000, "entries"), "listing: 1,000 entries"),
        (Progress("sending", 0, 1000, "bytes", 1, 12), "batch 1 of 12, 0 %"),
        (Progress("waiting", 414, 1000, "bytes", 3, 12, 130.0), "batch 3 of 12, 41 %, about 2 min left"),
        (Progress("waiting", 1000, 1000, "bytes", 12, 12, 0.2), "batch 12 of 12, 100 %, about 1 s left"),
        (Progress("waiting", 500, 1000, "bytes", 12, 12, 89.4), "batch 12 of 12, 50 %, about 89 s left"),
    ],
)
def test_progress_is_batch_share_and_time(progress: Progress, said: str) -> None:
    """Progress is batch, share and time left, or the name of the step."""
    assert progress_line(progress) == said


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (36_700, "36.7 kB"), (4_900_000, "4.9 MB")]
)
def test_sizes_are_said_as_people_say_them(number: int, said: str) -> None:
    """Sizes are shown in decimal units, with one decimal place from 1 kB on."""
    assert size(number) == said


def test_the_thirteen_codes_have_a_meaning_and_a_cure() -> None:
    """The table has the codes that the Developer Guide lists for dataset operations."""
    assert len(ENTRY_CODES) == 13
    for code, row in ENTRY_CODES.items():
        assert (row.code, code_meaning(code)) == (code, row.meaning)
        assert row.meaning
        assert row.cure
