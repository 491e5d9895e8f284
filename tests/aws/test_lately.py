"""Answers that serve a second question of the same run."""

from __future__ import annotations

from reconciler.aws.lately import Lately
from tests.support.aws_doubles import FakeClock


def test_an_answer_serves_each_of_its_takers_once() -> None:
    """Who asks a second time wants to know what has changed, and who was not named asks for itself."""
    lately = Lately[str](FakeClock(), 10.0)
    lately.keep("dataset", "idle", ["train", "test"])
    taken = [lately.take("dataset", who) for who in ("train", "train", "plan", "test")]
    assert taken == ["idle", None, None, "idle"]


def test_an_answer_serves_for_seconds_only_and_until_it_is_forgotten() -> None:
    """Later, after a newer answer, and after an operation of ours, the service is asked again."""
    clock = FakeClock()
    lately = Lately[str](clock, 10.0)
    lately.keep("dataset", "idle", ["train"])
    clock.sleep(10.5)
    assert (lately.see("dataset"), lately.take("dataset", "train")) == (None, None)
    lately.keep("dataset", "idle", ["train"])
    lately.keep("dataset", "busy")
    assert (lately.see("dataset"), lately.take("dataset", "train")) == ("busy", None)
    lately.forget("dataset")
    assert lately.see("dataset") is None
