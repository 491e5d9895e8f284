"""One apply under one fault: its result, whether that was reported truthfully, and whether the next run repairs it.

Runs keep copies of live and a cache of the manifest, so that the runs after the first list only where the probe asks.

Two scenes are tried, each an apply of three batches with listings of several pages: `apply` changes a dataset that is
there, `replace` deletes it and loads it again. The emulator's clock is moved only by the reconciler's own pauses, so
that a trial takes no time and replays exactly.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any
from weakref import finalize

import pytest
import yaml

from reconciler.changes import Action, batches
from reconciler.entries import entry_of
from reconciler.errors import ReconcilerError
from reconciler.plan.order import peak_labels
from reconciler.policy import Extra, Policy
from tests.support.desk import Desk, Ran
from tests.support.lines import Document, labelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rekognition_emulator import Emulator


START = 1_700_000_000.0
KEY = "s3://bucket/{}.jpg"
# Faults in which other people change the dataset: what they did at the very last moment nobody can know.
COLLEAGUES = frozenset({"edit", "colleague-update", "recreate", "distribute"})
_BATCH, _PAGE = 900, 4
_names = count()


@dataclass(frozen=True)
class Scene:
    """A dataset as it is, a manifest as it should be, and the policy."""

    name: str
    live: tuple[Document, ...]
    desired: tuple[Document, ...]
    policy: Policy


def _lines(first: int, last: int, label: str = "a") -> tuple[Document, ...]:
    return tuple(labelled(KEY.format(number), label) for number in range(first, last + 1))


SCENES = {
    scene.name: scene
    for scene in (
        Scene("apply", (*_lines(1, 2, "old"), *_lines(3, 6), *_lines(90, 90, "b")), _lines(1, 13), Policy()),
        Scene("replace", (*_lines(1, 2), *_lines(96, 98, "x")), _lines(1, 9), Policy(extra=Extra.REPLACE)),
    )
}


@dataclass(frozen=True)
class Told:
    """How a trial ended: `run` is 1 when the first run converged and 2 when the next one did; what the first one said.

    `said` is empty when it said that all is well; `lies` are the ways in which it was wrong. What a colleague did right
    after the run's last call is the next run's. `paged` counts the calls for a further page.
    """

    run: int
    said: str
    lies: tuple[str, ...]
    calls: Counter[str] = field(default_factory=Counter)
    fired: int = 0
    paged: Counter[str] = field(default_factory=Counter)


@contextmanager
def small() -> Iterator[None]:
    """Batches of three lines and pages of four; a small manifest is cached too, and no folder is in a repository."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconciler.shell.desired.WORTH_IT", 0)
        patch.setattr("reconciler.snapshots.folder.tracks", lambda _path: False)
        patch.setattr("reconciler.plan.order.BATCH_BYTES", _BATCH)
        patch.setattr(peak_labels, "__defaults__", (_BATCH,))
        patch.setattr(batches, "__defaults__", (_BATCH,))
        patch.setattr("reconciler.aws.gateway._PAGE", _PAGE)
        yield


def plan_text(*rules: Mapping[str, Any]) -> str:
    """A fault plan."""
    return yaml.safe_dump({"faults": [dict(rule) for rule in rules]}, allow_unicode=True, sort_keys=False)


def _normal(sentence: str) -> str:
    """A sentence without what differs from run to run, and without AWS's own text."""
    sentence = re.sub(r"arn:aws:rekognition:[\w.:/-]*dataset/\w+/\d+", "DATASET", sentence)
    sentence = re.sub(r"arn:aws:rekognition:[\w.:/-]*project/[\w-]+/\d+", "PROJECT", sentence)
    sentence = re.sub(r"request id [0-9a-f-]{36}", "request id ID", sentence)
    sentence = re.sub(r"http://127\.0\.0\.1:\d+/?", "ENDPOINT", sentence)
    return re.sub(r" \((\w+): .*\); ", r" (\1); ", sentence)


class Trial:
    """A scene set up at an emulator, ready to be run under a fault plan."""

    def __init__(self, emulator: Emulator, scene: Scene) -> None:
        self.scene, self.emulator = scene, emulator
        folder = Path(mkdtemp(prefix="trial-"))
        finalize(self, rmtree, folder, ignore_errors=True)
        self.desk = Desk(emulator, f"p{next(_names)}", policy=scene.policy, folder=folder)
        self.desk.create(*scene.live)
        emulator.clock.advance(5)
        self.before = self.desk.live()

    def run(self) -> Ran | ReconcilerError:
        """The whole loop once; what it raised, if it did."""
        try:
            return self.desk.run(*self.scene.desired)
        except ReconcilerError as error:
            return error

    def under(self, plan: str, kind: str = "", seed: int = 0) -> Told:
        """Run under a fault plan, and once more without; judge both.

        Raises:
            AssertionError: the next run did not converge.
        """
        start, fired = self.emulator.count_calls(), len(self.emulator.faults)
        self.emulator.front_end.faults.load(plan, seed)
        first = self.run()
        made = self.emulator.calls[start:]
        at_the_end = kind in COLLEAGUES and bool(made and made[-1].faults)
        self.emulator.load_faults("")
        fired = len(self.emulator.faults) - fired
        lies = () if at_the_end else tuple(self.lies(first))
        said = _said(first)
        run = 1 if not said and (at_the_end or not self.wrong()) else 2
        self.converges()
        paged = Counter(call.operation for call in made if call.request.get("NextToken"))
        return Told(run, _normal(said), lies, Counter(call.operation for call in made), fired, paged)

    def lies(self, ran: Ran | ReconcilerError) -> Iterator[str]:
        """What a run said that is not so."""
        if isinstance(ran, ReconcilerError):
            if not str(ran):
                yield "it failed without a sentence"
            return
        outcome, live = ran.outcome, self.desk.live()
        right = sum(as_desired(line, live) for line in self.scene.desired)
        if outcome.error is None and self.wrong():
            yield f"it says that all is well, but {self.wrong()} are not as desired"
        if outcome.error is None and (outcome.live is None or outcome.live.entries != len(live)):
            yield f"it read {outcome.live} back, but {len(live)} are live"
        if outcome.live is not None and outcome.add + outcome.update > right + outcome.rejected_total:
            yield f"it says that {outcome.sent} lines were sent, but only {right} are as desired"
        if outcome.error is not None and not str(outcome.error):
            yield "it failed without a sentence"

    def wrong(self) -> list[str]:
        """The keys of desired lines that are not live."""
        live = self.desk.live()
        return [line["source-ref"] for line in self.scene.desired if not as_desired(line, live)]

    def converges(self) -> None:
        """Run without faults: live is as desired, nothing of others is lost, and one more run sends nothing.

        Raises:
            AssertionError: it is not so.
        """
        kept = self.desk.live().keys()
        ran = self.run()
        assert not isinstance(ran, ReconcilerError), f"the next run failed: {ran}"
        assert ran.outcome.error is None, f"the next run failed: {ran.outcome.error}"
        assert not self.wrong(), f"not as desired after the next run: {self.wrong()}"
        if self.scene.policy.extra is Extra.REPLACE:
            assert self.desk.live().keys() == {line["source-ref"] for line in self.scene.desired}
        else:
            assert self.desk.live().keys() >= kept, "the next run lost entries"
        again = self.run()
        assert not isinstance(again, ReconcilerError)
        assert again.plan.action is Action.NOTHING
        assert not again.calls["UpdateDatasetEntries"]


def as_desired(line: Document, live: Mapping[str, Document]) -> bool:
    """Whether a line is live as it should be."""
    found = live.get(line["source-ref"])
    return found is not None and entry_of(found).meaning == entry_of(line).meaning


def _said(ran: Ran | ReconcilerError) -> str:
    if isinstance(ran, ReconcilerError):
        return str(ran)
    return str(ran.outcome.error or "")
