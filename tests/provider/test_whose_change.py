"""Whose change a difference is, in previews and drift runs, and what `theirs` does about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.model import DatasetDeclaration, DatasetType
from reconciler.plan import Basis
from reconciler.policy import Compare
from reconciler.shell.base import judge_by
from reconciler.shell.drift import LeftLive
from reconciler.snapshots.live_copies import LiveCopies
from tests.support.filling import filled
from tests.support.lines import labelled
from tests.support.provider_engine import CallError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.provider_engine import Resource
    from tests.support.provider_world import World

BEFORE = {"1.jpg": ["cat"], "2.jpg": ["dog"], "3.jpg": ["cow"]}
OFF = {"label-removed": "off", "label-share": "off", "test-set": "off"}

ARN = "arn:aws:rekognition:us-east-1:111122223333:project/cells/dataset/train/1690405809285"


def applied(world: World, **policy: object) -> Resource:
    """A resource that is up, with three entries."""
    cells = world.declare(BEFORE, policy={"guards": OFF, **policy})
    cells.up()
    return cells


def test_an_edit_is_shown_as_theirs_and_refused_until_git_has_it(world: World) -> None:
    """The preview names whose each change is; `pulumi up` names the edit, `reconciler pull` and the override."""
    cells = applied(world)
    world.edit(cells, "2.jpg", "fox")
    world.rewrite(cells, BEFORE | {"1.jpg": ["lion"]})
    assert cells.preview()[0]
    shown = cells.messages[-1].text
    assert "~ s3://acme-vision/images/2.jpg  fox -> dog [theirs]" in shown
    assert "1.jpg  cat -> lion\n" in shown
    with pytest.raises(CallError, match="1 edit made outside git since the last apply would be undone") as refused:
        cells.up()
    assert "s3://acme-vision/images/2.jpg; `reconciler pull` takes live's into git" in str(refused.value)
    assert "RECONCILER_ALLOW='theirs=why'" in str(refused.value)
    assert world.live(cells)["1.jpg"] == ["cat"]
    world.rewrite(cells, BEFORE | {"1.jpg": ["lion"], "2.jpg": ["fox"]})
    cells.up()
    assert (world.live(cells)["1.jpg"], world.live(cells)["2.jpg"]) == (["lion"], ["fox"])
    assert not cells.drift()


def test_kept_edits_are_drift_in_a_refresh_and_no_update_in_a_program(world: World) -> None:
    """Diff answers yes in a refresh and no in a program run; a change of git goes in without them."""
    cells = applied(world, theirs="keep")
    world.edit(cells, "2.jpg", "fox")
    for _again in range(2):
        assert cells.drift()
        assert not cells.preview()[0]
        assert not cells.up()
    world.rewrite(cells, BEFORE | {"1.jpg": ["lion"]})
    assert cells.preview()[0]
    assert cells.up()
    assert (world.live(cells)["1.jpg"], world.live(cells)["2.jpg"]) == (["lion"], ["fox"])
    assert cells.drift()
    assert not cells.preview()[0]
    world.rewrite(cells, BEFORE | {"1.jpg": ["lion"], "2.jpg": ["wolf"]})
    with pytest.raises(CallError, match=r"\(1 of them changed in git too\)"):
        cells.up()


def test_a_state_without_a_base_is_judged_by_the_digest_of_live(world: World) -> None:
    """As 0.1.0 left it: unchanged it sends nothing, a change of git is ours, and an edit makes all of it unknown."""
    cells = applied(world)
    base = cells.outputs.pop("base")
    assert base["digest"] == cells.outputs["appliedLive"]["digest"]
    for place in world.program.joinpath(".reconciler").rglob("*.*"):
        if place.is_file():
            place.unlink()
    assert not cells.preview()[0]
    assert not cells.up()
    world.rewrite(cells, BEFORE | {"1.jpg": ["lion"]})
    assert cells.up()
    del cells.outputs["base"]
    for place in world.program.joinpath(".reconciler").rglob("*.*"):
        if place.is_file():
            place.unlink()
    world.edit(cells, "2.jpg", "fox")
    world.rewrite(cells, BEFORE | {"1.jpg": ["tiger"]})
    with pytest.raises(CallError, match="2 entries that would be overwritten are yours or theirs"):
        cells.up()


def test_the_base_is_in_the_outputs_alone_and_small(world: World) -> None:
    """No input has it, so that it never makes an update due; a damaged one is none, and no error."""
    cells = applied(world)
    assert "base" not in cells.news()
    assert len(str(cells.outputs["base"])) < 900
    cells.outputs["base"] = {"at": "yesterday"}
    assert not cells.preview()[0]
    assert not cells.drift()


def test_keep_and_replace_contradict_each_other(world: World) -> None:
    """Check refuses the two together, in a sentence."""
    cells = world.declare(BEFORE, policy={"theirs": "keep", "extra": "replace"})
    assert cells.failures() == [
        ("policy", "policy.theirs must be refuse or overwrite with `extra: replace`, not 'keep'")
    ]


def test_live_as_an_earlier_apply_left_it_is_not_as_the_last_one_left_it(tmp_path: Path) -> None:
    """The state is older than a record: a colleague who undoes the newer apply is not taken for nobody."""
    with filled([], [labelled("s3://b/1.jpg", "a")]) as ledger:
        live = ledger.live_facts(Compare.LABELS)
        state = LeftLive("2026-01-01T00:00:00.000000Z", ARN, Compare.LABELS, live.digest)
        record = LeftLive("2026-01-02T00:00:00.000000Z", ARN, Compare.LABELS, "0" * 32)
        dataset = DatasetDeclaration(DatasetType.TRAIN, tmp_path / "train.jsonl", "train.jsonl")
        copies = LiveCopies.at(None, tmp_path, pytest.fail, pytest.fail)
        assert judge_by(copies, dataset, lambda: [state, record])(ledger, live).basis is Basis.MOVED
        assert judge_by(copies, dataset, lambda: [state])(ledger, live).basis is Basis.SAME
