"""Two applies of one dataset at the same time: each one's report is true, whatever the order of their calls."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING, TypeVar

import pytest

from reconciler.aws.calls import Calls
from reconciler.aws.gateway import Gateway
from reconciler.errors import ReconcilerError
from tests.reliability.record import write
from tests.reliability.trial import KEY, as_desired
from tests.support.aws_doubles import _client
from tests.support.desk import Desk, Ran
from tests.support.lines import Document, labelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from rekognition_emulator import Emulator

pytestmark = pytest.mark.usefixtures("_small")
Reply = TypeVar("Reply")
_SECONDS = 60.0
LINES = range(1, 10)


class Turnstile:
    """Lets one of two through at a time; who has the turn keeps it until the next call, then chance decides."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._changed = threading.Condition()
        self._here: set[int] = set()
        self._turn: int | None = None

    def next(self, me: int) -> None:
        """Give the turn up, and wait for it."""
        with self._changed:
            self._here.add(me)
            if self._turn in (None, me) and (self._turn is not None or len(self._here) == 2):
                self._draw()
            assert self._changed.wait_for(lambda: self._turn == me, _SECONDS), "nobody gave the turn up"

    def leave(self, me: int) -> None:
        """Need no more turns."""
        with self._changed:
            self._here.discard(me)
            self._draw()

    def _draw(self) -> None:
        self._turn = self._chance.choice(sorted(self._here)) if self._here else None
        self._changed.notify_all()


class _InTurn(Calls):
    """Calls that are made when it is one's turn."""

    def __init__(self, desk: Desk, turnstile: Turnstile, me: int) -> None:
        super().__init__(desk.clock, random.Random(me))  # noqa: S311 - repeatable
        self._turnstile, self._me = turnstile, me

    def make(
        self,
        operation: str,
        send: Callable[[], Reply],
        known: Callable[[ReconcilerError, bool], Reply | None] | None = None,
    ) -> Reply:
        """Wait before every attempt."""

        def attempt() -> Reply:
            self._turnstile.next(self._me)
            return send()

        return super().make(operation, attempt, known)


class Two:
    """Two people with manifests of their own, and somebody who looks on."""

    def __init__(self, emulator: Emulator, seed: int) -> None:
        self.observer = Desk(emulator, f"t{emulator.count_calls()}")
        self.observer.create(*[labelled(KEY.format(number), "old") for number in range(1, 5)])
        emulator.clock.advance(5)
        self._turnstile = Turnstile(seed)
        self._desks = [self._desk(emulator, me) for me in (0, 1)]
        self.manifests = [[labelled(KEY.format(number), label) for number in LINES] for label in ("mine", "theirs")]
        self.lies: list[str] = []
        self.ended_well = 0

    def _desk(self, emulator: Emulator, me: int) -> Desk:
        desk = Desk(emulator, f"{self.observer.name}-{me}")
        desk.target = self.observer.target
        desk.gateway = Gateway(_client(emulator.url), _InTurn(desk, self._turnstile, me))
        return desk

    def apply(self) -> None:
        """Both at once, to the end."""
        threads = [threading.Thread(target=self._one, args=(me,)) for me in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2 * _SECONDS)
        assert not any(thread.is_alive() for thread in threads)

    def _one(self, me: int) -> None:
        """One apply; at its end, before the other one goes on, its report is compared with what is live."""
        try:
            self._judge(me, self._run(me))
        except Exception as error:  # noqa: BLE001 - a thread has nobody above it
            self.lies.append(f"{me} broke: {error!r}")
        finally:
            self._turnstile.leave(me)

    def _run(self, me: int) -> Ran | ReconcilerError:
        try:
            return self._desks[me].run(*self.manifests[me])
        except ReconcilerError as error:
            return error

    def _judge(self, me: int, ran: Ran | ReconcilerError) -> None:
        error = ran if isinstance(ran, ReconcilerError) else ran.outcome.error
        wrong = self.wrong(self.manifests[me])
        self.ended_well += error is None
        if error is None and wrong:
            self.lies.append(f"{me} calls it a success, but {wrong} are not as desired")
        if error is not None and not str(error):
            self.lies.append(f"{me} failed without a sentence")

    def wrong(self, manifest: list[Document]) -> list[str]:
        """The keys that are not live as this manifest has them."""
        live = self.observer.live()
        return [line["source-ref"] for line in manifest if not as_desired(line, live)]


def _tell(emulator: Emulator, seed: int) -> int:
    """Two applies in the order that a seed gives; how many of them said that all was well."""
    two = Two(emulator, seed)
    two.apply()
    assert not two.lies, (seed, two.lies)
    after = two.observer.run(*two.manifests[0])
    assert after.outcome.error is None
    assert not two.wrong(two.manifests[0])
    return two.ended_well


@pytest.mark.parametrize("seed", range(12))
def test_both_reports_are_true_in_a_sample_of_orders(emulator: Emulator, seed: int) -> None:
    """A success means that live was as desired when it was said; the next run of either converges."""
    _tell(emulator, seed)


@pytest.mark.slow
def test_both_reports_are_true_in_many_orders(emulator: Emulator) -> None:
    """The reports of two applies at once are true in five hundred random orders."""
    ended_well = [_tell(emulator, seed) for seed in range(100, 600)]
    write("two at once", {"orders": len(ended_well), **{str(many): ended_well.count(many) for many in (0, 1, 2)}})
