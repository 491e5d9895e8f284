"""docs/reliability.md says what the table of faults and the last full run say."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from reconciler.aws.faults import answers
from tests.reliability.matrix import OPERATIONS

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def page() -> str:
    """The page as it would be made now."""
    return str(runpy.run_path(str(DOCS / "reliability.py"))["reliability_page"]())


def test_the_page_is_current(page: str) -> None:
    """The reliability page is the one that `python docs/pages.py` makes."""
    assert page == (DOCS / "reliability.md").read_text(encoding="utf-8")


def test_every_answer_of_the_table_is_on_the_page(page: str) -> None:
    """Operation by exception, with what is said."""
    for operation, code, _answer, cause, cure in answers(OPERATIONS):
        rows = [line for line in page.splitlines() if line.startswith(f"| `{code}` |") and f"{cause}; {cure}" in line]
        assert any(f"`{operation}`" in row or "| all |" in row for row in rows), (operation, code)
