"""The generated page is up to date, and the service model is the one that was reviewed."""

from __future__ import annotations

import copy
import dataclasses
import re
from pathlib import Path

import pytest

from rekognition_emulator import Switches, docs
from rekognition_emulator.__main__ import parser
from rekognition_emulator.aws_json import model
from rekognition_emulator.aws_json.model import OPERATIONS, fingerprint, modelled_errors, service_model
from rekognition_emulator.errors import SERVER_SIDE
from rekognition_emulator.faults.plan import KINDS
from rekognition_emulator.state.statuses import FORBIDDEN

PAGE = Path(__file__).parents[2] / "docs" / "emulator.md"

REVIEWED = "64f86f27f93555194a9250e2beced4fabdf881f060d31c9134305e7c09f2c240"
"""Fingerprint of the fourteen operations as they were when the emulator was last held against them."""


def test_the_page_is_current() -> None:
    """docs/emulator.md is what `python -m rekognition_emulator.docs docs/emulator.md` writes."""
    assert PAGE.read_text(encoding="utf-8") == docs.render()


def test_the_page_has_every_switch_and_every_kind_of_fault() -> None:
    """Every switch and every kind of fault is on the page."""
    page = PAGE.read_text(encoding="utf-8")
    names = [field.name for field in dataclasses.fields(Switches)] + list(KINDS) + list(OPERATIONS)
    assert [name for name in names if f"`{name}`" not in page] == []


def test_the_page_has_every_option_and_no_broken_cell() -> None:
    """Options are those of the command line, and code spans in table cells are not nested."""
    page = PAGE.read_text(encoding="utf-8")
    options = [name for action in parser()._actions for name in action.option_strings if name.startswith("--")]
    assert [name for name in options if f"`{name}" not in page and name != "--help"] == []
    assert re.findall(r"^\|.*``.*$|\\\\\|", page, re.MULTILINE) == []


def test_the_page_can_be_written_and_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The page is up to date after it is written, and not after an edit."""
    page = tmp_path / "page.md"
    assert docs.main([str(page), "--check"]) == 1
    assert docs.main([str(page)]) == 0
    assert docs.main([str(page), "--check"]) == 0
    page.write_text("edited", encoding="utf-8")
    assert docs.main([str(page), "--check"]) == 1
    assert "is not up to date" in capsys.readouterr().err


def test_aws_has_not_changed_the_operations() -> None:
    """A failure means that botocore has changed an operation: review the change, then set REVIEWED."""
    assert fingerprint() == REVIEWED


@pytest.mark.parametrize("change", ["a maximum", "a pattern", "an exception", "a member", "a word of documentation"])
def test_a_change_of_the_model_is_seen(monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    """Every change by AWS changes the fingerprint, except one of the documentation."""
    changed = copy.deepcopy(service_model())
    shapes, operations = changed["shapes"], changed["operations"]
    if change == "a maximum":
        shapes["ListDatasetEntriesPageSize"]["max"] += 1
    elif change == "a pattern":
        shapes["ProjectName"]["pattern"] += "?"
    elif change == "an exception":
        operations["UntagResource"]["errors"].append({"shape": "LimitExceededException"})
    elif change == "a member":
        shapes["DatasetStats"]["members"]["More"] = {"shape": "UInteger"}
    else:
        operations["UntagResource"]["documentation"] = "other"
    monkeypatch.setattr(model, "service_model", lambda: changed)
    assert (fingerprint() == REVIEWED) is (change == "a word of documentation")


def test_server_side_exceptions_are_those_of_the_model() -> None:
    """Exactly the exceptions that botocore marks as faults have HTTP status 500."""
    shapes = service_model()["shapes"]
    names = {name for operation in OPERATIONS for name in modelled_errors(operation)}
    assert {name for name in names if shapes[name].get("fault")} == SERVER_SIDE


def test_a_status_is_refused_only_with_exceptions_of_the_operation() -> None:
    """The model lists every exception of the status table for its operation."""
    for operation, refused in FORBIDDEN.items():
        assert set(refused.values()) <= modelled_errors(operation)
