"""One run of the command: from its arguments to its exit code, with a sentence for every failure.

The help and wrong arguments end here, before anything of the run itself is loaded.
"""

import os
import sys
from collections.abc import Iterable, Sequence

from reconciler.cli.arguments import asks_for_json, parse
from reconciler.cli.options import STANDARD_OUTPUT
from reconciler.cli.screen import Screen
from reconciler.errors import Exit, InvalidDeclaration, ReconcilerError, Refused
from reconciler.text import counted, inert


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: the process's) and give its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    screen = Screen(sys.stdout, sys.stderr, os.environ, quiet=asks_for_json(arguments))
    try:
        options = parse(arguments, screen.document)
    except SystemExit:  # the help, the version or a completion script is written
        return _ended(screen, Exit.DONE)
    except ReconcilerError as error:
        if not screen.is_quiet:
            return _reported(screen, error, error.exit_code)
        from reconciler.cli.show import misunderstood  # noqa: PLC0415 - see above

        return _reported(screen, error, error.exit_code, misunderstood(arguments, error))
    screen.is_quiet = screen.is_quiet or STANDARD_OUTPUT in {*options.files.values(), options.patch}
    for warning in options.warnings:
        screen.remark(f"warning: {warning}", "warning")
    from reconciler.cli.conduct import conducted  # noqa: PLC0415 - see above

    code, problem, document = conducted(options, screen)
    return _reported(screen, problem, code, document)


def _reported(screen: Screen, error: ReconcilerError | None, code: Exit, document: Iterable[str] = ()) -> int:
    """Show the error and, if the options ask for it, the JSON document."""
    _show_error(screen, error)
    screen.document(document)
    return _ended(screen, code)


def _show_error(screen: Screen, error: ReconcilerError | None) -> None:
    if error is None:
        return
    message = inert(str(error), 4000)
    if isinstance(error, InvalidDeclaration):
        from reconciler.views.words import finding_lines  # noqa: PLC0415 - see above

        for finding in error.findings:
            line, cure = finding_lines(finding)
            screen.line(line, "bad")
            screen.line(f"  {cure}", "dim")
        rest = error.total - len(error.findings)
        more = f" ({rest:,} not shown)" if rest else ""
        where = inert(error.manifest) or "the declarations"
        end = "nothing was written" if error.manifest else "no manifest was read"
        message = f"{counted(error.total, 'error', 'errors')} in {where}{more}; {end}"
    elif isinstance(error, Refused):  # a line for each refusal, and each command to paste on a line of its own
        message = "\n".join(inert(line, 4000) for line in str(error).split("\n"))
    screen.remark(f"error: {message}", "bad")


def _ended(screen: Screen, code: Exit) -> int:
    screen.flush()
    if screen.fault is None:
        return int(code)
    screen.remark(f"error: the output could not be written: {inert(screen.fault.strerror or '')}", "bad")
    return int(code or Exit.FAILED)
