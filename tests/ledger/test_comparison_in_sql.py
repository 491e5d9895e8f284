"""The ledger's joins against a comparison with dictionaries."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from reconciler.changes import compare, in_brief, shown_changes
from reconciler.entries import compact, entry_of
from reconciler.entries.image_names import Images
from reconciler.ledger import LIVE, Ledger, fill_live, pair_digest
from reconciler.model import DesiredEntry, Mark, Place
from reconciler.plan.order import in_order
from reconciler.policy import Compare, Extra, Policy
from tests.support.filling import FILE, as_text, desired_entry, filled
from tests.support.lines import FINDINGS, Document, Style, bare, boxes, labelled, pictures, write

LAW = settings(max_examples=60, deadline=None)
KEYS = ("s3://b/1", "s3://b/2", "s3://b/é", "s3://b/\ud800", "s3://b/5")


def sides() -> st.SearchStrategy[dict[str, Document]]:
    """Entries by key, few keys and few contents, so that the sides meet; some are marked."""
    content = st.sampled_from(
        [
            bare(""),
            boxes(""),
            labelled("", "a"),
            labelled("", "a", "b"),
            labelled("", "a") | {"note": 1},
            labelled("", "a") | {"cl-errors": FINDINGS},
            labelled("", "a") | {"note": 1, "errors": FINDINGS},
            boxes("", ("a", 1, 2, 3, 4)),
            boxes("", ("a", 1, 2, 3, 4)) | {"note": 2, "cl-metadata": {"is_labeled": True}},
        ]
    )
    keys = st.permutations(KEYS).flatmap(lambda order: st.integers(0, len(order)).map(lambda many: order[:many]))
    return keys.flatmap(lambda chosen: st.tuples(*(content for _ in chosen)).map(lambda found: _keyed(chosen, found)))


def _keyed(keys: list[str], documents: tuple[Document, ...]) -> dict[str, Document]:
    return {key: document | {"source-ref": key} for key, document in zip(keys, documents, strict=True)}


def listed(live: dict[str, Document]) -> list[str]:
    """The lines as listed, marks and all."""
    return [json.dumps(document) for document in live.values()]


def differs(desired: Document, live: Document, mode: Compare) -> bool:
    """The rule of comparing, told without SQL."""
    want, have = entry_of(desired), entry_of(live)
    if mode is Compare.STRICT or have.marks:
        return want.content != have.content
    return want.meaning != have.meaning


@LAW
@given(sides(), sides(), st.sampled_from(Compare))
def test_the_joins_find_what_dictionaries_find(
    desired: dict[str, Document], live: dict[str, Document], mode: Compare
) -> None:
    """Missing and differing keys in manifest order, live-only keys as listed, with both sides' lines and labels."""
    with filled(desired.values(), listed(live)) as ledger:
        rows = list(ledger.differing(mode))
        expected = [key for key, line in desired.items() if key not in live or differs(line, live[key], mode)]
        assert [row.key for row in rows] == expected
        for row in rows:
            assert row.desired == compact(desired[row.key])
            assert row.in_live == (row.key in live)
            assert row.place == Place(FILE, list(desired).index(row.key) + 1, 1)
            assert row.labels == entry_of(desired[row.key]).labels
            if row.in_live:
                have = entry_of(live[row.key])
                assert row.live == compact(live[row.key])
                assert row.live_labels == have.labels
                assert row.same_meaning == (have.meaning == entry_of(desired[row.key]).meaning)
        extras = list(ledger.live_only())
        assert [row.key for row in extras] == [key for key in live if key not in desired]
        assert all(row.live == compact(live[row.key]) and row.desired is None for row in extras)
        assert [row.live_labelled for row in extras] == [entry_of(live[row.key]).labelled for row in extras]


@LAW
@given(sides(), sides(), st.sampled_from(Compare), st.sampled_from(Extra), st.booleans())
def test_changes_in_brief_are_those_with_lines(
    desired: dict[str, Document],
    live: dict[str, Document],
    mode: Compare,
    extra: Extra,
    settles: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    """A plan is made of the same changes as it sends and shows, in the same order, with the size of each line."""
    with filled(desired.values(), listed(live)) as ledger:
        rows = [*ledger.differing(mode), *ledger.live_only()]
        assert [row.pair for row in (*ledger.brief_differing(mode), *ledger.brief_live_only())] == [
            row.pair for row in rows
        ]
        settled = frozenset(name for row in rows[:2] for name in (row.pair, row.let_go)) if settles else frozenset()
        compared = compare(ledger, Policy(compare=mode, extra=extra), exists=True, settled=settled)
        assert [(verb, row.key, row.seq, row.size) for verb, row in in_brief(ledger, compared)] == [
            (change.verb, change.key, change.seq, 0 if change.place is None else len(change.desired or b""))
            for change in shown_changes(ledger, compared)
        ]
        sent = [(verb, row.key) for verb, row in in_brief(ledger, compared, sent=True)]
        assert sent == [(change.verb, change.key) for change in in_order(ledger, compared, by_label=False)]


@LAW
@given(sides(), sides())
def test_counts_are_those_of_the_entries(desired: dict[str, Document], live: dict[str, Document]) -> None:
    """Entries, labelled ones, boxes, marked ones, uses of each label, and what labels mode ignores."""
    with filled(desired.values(), listed(live)) as ledger:
        want, have = ledger.desired_facts(Compare.LABELS), ledger.live_facts(Compare.LABELS)
        for facts, side in ((want, desired), (have, live)):
            entries = [entry_of(document) for document in side.values()]
            assert facts.entries == len(entries)
            assert facts.labelled == sum(entry.labelled for entry in entries)
            assert facts.boxes == sum(entry.boxes for entry in entries)
        read = {key: entry_of(document) for key, document in live.items()}
        assert have.marked == sum(bool(entry.marks) for entry in read.values())
        assert ledger.label_counts() == Counter(label for entry in read.values() for label in entry.labels)
        assert ledger.ignored() == sum(
            not read[key].marks
            and entry_of(line).meaning == read[key].meaning
            and entry_of(line).content != read[key].content
            for key, line in desired.items()
            if key in read
        )


@LAW
@given(sides(), st.randoms(use_true_random=False), st.sampled_from(Compare))
def test_digests_are_the_same_in_any_order(entries: dict[str, Document], chance: Any, mode: Compare) -> None:  # noqa: ANN401 - hypothesis' Random
    """The digests of the manifest and of live do not depend on the order of lines."""
    mixed = chance.sample(list(entries.values()), len(entries))
    with (
        filled(entries.values(), listed(entries)) as one,
        filled(mixed, [json.dumps(line) for line in mixed]) as other,
    ):
        assert one.desired_facts(mode).digest == other.desired_facts(mode).digest
        assert one.live_facts(mode).digest == other.live_facts(mode).digest


@LAW
@given(sides(), sides(), st.sampled_from(Compare))
def test_digests_differ_when_entries_differ(
    one: dict[str, Document], other: dict[str, Document], mode: Compare
) -> None:
    """A digest is equal exactly when keys, what the mode compares, and marks are."""

    def seen(side: dict[str, Document]) -> dict[str, Any]:
        entries = {key: entry_of(line) for key, line in side.items()}
        strict = mode is Compare.STRICT
        return {
            key: (entry.content if strict or entry.marks else entry.meaning, sorted(mark.code for mark in entry.marks))
            for key, entry in entries.items()
        }

    with filled([], listed(one)) as first, filled([], listed(other)) as second:
        same = first.live_facts(mode).digest == second.live_facts(mode).digest
    assert same == (seen(one) == seen(other))


@pytest.mark.parametrize("mode", Compare)
def test_marks_are_part_of_the_live_digest(mode: Compare) -> None:
    """A new mark or a different code changes the digest, also where the line stays the same; text and order do not."""
    line = labelled("s3://b/1", "a")
    codes = [{"code": "A", "message": "m"}, {"code": "B", "message": "m"}]
    marks = [[], codes[:1], codes[1:], codes, codes[::-1], [{"code": "A", "message": "else"}]]
    digests = []
    for errors in marks:
        with filled([], [json.dumps(line | {"cl-errors": errors})]) as ledger:
            digests.append(ledger.live_facts(mode).digest)
    assert len(set(digests)) == 4
    assert digests[3] == digests[4]
    assert digests[1] == digests[5]


def test_an_ignored_field_makes_no_difference_until_live_carries_errors() -> None:
    """A marked line is compared strictly, so that a repair of what labels mode ignores is sent."""
    desired = labelled("s3://b/1", "a") | {"note": 1}
    live = labelled("s3://b/1", "a") | {"note": 2}
    with filled([desired], [live]) as ledger:
        assert list(ledger.differing(Compare.LABELS)) == []
        assert len(list(ledger.differing(Compare.STRICT))) == 1
        assert ledger.ignored() == 1
    with filled([desired], [json.dumps(live | {"cl-errors": FINDINGS})]) as ledger:
        assert [row.same_meaning for row in ledger.differing(Compare.LABELS)] == [True]
        assert ledger.ignored() == 0
    with filled([desired], [json.dumps(desired | {"cl-errors": FINDINGS})]) as ledger:
        assert list(ledger.differing(Compare.LABELS)) == []


def test_settled_pairs_are_left_out_until_one_side_changes() -> None:
    """A pair names this desired content, this live content and this key."""
    desired, live = labelled("s3://b/1", "a") | {"note": 1}, labelled("s3://b/1", "a")
    want, have = entry_of(desired), entry_of(live)
    settled = frozenset({pair_digest("s3://b/1", want.content, have.content)})
    with filled([desired], [live]) as ledger:
        (row,) = ledger.differing(Compare.STRICT)
        assert {row.pair} == settled
        assert list(ledger.differing(Compare.STRICT, settled)) == []
    with filled([desired | {"note": 3}], [live]) as ledger:
        assert len(list(ledger.differing(Compare.STRICT, settled))) == 1
    with filled([desired], [live | {"note": 3}]) as ledger:
        assert len(list(ledger.differing(Compare.STRICT, settled))) == 1
    assert pair_digest("s3://b/2", want.content, have.content) not in settled


def test_a_missing_entry_is_never_settled() -> None:
    """An entry to add is not stored at all, so it differs until it is let go."""
    with filled([bare("s3://b/1")]) as ledger:
        (row,) = ledger.differing(Compare.STRICT)
        assert list(ledger.differing(Compare.STRICT, frozenset({row.pair}))) == [row]
        assert list(ledger.differing(Compare.STRICT, frozenset({row.let_go}))) == []


def test_a_repeated_key_is_not_added_and_names_the_first_place() -> None:
    """The earlier line stays, and the database stays whole."""
    with filled([labelled("s3://b/1", "a"), bare("s3://b/2")]) as ledger:
        assert ledger.accept(desired_entry(labelled("s3://b/1", "b"), 9)) == Place(FILE, 1, 1)
        assert [row.labels for row in ledger.desired_rows()] == [("a",), ()]
        assert ledger._database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_repeated_key_is_found_among_thousands() -> None:
    """However many lines are between the two, and in whatever order: rows keep the manifest's order."""
    one, keys = desired_entry(bare("s3://b/0")), [f"s3://b/{number}" for number in range(12_000)]
    entries = [structs.replace(one.entry, key=key) for key in keys]
    with Ledger() as ledger:
        for number, entry in enumerate(entries, start=1):
            assert ledger.accept(DesiredEntry(entry, one.line, Place(FILE, number))) is None
            if number % 1100 == 0:
                assert ledger.accept(DesiredEntry(entries[number // 2], one.line, Place(FILE, 1))) == Place(
                    FILE, number // 2 + 1
                )
        assert [row.key for row in ledger.desired_rows()] == keys


def test_a_listing_that_shows_a_key_twice_keeps_the_newest_line() -> None:
    """Entries move between pages while somebody updates."""
    with filled([], [labelled("s3://b/1", "a"), bare("s3://b/2"), labelled("s3://b/1", "b")]) as ledger:
        assert [(row.key, row.live_labels) for row in ledger.live_only()] == [("s3://b/2", ()), ("s3://b/1", ("b",))]
        assert ledger.live_facts(Compare.LABELS).entries == 2


def test_listing_again_replaces_what_was_listed() -> None:
    """Nothing of the first listing is left; the manifest's side stays."""
    with filled([bare("s3://b/1")], [bare("s3://b/1"), bare("s3://b/2")]) as ledger:
        fill_live(ledger, [as_text(bare("s3://b/3"))])
        assert [row.key for row in ledger.live_only()] == ["s3://b/3"]
        assert [row.key for row in ledger.differing(Compare.LABELS)] == ["s3://b/1"]


def test_listing_tells_how_far_it_is() -> None:
    """The number of lines listed so far is reported after every 1,000 lines."""
    told: list[int] = []
    with Ledger() as ledger:
        fill_live(ledger, (as_text(bare(f"s3://b/{number}")) for number in range(2500)), told.append)
    assert told == [1000, 2000]


def test_marked_entries_come_in_manifest_order_then_live_only() -> None:
    """Marked entries come in manifest order with line, codes and texts, live-only ones last."""
    marked = {"cl-errors": FINDINGS}
    live = [bare("s3://b/9") | marked, bare("s3://b/2") | marked, bare("s3://b/1") | marked, bare("s3://b/3")]
    with filled([bare("s3://b/1"), bare("s3://b/2")], map(json.dumps, live)) as ledger:
        rows = list(ledger.marked())
    assert [(row.key, row.place and row.place.line) for row in rows] == [
        ("s3://b/1", 1),
        ("s3://b/2", 2),
        ("s3://b/9", None),
    ]
    assert rows[0].marks == (Mark(FINDINGS[0]["code"], FINDINGS[0]["message"]),)


def test_equal_live_lines_are_not_kept() -> None:
    """Memory and disk hold a live line only where it may be shown."""
    with filled([labelled("s3://b/1", "a")], [labelled("s3://b/1", "a"), bare("s3://b/2")]) as ledger:
        kept = ledger._database.execute("SELECT key FROM live WHERE line IS NOT NULL").fetchall()
    assert kept == [(b"s3://b/2",)]


def live_rows(ledger: Ledger) -> list[Any]:
    """All of the live side but for what depends on the desired one: the text of lines that differ, and the pair."""
    found = ledger._database.execute("SELECT * FROM live ORDER BY seq")
    kept = [number for number, column in enumerate(found.description) if column[0] not in {"line", "pair"}]
    return [tuple(row[number] for number in kept) for row in found]


@LAW
@given(sides(), pictures("s3://b/\\1"), st.booleans())
def test_a_line_with_the_text_of_the_desired_one_is_read_as_any_other(
    desired: dict[str, Document],
    picture: Any,  # noqa: ANN401 - pictures
    retires: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    """A listed line that the manifest has byte by byte gives what it gives where the manifest does not have it."""
    lines = [*desired.values(), write(picture)]
    listing = [as_text(line)[:-1] + ',"cl-metadata":{"is_labeled":true}}' for line in lines]
    with filled(lines) as known, Ledger() as unknown:
        known.retired = unknown.retired = Images([KEYS[0]] if retires else [])
        fill_live(known, listing)
        fill_live(unknown, listing)
        assert live_rows(known) == live_rows(unknown)


@LAW
@given(sides(), sides())
def test_the_desired_side_of_another_ledger_takes_the_place_of_live(
    desired: dict[str, Document], other: dict[str, Document]
) -> None:
    """It is what a listing of its lines would be."""
    lines = [as_text(line) for line in other.values()]
    with filled(desired.values(), lines) as listing, filled(desired.values()) as ledger, filled(other.values()) as side:
        ledger.observe_desired(side)
        assert live_rows(ledger) == live_rows(listing)
        assert list(ledger.differing(Compare.STRICT)) == list(listing.differing(Compare.STRICT))
        assert list(ledger.live_only()) == list(listing.live_only())


@LAW
@given(pictures("s3://b/1"), pictures("s3://b/1"))
def test_a_row_can_be_read_again_by_its_number(one: Any, other: Any) -> None:  # noqa: ANN401 - pictures
    """The order of sending holds numbers, not lines."""
    with filled([write(one)], [write(replace(other, key="s3://b/2"), Style())]) as ledger:
        (row,) = ledger.desired_rows()
        assert ledger.desired_row(row.seq) == row
        (extra,) = ledger.live_only()
        assert ledger.live_row(extra.seq) == extra


# As deep as a line can be (100,000 characters); Python 3.13 reads 5,000 levels.
TOO_DEEP = '{"source-ref":"s3://b/1","a":' + "[" * 49_000 + "]" * 49_000 + "}"


@pytest.mark.parametrize(
    "line", ["[]", '{"source-ref":1}', "nonsense", TOO_DEEP], ids=["list", "number", "text", "deep"]
)
def test_a_listed_line_that_cannot_be_read_is_a_value_error(line: str) -> None:
    """No entry, no JSON, or nested beyond what can be read."""
    with Ledger() as ledger, pytest.raises(ValueError, match=r"source-ref|Expecting|nested too deeply"):
        ledger.observe(line)


@LAW
@given(sides(), sides(), st.booleans())
def test_it_does_not_matter_which_side_is_read_first(
    desired: dict[str, Document],
    live: dict[str, Document],
    drops: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    """Both sides meet by their keys, also where lines of the manifest come or go after live was listed."""
    with filled(desired.values(), listed(live)) as one, filled([], listed(live)) as other:
        for number, line in enumerate(desired.values(), start=1):
            other.accept(desired_entry(line, number))
            assert other.left() == len(live.keys() - list(desired)[:number])
        if drops:
            for ledger in (one, other):
                ledger.drop(list(desired)[::2])
        for mode in Compare:
            assert list(one.differing(mode)) == list(other.differing(mode))
        assert [row.key for row in one.live_only()] == [row.key for row in other.live_only()]
        assert list(one.only_desired()) == list(other.only_desired())


@pytest.mark.parametrize("label", ["a", "Größe", "\ud800", '"'])
@pytest.mark.parametrize("confidence", ["0.5", "1.0", "1e999", "1" + "0" * 30])
def test_labels_and_origins_of_live_are_given_as_the_line_has_them(label: str, confidence: str) -> None:
    """Half a character, and numbers that JSON or 64 bits have no room for, come back too."""
    line = json.dumps(labelled("s3://b/1", label)).replace('"confidence": 1', f'"confidence": {confidence}')
    with Ledger() as ledger:
        ledger.observe(line)
        assert ledger.label_counts() == {label: 1}
        assert [(one.labels, one.box_counts) for one in ledger.label_groups(LIVE)] == [((label,), ())]
        ((origin, _many),) = ledger.origins(LIVE)
    assert (origin.lowest, origin.highest) == (json.loads(confidence),) * 2
