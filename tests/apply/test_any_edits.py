"""Whatever is edited, in the manifest or behind our back: an apply makes live equal, and a second one sends nothing."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from reconciler.changes import Action
from reconciler.entries import entry_of, without_service_fields
from reconciler.errors import Refused
from reconciler.policy import Compare, Extra, Policy
from rekognition_emulator import Emulator
from tests.support.desk import Desk
from tests.support.lines import Document, pictures, styles, write

KEYS = [f"s3://bucket/{name}.jpg" for name in ("1", "2", "3", "ä ö", "a%20b", "6")]
_numbers = count()


def lines() -> st.SearchStrategy[Document]:
    """Entries in any style, some of them broken so that the service marks them; the key is set later."""
    whole = st.builds(write, pictures(), styles().map(lambda style: replace(style, others=())))
    return st.builds(_broken, whole, st.sampled_from(["", "", "", "type", "class-map", "class-name", "objects"]))


def _broken(line: Document, member: str) -> Document:
    for name, metadata in line.items():
        if name.endswith("-metadata") and member in metadata:
            return line | {name: metadata | {member: "no"}}
    return line


class Edits(RuleBasedStateMachine):
    """A manifest, a dataset, people who edit both, and applies."""

    emulator: Emulator

    @initialize(existing=st.booleans())
    def begin(self, existing: bool) -> None:  # noqa: FBT001 - drawn
        """A project, with a dataset or without."""
        self.desk = Desk(self.emulator, f"p{next(_numbers)}")
        self.manifest: dict[str, Document] = {}
        if existing:
            self.desk.create()

    @rule(key=st.sampled_from(KEYS), line=lines())
    def write_into_the_manifest(self, key: str, line: Document) -> None:
        """A new entry or a new version of one."""
        self.manifest[key] = line | {"source-ref": key}

    @precondition(lambda self: self.manifest)
    @rule(data=st.data())
    def remove_from_the_manifest(self, data: Any) -> None:  # noqa: ANN401 - hypothesis' own type
        """The entry stays live: the service cannot delete it."""
        del self.manifest[data.draw(st.sampled_from(sorted(self.manifest)))]

    @rule(chance=st.randoms(use_true_random=False))
    def reorder_the_manifest(self, chance: Any) -> None:  # noqa: ANN401 - likewise
        """Order is of no meaning."""
        self.manifest = dict(chance.sample(list(self.manifest.items()), len(self.manifest)))

    @precondition(lambda self: self.desk.arn)
    @rule(key=st.sampled_from(KEYS), line=lines())
    def edit_live(self, key: str, line: Document) -> None:
        """Somebody labels in the console."""
        self.desk.edit(line | {"source-ref": key})

    @precondition(lambda self: self.desk.live())
    @rule(data=st.data(), other=st.integers(0, 99))
    def restyle_live(self, data: Any, other: int) -> None:  # noqa: ANN401 - likewise
        """Somebody writes what is live in other words: a field that labels mode ignores."""
        line = self.desk.live()[data.draw(st.sampled_from(sorted(self.desk.live())))]
        self.desk.edit(without_service_fields(line) | {"note": other})

    @precondition(lambda self: self.desk.live())
    @rule(data=st.data())
    def remove_live(self, data: Any) -> None:  # noqa: ANN401 - likewise
        """An entry goes away."""
        self.desk.remove([data.draw(st.sampled_from(sorted(self.desk.live())))])

    @precondition(lambda self: self.desk.arn)
    @rule()
    def delete_the_dataset(self) -> None:
        """Somebody deletes all of it."""
        self.desk.gateway.delete_dataset(self.desk.arn)

    @rule(extra=st.sampled_from(Extra), compare=st.sampled_from(Compare))
    def choose_a_policy(self, extra: Extra, compare: Compare) -> None:
        """Policies change between applies."""
        self.desk.policy = Policy(extra=extra, compare=compare)

    @rule()
    def apply(self) -> None:
        """Live equals desired, as the policy says; a second apply makes no UpdateDatasetEntries call."""
        before, existed = self.desk.live(), bool(self.desk.arn)
        extras = before.keys() - self.manifest.keys()
        policy = self.desk.policy
        if policy.extra is Extra.FAIL and extras:
            self.refused(before)
            return
        ran = self.desk.run(*self.manifest.values())
        assert ran.outcome.error is None
        assert ran.outcome.rejected_total == ran.outcome.rewritten == 0
        assert ran.outcome.sent == ran.plan.lines
        if policy.extra is Extra.REPLACE and extras:
            assert ran.plan.action is Action.REPLACE
        elif existed:
            assert ran.calls["CreateDataset"] == ran.calls["DeleteDataset"] == 0
        self.is_as_desired(before)
        again = self.desk.run(*self.manifest.values())
        assert again.plan.action is Action.NOTHING
        assert set(again.calls) == {"DescribeProjects", "DescribeDataset", "ListDatasetEntries"}
        assert again.outcome.live == ran.outcome.live

    def refused(self, before: dict[str, Document]) -> None:
        """`extra: fail` sends nothing."""
        updates = self.emulator.count_calls("UpdateDatasetEntries")
        with pytest.raises(Refused, match="extra: fail"):
            self.desk.run(*self.manifest.values())
        assert self.emulator.count_calls("UpdateDatasetEntries") == updates
        assert self.desk.live() == before

    def is_as_desired(self, before: dict[str, Document]) -> None:
        """Live, entry by entry."""
        live, policy = self.desk.live(), self.desk.policy
        for key, line in self.manifest.items():
            want, have = entry_of(line), entry_of(live[key])
            assert want.meaning == have.meaning
            assert want.content == have.content or not (policy.compare is Compare.STRICT or have.marks)
        extras = before.keys() - self.manifest.keys()
        if policy.extra is Extra.REPLACE:
            assert live.keys() == self.manifest.keys()
        else:
            assert live.keys() == before.keys() | self.manifest.keys()
        for key in live.keys() - self.manifest.keys():
            assert live[key] == before[key] or policy.extra is Extra.UNLABEL
            assert not (entry_of(live[key]).labelled and policy.extra is Extra.UNLABEL)
        assert extras >= live.keys() - self.manifest.keys()

    @invariant()
    def the_service_is_never_asked_wrongly(self) -> None:
        """No call of ours was refused."""
        assert not [call for call in self.emulator.calls if call.error not in ("", "ResourceNotFoundException")]


@pytest.mark.parametrize("size", [400, 5_000_000], ids=["many batches", "one batch"])
def test_after_any_edits_an_apply_makes_live_equal_and_a_second_sends_nothing(
    emulator: Emulator, small_batches: Callable[[int], None], size: int
) -> None:
    """A state machine over manifest, live entries and policies, against the emulator over HTTP."""
    small_batches(size)

    class OnThisEmulator(Edits):
        pass

    OnThisEmulator.emulator = emulator
    run_state_machine_as_test(OnThisEmulator, settings=settings(max_examples=20, stateful_step_count=14, deadline=None))
