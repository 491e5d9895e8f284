"""What the user typed, read by argparse; `chosen` makes `Options` of it.

A wrong argument is reported in one sentence with "did you mean", never as a usage dump.
"""

from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from io import StringIO
from itertools import pairwise
from typing import TYPE_CHECKING

from reconciler.cli.grammar import Parser
from reconciler.cli.help import COMMANDS
from reconciler.cli.parser import build_parser, completion
from reconciler.errors import BadInput
from reconciler.text import did_you_mean, inert

if TYPE_CHECKING:
    from reconciler.cli.chosen import Options


def parse(arguments: Sequence[str], show: Callable[[str], object] = print) -> "Options":
    """The options in the arguments; exits (SystemExit 0) after `show` received the help or the completion script.

    Raises:
        BadInput: an argument is wrong.
    """
    arguments = arguments or ["help"]
    _check_command(arguments[0])
    topics = arguments[:2] if arguments[0] == "help" else arguments[:1]
    parser, commands = build_parser(COMMANDS.keys() & set(topics))
    printed = StringIO()
    try:
        with redirect_stdout(printed):
            given, rest = parser.parse_known_args(arguments)
    except SystemExit:  # argparse ignores that it cannot write
        show(printed.getvalue())
        raise
    if rest:
        raise BadInput(_unknown(rest[0], commands[given.command]))
    if given.command in {"completion", "help"}:
        topic = commands[given.topic] if given.command == "help" and given.topic else parser
        show(completion(given.shell) if given.command == "completion" else topic.format_help())
        parser.exit()
    from reconciler.cli.chosen import options_of  # noqa: PLC0415 - a wrong argument does not need it

    return options_of(given)


def asks_for_json(arguments: Sequence[str]) -> bool:
    """Whether the arguments ask for JSON on standard output, also where the rest of them is wrong."""
    return "--json" in arguments or "--format=json" in arguments or ("--format", "json") in pairwise(arguments)


def _check_command(first: str) -> None:
    """Checked before argparse, whose own sentence about options before the command names the wrong cause."""
    if first in COMMANDS or first in {"-h", "--help", "-V", "--version"}:
        return
    if first.startswith("-"):
        raise BadInput(f"the command comes first, then its options: `reconciler plan {inert(first)}`")
    known = ", ".join(COMMANDS)
    raise BadInput(f"there is no command {inert(first)!r}{did_you_mean(first, COMMANDS)}; there are: {known}")


def _unknown(word: str, parser: Parser) -> str:
    """What is wrong with an argument that no option and no position takes."""
    if not word.startswith("-"):
        return f"{inert(word)!r} is one argument too many; see `{parser.prog} --help`"
    options = [option for option in parser._option_string_actions if option.startswith("--")]  # noqa: SLF001 - no public list
    name = word.partition("=")[0]
    return f"there is no option {inert(name)}{did_you_mean(name, options)}; see `{parser.prog} --help`"
