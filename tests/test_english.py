"""The list of banned phrases, and `make check`'s search for them."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHECK = ROOT / "docs" / "english.py"
PHRASES = tomllib.loads((ROOT / "docs" / "english.toml").read_text(encoding="utf-8"))["phrase"]


def searched(path: Path) -> subprocess.CompletedProcess[str]:
    """What the search says of a file."""
    return subprocess.run([sys.executable, str(CHECK), str(path)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("phrase", PHRASES, ids=[phrase["example"] for phrase in PHRASES])
def test_a_banned_phrase_in_a_message_fails_the_check(phrase: dict[str, str], tmp_path: Path) -> None:
    """Every phrase of the list is found in a message, with its file, its line and what to say instead."""
    module = tmp_path / "module.py"
    module.write_text(f'"""A module."""\nMESSAGE = "{phrase["example"]}"\n', encoding="utf-8")
    found = searched(module)
    assert found.returncode == 1
    assert f"{module}:2: " in found.stdout
    assert f"say: {phrase['say']}" in found.stdout


@pytest.mark.parametrize("phrase", PHRASES, ids=[phrase["say"] for phrase in PHRASES])
def test_what_to_say_instead_passes_the_check(phrase: dict[str, str], tmp_path: Path) -> None:
    """No advice of the list is banned by the list."""
    module = tmp_path / "module.py"
    module.write_text(f'"""A module."""\nMESSAGE = "{phrase["say"]}"\n', encoding="utf-8")
    assert searched(module).stdout == ""


@pytest.mark.parametrize("text", ['M = (\n    "guard updates would say "\n    "no"\n)\n', "# guards would say\n# no\n"])
def test_a_phrase_that_goes_on_in_the_next_line_is_found(text: str, tmp_path: Path) -> None:
    """A line break in a literal, a comment or a page hides no phrase."""
    module = tmp_path / "module.py"
    module.write_text(text, encoding="utf-8")
    assert "say: blocked by guard updates" in searched(module).stdout


def test_make_check_searches_for_banned_phrases() -> None:
    """The search is part of `make check`, so that a banned phrase does not land."""
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ncheck:")[2].partition("\n\n")[0]
    assert "docs/english.py" in recipe
