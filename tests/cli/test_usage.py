"""What a person who types the command wrongly, or asks for help, gets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.arguments import parse
from reconciler.cli.help import COMMANDS
from reconciler.cli.options import GUARD_NAMES
from reconciler.errors import Exit
from reconciler.guards import CAUSES, GUARDS, THEIRS

if TYPE_CHECKING:
    from tests.cli.conftest import World


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plna"], "did you mean `plan`?"),
        (["destroy"], "there are: init, validate, plan, drift, apply"),
        (["--json", "plan"], "the command comes first"),
        (["plan", "--jsn"], "did you mean `--json`?"),
        (["plan", "--exitcode=1"], "did you mean `--exit-code`?"),
        (["plan", "datasets"], "one argument too many"),
        (["validate", "a", "b"], "one argument too many"),
        (["split", "new.jsonl", "--region", "x"], "there is no option --region"),
        (["drift", "--yes"], "there is no option --yes"),
        (["validate", ".", "--region", "x"], "--region of validate is for --check-images"),
        (["plan", "--datasets", ".", "--yes"], "--yes of plan is for --check-images"),
        (["plan", "--limit", "-1"], "--limit"),
        (["plan", "--limit", "many"], "must be a whole number, 0 or larger"),
        (["plan", "--limit", "3", "--all"], "not allowed with"),
        (["plan", "--project"], "expected one argument"),
        (["plan", "--pro", "x"], "there is no option --pro"),
        (["plan", "--endpoint-url", "localhost:8000"], "not an http or https address"),
        (["plan", "--endpoint-url", "http://[::1"], "not a URL"),
        (["plan", "--endpoint-url", "http://me:secret@host"], "user name or password"),
        (["pl\x1b[31man"], "there is no command"),
        (["help", "aply"], "did you mean `apply`?"),
        (["help", "x\x1b[31m"], "choose from init, validate, plan, drift, apply"),
        (["completion"], "required: SHELL"),
        (["completion", "fsh"], "did you mean `fish`?"),
        (["report", "plan.json", "--format", "htm"], "did you mean `html`?"),
    ],
)
def test_wrong_arguments_get_one_sentence_and_exit_3(world: World, arguments: list[str], said: str) -> None:
    """The sentence has the fault and the cure, and no usage dump, secret or escape sequence."""
    ran = world.run(*arguments)
    assert ran.code == 3
    assert not ran.out or "--json" in arguments
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert "secret" not in ran.err
    assert "\x1b" not in ran.err


@pytest.mark.parametrize("arguments", [["--help"], *([command, "--help"] for command in COMMANDS)])
def test_help_has_examples_and_the_exit_codes(world: World, arguments: list[str]) -> None:
    """The help is written to standard output, explains the commands, and exits with 0."""
    ran = world.run(*arguments)
    assert ran.code == 0
    assert "examples:" in ran.out
    assert "exit codes:" in ran.out
    assert "143: by SIGTERM" in ran.out
    assert all(len(line) <= 120 for line in ran.out.splitlines())


@pytest.mark.parametrize("command", ["plan", "convert"])
def test_sentences_of_the_help_fit_the_terminal(world: World, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are folded at its width, with the same words, in the exit codes below their own; examples stay whole."""
    monkeypatch.setenv("COLUMNS", "200")
    wide = world.run(command, "--help").out.partition("examples:")[2]
    monkeypatch.setenv("COLUMNS", "80")
    narrow = world.run(command, "--help").out.partition("examples:")[2]
    assert narrow.split() == wide.split()
    assert [line for line in wide.splitlines() if line.startswith("  reconciler ")] == [
        line for line in narrow.splitlines() if line.startswith("  reconciler ")
    ]
    said, _, codes = narrow.partition("exit codes:")
    assert all(len(line) <= 80 for line in (*said.split("\n\n")[-2].splitlines(), *codes.splitlines()))
    assert all(line.startswith("       ") or line[2].isdigit() for line in codes.splitlines() if line)


def test_help_names_every_exit_code(world: World) -> None:
    """The table of the help and the table in the code are the same."""
    text = world.run("--help").out
    table = text[text.index("exit codes:") :]
    assert {int(number) for number in re.findall(r"\d+", table)} == {int(code) for code in Exit}


def test_the_help_names_every_guard() -> None:
    """The names of the help are those of the tables, in their order."""
    assert (*GUARDS, THEIRS, *CAUSES) == GUARD_NAMES


def test_every_option_has_a_help_text(world: World) -> None:
    """Every option has a help text."""
    for command in COMMANDS:
        text = world.run(command, "--help").out
        options = [line.split() for line in text.splitlines() if line.startswith("  -")]
        assert options
        for words in options:
            assert len(words) > 1, (command, words)


@pytest.mark.parametrize("arguments", [[], ["help"]])
def test_the_bare_command_prints_the_help(world: World, arguments: list[str]) -> None:
    """`reconciler` alone and `reconciler help` print the help, with its exit code."""
    assert world.run(*arguments) == world.run("--help")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_explains_a_command(world: World, command: str) -> None:
    """`reconciler help COMMAND` is `reconciler COMMAND --help`."""
    assert world.run("help", command) == world.run(command, "--help")


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_version_is_told(world: World, option: str) -> None:
    """`reconciler --version` and its short form print the version."""
    ran = world.run(option)
    assert ran.code == 0
    assert ran.out.startswith("reconciler ")


def test_options_are_understood() -> None:
    """All options together are read into one record."""
    options = parse(
        [
            *("apply", "--datasets", "elsewhere", "--project", "a", "--project", "b", "--json", "-v", "--yes"),
            *("--region", "eu-west-1", "--profile", "labels", "--endpoint-url", "http://127.0.0.1:1", "--limit", "3"),
        ]
    )
    assert (options.command, str(options.datasets), options.projects) == ("apply", "elsewhere", ("a", "b"))
    assert (options.region, options.profile, options.endpoint_url) == ("eu-west-1", "labels", "http://127.0.0.1:1")
    assert (options.json, options.verbose, options.yes, options.limit) == (True, True, True, 3)


def test_how_many_entries_are_shown_can_be_said() -> None:
    """The number is that of the view, a given one, or all."""
    shown = [parse(["plan", *given]) for given in ([], ["--all"], ["--limit", "0"], ["--json", "--limit", "7"])]
    assert [(one.limit, one.everything) for one in shown] == [(None, False), (None, True), (0, False), (7, False)]
