"""What the command loads before it does anything: modules are counted, never seconds."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# Ends with the modules that were loaded and should not be; the exit code of the command is not what is asked.
PROGRAM = """
import sys
from reconciler.cli import main
main({arguments!r})
print("LOADED", sorted(one for one in {unwanted!r} if one in sys.modules))
"""
# Everything but the parser: what it reads of its tables (names of formats and views) is not among them.
BEYOND_THE_PARSER = [
    *("asyncio", "boto3", "botocore", "dataclasses", "jinja2", "msgspec", "pathlib", "rich", "sqlite3", "yaml"),
    *("reconciler.analysis", "reconciler.apply", "reconciler.aws.connection", "reconciler.aws.faults"),
    *("reconciler.cli.session", "reconciler.formats.conversion", "reconciler.guards", "reconciler.ledger"),
    *("reconciler.manifest", "reconciler.model", "reconciler.review"),
]


def loaded(arguments: list[str], unwanted: list[str], folder: Path) -> str:
    """The unwanted modules that a run of the command loads."""
    code = PROGRAM.format(arguments=arguments, unwanted=unwanted)
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.rpartition("LOADED ")[2].strip()


@pytest.mark.parametrize(
    "arguments", [["--help"], ["validate", "--help"], ["valdate"], ["plan", "--bogus"], ["convert", "yollo", "x"]]
)
def test_the_help_and_wrong_arguments_load_the_parser_only(arguments: list[str], tmp_path: Path) -> None:
    """A help text or a sentence about an argument needs no noun, no review, no guard and nothing of AWS."""
    assert loaded(arguments, BEYOND_THE_PARSER, tmp_path) == "[]"
