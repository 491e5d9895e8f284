"""The review on a terminal: order, width, colour, length."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from reconciler.analysis.entry import Detail
from reconciler.apply.outcome import Failure, Outcome, Rejected
from reconciler.model import Override, Place
from reconciler.review.model import Estimate, Review
from reconciler.views.terminal.beside import beside_lines
from reconciler.views.terminal.view import ending_view, outcome_view, view
from tests.views.real_review import real
from tests.views.reviews import change, dataset, many, review

# A terminal has some 50 lines.
TWO_SCREENS = 100


def test_dangers_come_first_then_groups_then_labels_then_entries() -> None:
    """A reader who stops early has seen the most important lines."""
    text = view(real())
    order = ["danger  blood-cells", "groups\n", "labels ", "entries under"]
    assert [text.index(word) for word in order] == sorted(text.index(word) for word in order)


def test_a_small_review_reads_as_written_here() -> None:
    """The text of one moved box is exactly this."""
    one = dataset([many(1).datasets[0].changes[0]], words="1 to update", unchanged=0, plan_id="ab" * 16)
    text = view(review(one, words="1 dataset, 1 with changes: 1 to update", plan_id="ab" * 16))
    assert text == (
        "1 dataset, 1 with changes: 1 to update\n"
        "\n"
        "blood-cells train  (datasets/blood-cells/train.jsonl)\n"
        "  1 to update\n"
        "  entries\n"
        "    ~ s3://blood-cells-images/scans/2024/BloodImage_00000.jpg  1 box moved: WBC\n"
        "\n"
        "plan abababababababababababababababab\n"
    )


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("verbose", [False, True])
def test_only_what_users_copy_is_wider_than_the_terminal(width: int, verbose: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """Whatever is shown, only a plan id and single words such as keys are not folded."""
    lines = view(real(), width=width, verbose=verbose).splitlines()
    assert lines[-1] == f"plan {real().plan_id}"
    wider = [line for line in lines[:-1] if cell_len(line) > width]
    assert [line for line in wider if len(re.sub("^ *[-+~!] ", "", line).split()) > 1] == []
    assert width < 80 or not wider


@pytest.mark.parametrize("width", [None, 80, 120, 200])
@pytest.mark.parametrize("name", ["a b.jpg", f"{'deep/' * 30}cell 1.jpg", f"{'x' * 900}.jpg"])
def test_a_key_is_whole_and_unbroken_on_every_terminal(width: int | None, name: str) -> None:
    """A key of any length is in one line, so that a copy of it is the key."""
    keys = [f"s3://acme-vision/cells/{number}/{name}" for number in range(3)]
    text = view(review(dataset([change(number, key=key) for number, key in enumerate(keys)])), width=width)
    folder = re.search(r"entries under (\S+)", text)
    shown = [key.removeprefix(folder[1].rstrip(",")) if folder else key for key in keys]
    assert all(any(key in line for line in text.splitlines()) for key in shown)
    assert "..." not in text


def test_a_wide_terminal_shows_whole_keys_beside_what_changes() -> None:
    """At 80 columns keys are under their folder, at 120 they are whole, as they are with `verbose`."""
    key = "s3://blood-cells-images/scans/2024/BloodImage_00018.jpg"
    assert "\n    + BloodImage_00018.jpg  new image without boxes\n" in view(real(), width=80)
    assert "entries under s3://blood-cells-images/scans/2024/, the riskiest first\n" in view(real(), width=80)
    for width in (120, 200):
        assert f"\n    + {key}  new image without boxes\n" in view(real(), width=width)
    for verbose in (None, 80):
        assert f"    + {key}" in view(real(), width=verbose, verbose=True)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_both_sides_of_an_entry_are_whole_beside_each_other(width: int) -> None:
    """Labels that are wider than a column go on in the next line; no line is wider than the terminal."""
    old, new = (f"{word} {'segment ' * 12}{'x' * 90}" for word in ("rust", "dent"))
    detail = Detail(
        before={},
        after={},
        labelled_before=True,
        labelled_after=True,
        labels_kept=(),
        labels_added=(new,),
        labels_removed=(old,),
        boxes=(),
        sizes_before=(),
        sizes_after=(),
    )
    lines = [line for line, _role in beside_lines(detail, width)]
    assert max(map(cell_len, lines)) <= width
    room = (width - 9) // 2
    for label, start in ((old, 4), (new, 4 + room + 3)):
        assert "".join("".join(line[start : start + room].split()) for line in lines[1:]) == "".join(label.split())


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_long_label_is_whole_in_the_table_of_labels(width: int) -> None:
    """A label that leaves no room for its figures has a line to itself, and they are below it."""
    label = "L" * 255
    one = real().datasets[0]
    assert one.balance
    row = replace(one.balance.rows[0], label=label, images_before=7, images_after=8)
    text = view(review(replace(one, balance=replace(one.balance, rows=(row,)), changes=(), groups=())), width=width)
    above, _, below = text.partition(f"\n    {label}\n")
    assert "labels " in above
    assert below.partition("\n")[0].startswith("        ")
    assert below.split()[:3] == ["7", "->", "8"]


@pytest.mark.parametrize("width", [60, 120])
def test_ten_thousand_changes_take_two_screens_at_most(width: int) -> None:
    """The entries that are not shown are counted."""
    text = view(many(10_000), width=width)
    assert len(text.splitlines()) <= TWO_SCREENS
    assert "9,980 more entries" in " ".join(text.split())


def test_many_datasets_share_the_lines() -> None:
    """Twenty datasets with a hundred changes each are still readable."""
    datasets = [dataset([change(number) for number in range(100)], title=f"d{index}") for index in range(20)]
    assert len(view(review(*datasets), width=100).splitlines()) <= 20 * 9


def test_verbose_shows_every_entry() -> None:
    """With `verbose` nothing is left out."""
    text = view(many(500), verbose=True)
    assert all(f"BloodImage_{number:05}.jpg" in text for number in range(500))
    assert "more" not in text


def test_verbose_says_what_became_of_each_box() -> None:
    """Each box is shown with its move in pixels and its overlap."""
    assert "WBC, moved by +3, -4 px, overlap 80 %" in view(many(1), verbose=True)


def test_entries_that_a_group_explains_are_counted_and_not_listed() -> None:
    """Entries that a group explains are counted under it and not listed one by one."""
    text = view(real())
    assert "RBC renamed Erythrocyte: 120 boxes on 12 entries" in text
    assert "BloodImage_00005.jpg" not in text
    assert "12 more entries (in the groups above)" in text


def test_a_dangerous_entry_is_listed_although_a_group_explains_it() -> None:
    """An entry with a high risk is always listed."""
    risky = [replace(one, risk=9) if one.number == 5 else one for one in real().datasets[0].changes]
    text = view(review(replace(real().datasets[0], changes=tuple(risky))))
    assert "BloodImage_00005.jpg" in text


def test_colours_are_the_callers_and_change_no_word() -> None:
    """Without a painter there are no escape sequences; with one the same text is between them."""
    coloured = view(real(), width=100, paint=lambda text, role: f"\x1b[{len(role)}m{text}\x1b[0m")
    assert re.sub(r"\x1b\[\d+m", "", coloured) == view(real(), width=100)
    assert "\x1b" not in view(real(), width=100)


def test_a_dataset_that_is_up_to_date_takes_two_lines() -> None:
    """A dataset without changes has its title and one line."""
    quiet = dataset([], words="up to date: 72 entries")
    _title, _gap, *lines = view(review(quiet, plan_id="")).splitlines()
    assert lines == ["blood-cells train  (datasets/blood-cells/train.jsonl)", "  up to date: 72 entries"]


def test_a_run_that_failed_says_why_first() -> None:
    """The failure is shown with AWS's code and the operation."""
    failed = replace(
        Review(words="nothing known"),
        error=Failure(kind="AccessDenied", message="may not list", code="AccessDeniedException", operation="List"),
    )
    assert view(failed) == "nothing known\nfailed: may not list (AccessDeniedException from List)\n"


def test_offline_sides_are_named_and_no_plan_is_offered() -> None:
    """A diff of two files has no plan id, because nothing can be applied."""
    offline = replace(real(), compared=replace(real().compared, before="main:datasets", after="datasets", offline=True))
    text = view(offline)
    assert text.startswith("main:datasets -> datasets: ")
    assert "plan 9d4e" not in text


def test_an_outcome_is_what_was_done_and_what_went_wrong() -> None:
    """The outcome does not repeat the plan, which the reader has just seen."""
    done = Outcome(
        "",
        add=2,
        batches=1,
        rejected=(Rejected("s3://b/1.jpg", Place("train.jsonl", 3), "no such image"),),
        rejected_total=7,
        snapshots=("s3://kept/here",),
    )
    one = dataset([change(1)], outcome=done, status="applied")
    assert outcome_view(one) == (
        "\n"
        "blood-cells train  (datasets/blood-cells/train.jsonl)\n"
        "  2 added in 1 batch\n"
        "  the dataset's entries are kept in s3://kept/here; `reconciler restore` brings them back\n"
        "  train.jsonl:3: rejected: s3://b/1.jpg: no such image\n"
        "  ... and 6 more rejected lines\n"
        "  warning: 7 lines are not live; the policy is `rejected: skip`\n"
    )
    assert outcome_view(one).splitlines()[2:] == view(review(one)).splitlines()[3:8]


def test_what_an_apply_took_stands_beside_the_estimate() -> None:
    """The calls are shown by operation, with the estimate if it differs, then batches, bytes and time."""
    estimate = Estimate(calls={"DescribeDataset": 5, "ListDatasetEntries": 2}, batches=1, bytes=900, minutes=0.02)
    took = Estimate(calls={"DescribeDataset": 9, "ListDatasetEntries": 2}, batches=1, bytes=900, minutes=0.2)
    ended = review(dataset([change(1)]), words="1 dataset: 1 updated", estimate=estimate, spent=took)
    assert ending_view(ended) == (
        "\n"
        "1 dataset: 1 updated\n"
        "estimate: at least 7 calls, 1 batch, 900 B, under a minute at 5 calls per second; more for slow or failed "
        "batches and retries\n"
        "took:     11 calls, 1 batch, 900 B, 12 s\n"
        "calls:    DescribeDataset 9 (estimate 5), ListDatasetEntries 2\n"
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=5), st.integers(20, 120))
def test_any_text_stays_within_its_line_but_for_whole_keys(texts: list[str], width: int) -> None:
    """Texts with wide and combining letters keep the width too; a line that does not is a key or a single word."""
    changes = [change(number, key=f"s3://b/{text}", words=text) for number, text in enumerate(texts)]
    lines = view(review(dataset(changes)), width=width).split("\n")
    wider = [line for line in lines if cell_len(line) > width]
    assert [line for line in wider if " " in line.strip() and not line.startswith("    ~ ")] == []


def test_how_guards_are_overridden_is_short_unless_asked_for() -> None:
    """The text names the way for one run; the permanent way is in the preview, in a comment and with `verbose`."""
    how = Override(options='--allow updates="why"', variable="V", configuration="C")
    one = review(dataset([change(1)], override=how))
    once = '  to override, give a reason. For one run:\n  --allow updates="why"\n  or under Pulumi:\n  V\n'
    assert f"{once}  --verbose shows how" in view(one)
    ways = "  V\n  or for this manifest alone, in the stack's configuration:\n  C\n"
    assert ways not in view(one)
    assert ways in view(one, verbose=True)


@pytest.mark.parametrize("width", [None, 20, 40, 60, 120])
def test_the_table_of_labels_reads_no_markup(width: int | None) -> None:
    """A label that looks like rich's markup, a link or an emoji is shown as written, on every width."""
    label = "[red]a[/] :smile:"
    one = real().datasets[0]
    assert one.balance
    balance = replace(one.balance, rows=(replace(one.balance.rows[0], label=label),))
    text = view(review(replace(one, balance=balance, changes=(), groups=())), width=width)
    (row,) = [line for line in text.splitlines() if line.startswith("    [re")]
    assert label in row
    assert ("share" in text, "boxes" in text.partition("labels ")[2].partition("\n")[0]) == (
        width is None or width >= 90,
        width is None or width >= 40,
    )
