"""The command line as argparse knows it: its commands, the help of each, and the completion made from them.

The help and a wrong argument load nothing but this and `options`: options are made for the command that is typed, and a
table of the program is read where a text or an option needs it.
"""

import argparse
from collections.abc import Collection, Sequence
from typing import Final

from reconciler.cli.grammar import Help, Parser
from reconciler.cli.help import COMMANDS
from reconciler.cli.options import add_options

# Values with these names are completed to files.
_FILES: Final = {"FILE", "PATH", "PLAN", "SNAPSHOT", "PLACE", "A", "B"}


class _Version(argparse.Action):
    """Looks the version up when it is asked for: that takes longer than the help."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:  # noqa: A002 - argparse's name
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_given: object) -> None:
        """Print it and exit."""
        print(_version())
        parser.exit()


def build_parser(wanted: Collection[str] = tuple(COMMANDS)) -> tuple[Parser, dict[str, Parser]]:
    """The parser of the command line, and those of its commands by name; only the `wanted` ones have their options.

    Only a help names the others, and making them all takes longer than reading the arguments: else there are none.
    """
    parser = Parser(
        prog="reconciler",
        description="Keep Amazon Rekognition Custom Labels datasets equal to the manifests in git.",
        formatter_class=Help,
        allow_abbrev=False,
    )
    parser.add_argument("-V", "--version", action=_Version, help="show the version and exit")
    kinds = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", required=True, prog=parser.prog)
    is_help = not wanted or "help" in wanted
    commands = {name: _command(kinds, name) for name in (COMMANDS if is_help else wanted)}
    for name in wanted:
        add_options(commands[name], name)
    return parser, commands


def completion(shell: str) -> str:
    """The script that completes the command line in a shell: `bash`, `zsh` or `fish`."""
    import shtab  # noqa: PLC0415 - no other command needs it

    parser, commands = build_parser()
    for command in commands.values():
        for action in command._actions:  # noqa: SLF001 - shtab reads from the action what completes a value
            wanted = shtab.FILE if action.metavar in _FILES else shtab.DIRECTORY if action.metavar == "DIR" else None
            if wanted:
                action.complete = wanted  # type: ignore[attr-defined]  # shtab reads this attribute, argparse declares none
    return shtab.complete(parser, shell)


def _command(kinds: "argparse._SubParsersAction[Parser]", name: str) -> Parser:
    parser = kinds.add_parser(
        name,
        help=COMMANDS[name],
        description=f"{COMMANDS[name][0].upper()}{COMMANDS[name][1:]}.",
        formatter_class=Help,
        allow_abbrev=False,
    )
    parser.command = name
    return parser


def _version() -> str:
    from importlib import metadata  # noqa: PLC0415 - loads more than the parser

    try:
        return f"reconciler {metadata.version('rekognition-labels-as-code')}"
    except metadata.PackageNotFoundError:
        return "reconciler (not installed: run from its source)"
