"""One run of the command: from its arguments to its exit code, with a sentence for every failure."""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib import import_module

from reconciler.cli.arguments import asks_for_json, parse
from reconciler.cli.parser import STANDARD_OUTPUT
from reconciler.cli.screen import Screen
from reconciler.cli.session.read import Run
from reconciler.cli.signals import STOPPED_AT_ONCE, Signals
from reconciler.errors import USER_CAUSED, Exit, InvalidDeclaration, ReconcilerError, Refused, unexpected, with_cure
from reconciler.text import counted, inert
from reconciler.views.words import finding_lines


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
        from reconciler.cli.show import misunderstood  # noqa: PLC0415 - see `_conducted`

        return _reported(screen, error, error.exit_code, misunderstood(arguments, error))
    screen.is_quiet = screen.is_quiet or STANDARD_OUTPUT in options.files.values()
    for warning in options.warnings:
        screen.remark(f"warning: {warning}", "warning")
    with ExitStack() as resources:
        run = Run(options, resources)
        code, problem = _conducted(run, screen)
        if not options.json:
            return _reported(screen, problem, code)
        from reconciler.cli.show import document  # noqa: PLC0415 - see `_conducted`

        return _reported(screen, problem, code, document(run, code, problem))


def _conducted(run: Run, screen: Screen) -> tuple[Exit, ReconcilerError | None]:
    """The exit code of the command and its error, if any; views are written even if it failed."""
    with Signals(screen.shout) as signals:
        code, error = _tried(lambda: _command(run, screen, signals), run, screen, signals)
        if not run.options.files or run.options.command == "convert":
            return code, error
        from reconciler.cli.show import deliver  # noqa: PLC0415 - few runs need it, every run would load it

        failed, fault = _tried(lambda: deliver(run, screen, code, error), run, screen, signals)
        if fault and not error:
            return failed, fault
        if fault:
            screen.remark(f"error: {inert(str(fault), 4000)}", "bad")
    return code, error


def _tried(
    action: Callable[[], Exit], run: Run, screen: Screen, signals: Signals
) -> tuple[Exit, ReconcilerError | None]:
    """The exit code of an action, and its error as a sentence."""
    error: ReconcilerError
    try:
        return action(), None
    except KeyboardInterrupt:
        error = signals.interrupted(_left(run))
    except USER_CAUSED as problem:
        error = with_cure(problem)
    except Exception as problem:  # noqa: BLE001 - the last handler: a user never sees a traceback
        if run.options.verbose:
            for line in "".join(traceback.format_exception(problem)).splitlines():
                screen.remark(inert(line, 1000))
        error = unexpected(problem)
    return error.exit_code, error


def _command(run: Run, screen: Screen, signals: Signals) -> Exit:
    """Run the function named after the command. Only commands that need AWS load boto3, most of the start-up time."""
    name = run.options.command
    code: Exit = getattr(import_module(f"reconciler.cli.commands.{name}"), name)(run, screen, signals)
    return code


def _left(run: Run) -> str:
    """What an interrupt means at this point of the run."""
    if run.options.command in {"apply", "restore"} and any(one.outcome or one.failure for one in run.datasets):
        return f"{STOPPED_AT_ONCE}: `reconciler plan` shows what is live"
    return "interrupted; nothing was sent"


def _reported(screen: Screen, error: ReconcilerError | None, code: Exit, document: str = "") -> int:
    """Show the error and, if the options ask for it, the JSON document."""
    _show_error(screen, error)
    screen.document(document)
    return _ended(screen, code)


def _show_error(screen: Screen, error: ReconcilerError | None) -> None:
    if error is None:
        return
    message = inert(str(error), 4000)
    if isinstance(error, InvalidDeclaration):
        for finding in error.findings:
            line, cure = finding_lines(finding)
            screen.line(line, "bad")
            screen.line(f"  {cure}", "dim")
        rest = error.total - len(error.findings)
        more = f" ({rest:,} not shown)" if rest else ""
        message = f"{counted(error.total, 'error', 'errors')} in the declarations{more}; no manifest was read"
    elif isinstance(error, Refused):  # a line for each refusal, and each command to paste on a line of its own
        message = "\n".join(inert(line, 4000) for line in str(error).split("\n"))
    screen.remark(f"error: {message}", "bad")


def _ended(screen: Screen, code: Exit) -> int:
    screen.flush()
    if screen.fault is None:
        return int(code)
    screen.remark(f"error: the output could not be written: {inert(screen.fault.strerror or '')}", "bad")
    return int(code or Exit.FAILED)
