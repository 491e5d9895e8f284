"""Answers of the last seconds, where a second question of the same run needs no call of its own."""

from collections.abc import Iterable
from typing import Generic, TypeVar

from msgspec import Struct, field

from reconciler.aws.clock import Clock

Answer = TypeVar("Answer")


class Lately(Struct, Generic[Answer]):
    """The last answer about each thing, for as many `seconds`. Safe to use from threads.

    An answer serves each of its takers once: whoever asks a second time wants to know what has changed.
    """

    clock: Clock
    seconds: float
    _answers: dict[str, tuple[float, Answer, set[str]]] = field(default_factory=dict)

    def keep(self, thing: str, answer: Answer, takers: Iterable[str] = ()) -> None:
        """Remember an answer that was just given."""
        self._answers[thing] = self.clock.now(), answer, set(takers)

    def see(self, thing: str) -> Answer | None:
        """The last answer, or None where it is too old."""
        known = self._answers.get(thing)
        return known[1] if known and self.clock.now() - known[0] <= self.seconds else None

    def take(self, thing: str, taker: str) -> Answer | None:
        """The same for one of the takers of the answer, once."""
        known = self._answers.get(thing)
        try:
            known[2].remove(taker) if known else None
        except KeyError:
            return None
        return self.see(thing)

    def forget(self, thing: str) -> None:
        """What is known of it is no longer so."""
        self._answers.pop(thing, None)
