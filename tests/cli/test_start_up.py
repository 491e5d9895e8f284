"""What the command loads before it does anything: modules are counted, never seconds."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.help import COMMANDS as NAMES

if TYPE_CHECKING:
    from pathlib import Path

# Ends with the modules that its runs loaded and should not have; exit codes are not what is asked.
PROGRAM = """
import sys
from reconciler.cli import main
for arguments in {runs!r}:
    main(arguments)
print("LOADED", sorted(one for one in {unwanted!r} if one in sys.modules))
"""
# Everything but the parser: what it reads of its tables (names of formats and views) is not among them.
BEYOND_THE_PARSER = [
    *("asyncio", "boto3", "botocore", "dataclasses", "jinja2", "msgspec", "pathlib", "rich", "sqlite3", "yaml"),
    *("reconciler.analysis", "reconciler.apply", "reconciler.aws.connection", "reconciler.aws.faults"),
    *("reconciler.cli.session", "reconciler.formats.conversion", "reconciler.guards", "reconciler.ledger"),
    *("reconciler.manifest", "reconciler.model", "reconciler.review"),
]


def loaded(runs: list[list[str]], unwanted: list[str], folder: Path) -> str:
    """The unwanted modules that runs of the command in one process load."""
    code = PROGRAM.format(runs=runs, unwanted=unwanted)
    # Where branches are measured, every process loads what measures them.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, env=environ)
    return done.stdout.rpartition("LOADED ")[2].strip()


@pytest.mark.parametrize(
    "runs",
    [
        [["--help"], *([name, "--help"] for name in NAMES)],
        [["valdate"], ["plan", "--bogus"], ["convert", "yollo", "x"], ["apply", "--limit", "many"]],
    ],
)
def test_every_help_and_wrong_arguments_load_the_parser_only(runs: list[list[str]], tmp_path: Path) -> None:
    """A help text or a sentence about an argument needs no noun, no review, no guard and nothing of AWS."""
    assert loaded(runs, BEYOND_THE_PARSER, tmp_path) == "[]"


# What only a run that asks AWS needs.
OF_AWS = [
    *("asyncio", "boto3", "botocore", "urllib3", "reconciler.apply.context", "reconciler.aws.calls"),
    *("reconciler.aws.faults", "reconciler.aws.gateway", "reconciler.snapshots"),
]
# What validating small files needs beside these: no git, no temporary file, no document, no picture, no base, no plan;
# no width of a terminal, and no frozen dataclass, each of which takes a millisecond to make.
OF_OTHERS = [
    *("dataclasses", "glob", "shutil", "subprocess", "tempfile", "traceback", "reconciler.analysis.entry"),
    *("reconciler.git", "reconciler.plan.make", "reconciler.review.planned", "reconciler.cli.session.base"),
    *("reconciler.cli.session.since", "reconciler.views.json_document", "reconciler.views.pictures"),
]
# What only a revision needs, for a comparison of two files.
OF_REVISIONS = ["dataclasses", "subprocess", "tempfile", "reconciler.git"]
COMMANDS = {
    "validate": ["validate", "datasets"],
    "diff": ["diff", "datasets/cells/train.jsonl", "datasets/cells/train.jsonl"],
    "convert": ["convert", "jsonl", "datasets/cells/train.jsonl", "--fix-types"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_without_an_account_load_nothing_of_aws(command: str, tmp_path: Path) -> None:
    """What validates, compares and converts files loads no boto3, no asyncio and nothing that makes calls."""
    folder = tmp_path / "datasets" / "cells"
    folder.mkdir(parents=True)
    (folder / "project.yaml").write_text("managed: false\n")
    (folder / "train.jsonl").write_text('{"source-ref": "s3://b-1/1.jpg"}\n')
    unwanted = OF_AWS + (OF_OTHERS if command == "validate" else OF_REVISIONS if command == "diff" else [])
    assert loaded([COMMANDS[command]], unwanted, tmp_path) == "[]"
