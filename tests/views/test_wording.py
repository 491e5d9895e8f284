"""Words that all views share."""

from typing import Any, get_args

import pytest
from msgspec import structs

from reconciler.analysis.results import BoxChange, BoxWord, Group, GroupKind, LookAlike, PixelBox
from reconciler.review.dangers import _WHY
from reconciler.review.model import Origin
from reconciler.text import plain
from reconciler.views.words import (
    _TOLD,
    GROUP_KINDS,
    KINDS,
    ORIGINS,
    box_words,
    figure,
    folder_of,
    is_explained,
    kinds_of,
    percent,
    shown,
)
from tests.views.reviews import added, became, box, change, removed


@pytest.mark.parametrize(
    ("table", "form"),
    [(GROUP_KINDS, GroupKind), (_TOLD, GroupKind), (ORIGINS, Origin), (_WHY, LookAlike.__annotations__["why"])],
)
def test_every_word_of_a_plan_has_words_in_the_views(table: dict[str, object], form: Any) -> None:  # noqa: ANN401
    """A new kind in the plan needs a word here, else a view would fail."""
    assert set(table) == set(get_args(form))


def test_every_kind_of_change_can_be_filtered() -> None:
    """Whatever becomes of a box, an update has a kind for it."""
    for word in get_args(BoxWord):
        one = BoxChange(what=(word,), before=box("a", 1, 1), after=box("a", 2, 1))
        assert bool(kinds_of(change(0, boxes=(one,)))) == (word != "same")
    assert all(kinds_of(change(0, verb)) == (verb,) for verb in ("add", "unlabel", "live-only"))
    assert len(KINDS) < 31  # bits of a number in the page's script


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (added(PixelBox("RBC", 1, 2, 3.5, 4)), "RBC 3.5x4 at 1, 2 added"),
        (removed(PixelBox("RBC", 1, 2, 3, 4)), "RBC 3x4 at 1, 2 removed"),
        (became(box("RBC", 10, 10), box("RBC", 13, 6), 0.9), "RBC, moved by +3, -4 px, overlap 90 %"),
        (
            became(box("RBC", 1, 1, 9, 9), box("RBC", 1, 1, 1010.125, 9), 0.5),
            "RBC, resized by +1001.125 x +0 px, overlap 50 %",
        ),
        (became(box("RBC", 1, 1), box(" RBC", 1, 1), 1.0), 'RBC -> " RBC", overlap 100 %'),
    ],
)
def test_a_box_in_words(one: BoxChange, words: str) -> None:
    """Which label, what happened, by how much."""
    assert plain(box_words(one)) == words


def test_figures_keep_what_counts() -> None:
    """Pixels to a thousandth; few are not none, and nearly all are not all."""
    assert [figure(number) for number in (12, 12.5, 0.001, 1234567.125)] == ["12", "12.5", "0.001", "1234567.125"]
    assert [percent(share) for share in (0, 0.003, 0.12, 0.996, 1)] == ["0 %", "0.3 %", "12 %", "99.6 %", "100 %"]


def test_keys_share_a_folder_up_to_a_slash() -> None:
    """A single key is shown whole."""
    assert folder_of(["s3://b/x/1.jpg", "s3://b/x/10.jpg"]) == "s3://b/x/"
    assert folder_of(["s3://b/x/1.jpg", "s3://c/x/1.jpg"]) == "s3://"
    assert folder_of(["a/b", "a/b/c"]) == "a/"
    assert folder_of(["s3://b/x/1.jpg"]) == ""
    assert folder_of(["ab", "ac"]) == ""


def test_a_long_name_keeps_both_ends() -> None:
    """The end of a key tells it apart."""
    name = shown("s3://b/" + "x" * 2_000 + "/last.jpg", 180)
    assert len(name) == 180
    assert name.startswith("s3://b/xx")
    assert name.endswith("xx/last.jpg")


def test_a_group_explains_an_entry_only_when_it_tells_all_of_it() -> None:
    """A renamed label beside a moved box is not explained by the renaming."""
    renamed = Group(id=1, kind="renamed", words=(), entries=1)
    shifted = Group(id=2, kind="shifted", words=(), entries=1)
    label = became(box("a", 1, 1), box("b", 1, 1))
    both = change(0, boxes=(label, became(box("c", 1, 1), box("c", 2, 2))), groups=(1,))
    assert is_explained(change(0, boxes=(label,), groups=(1,)), [renamed])
    assert not is_explained(change(0, boxes=(label,)), [renamed])
    assert not is_explained(both, [renamed, shifted])
    assert is_explained(structs.replace(both, groups=(1, 2)), [renamed, shifted])
