"""Completion, asked of the real shells: what the generated script offers for a word that was begun."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import time
from pathlib import Path
from select import select
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.help import COMMANDS

if TYPE_CHECKING:
    from tests.cli.conftest import World

ROOT = Path(__file__).parents[2]
DEADLINE = 30.0
BASH = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_shtab_reconciler reconciler "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
CASES = pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["pl"], {"plan"}),
        ([""], set(COMMANDS)),
        (["plan", "--sa"], {"--save"}),
        (["report", "plan.json", "--format", "h"], {"html"}),
        (["restore", "--type", ""], {"train", "test"}),
        (["help", "ap"], {"apply"}),
        (["convert", "c"], {"coco", "csv"}),
        (["completion", ""], {"bash", "zsh", "fish"}),
    ],
)


def script(world: World, shell: str) -> Path:
    """The completion script, as the command prints it, in a file."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    ran = world.run("completion", shell)
    assert (ran.code, ran.err) == (0, "")
    path = world.folder / f"complete.{shell}"
    path.write_text(ran.out)
    return path


def said(*arguments: str | Path) -> set[str]:
    """The first word of each line that a program prints."""
    ended = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=DEADLINE)
    return {line.split("\t")[0] for line in ended.stdout.splitlines()}


@CASES
def test_bash_completes(world: World, words: list[str], offered: set[str]) -> None:
    """Commands, options and choices, from the script alone."""
    assert offered == said("bash", "-c", BASH, "bash", script(world, "bash"), "reconciler", *words)


@CASES
def test_fish_completes(world: World, words: list[str], offered: set[str]) -> None:
    """Commands, options and choices, from the script alone."""
    line = " ".join(["reconciler", *words])
    found = said("fish", "--no-config", "-c", f"source {script(world, 'fish')}; complete -C '{line}'")
    assert offered == {word for word in found if word not in {"-h", "--help", "-V", "--version"}}


def test_zsh_completes(world: World) -> None:
    """The first letters of a command and of an option are completed by Tab, on a real terminal."""
    path = script(world, "zsh")
    path.rename(path.with_name("_reconciler"))
    master, slave = pty.openpty()
    environ = os.environ | {"PS1": "", "TERM": "xterm", "ZDOTDIR": str(world.folder)}
    process = subprocess.Popen(
        [str(shutil.which("zsh")), "-f", "-i"], env=environ, stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    try:
        os.write(master, b"fpath=($PWD $fpath); autoload -U compinit; compinit -u -D; print REA''DY\n")
        shown(master, "READY")
        os.write(master, b"reconciler pl\t--sav\t")
        assert "plan" in shown(master, "--save")
    finally:
        process.kill()
        process.wait()
        os.close(master)


def shown(master: int, text: str) -> str:
    """The output of a terminal until it contains the text."""
    seen, deadline = "", time.monotonic() + DEADLINE
    while text not in seen:
        assert select([master], [], [], deadline - time.monotonic())[0], seen
        seen += os.read(master, 65536).decode()
    return seen


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_names_of_files_are_completed_where_files_are_wanted(world: World, shell: str) -> None:
    """For a manifest to validate, a plan to report and a folder of datasets the scripts ask the shell for paths."""
    ran = world.run("completion", shell)
    paths = {"bash": "_shtab_compgen_files", "zsh": "_files", "fish": "__fish_complete_path"}
    folders = {"bash": "_shtab_compgen_dirs", "zsh": "_files -/", "fish": "__fish_complete_directories"}
    assert paths[shell] in ran.out
    assert folders[shell] in ran.out


def test_a_script_that_cannot_be_written_is_a_sentence(world: World) -> None:
    """On a full disk `reconciler completion bash > FILE` fails with a sentence, without a traceback."""
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "reconciler", "completion", "bash"],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            cwd=world.folder,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=DEADLINE,
        )
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert "the output could not be written" in ended.stderr
