"""One run of the command: arguments, the command, and an exit code and a sentence for every way out."""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from reconciler.cli.arguments import parse, wants_json
from reconciler.cli.options import Options
from reconciler.cli.screen import Screen, Style
from reconciler.cli.session.run import Run
from reconciler.cli.signals import Signals
from reconciler.errors import Exit, InvalidDeclaration, ReconcilerError
from reconciler.shell.faults import USER_CAUSED, sentence, unexpected
from reconciler.text import counted, inert
from reconciler.views.words import finding_line


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: the process's) and give its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    screen = Screen(sys.stdout, sys.stderr, os.environ, quiet=wants_json(arguments))
    try:
        options = parse(arguments, screen.document)
    except SystemExit:  # help, version or completion is written
        return _ended(screen, Exit.DONE)
    except ReconcilerError as error:
        return _misunderstood(screen, arguments, error)
    screen.is_quiet = screen.is_quiet or options.asked.takes_standard_output
    with ExitStack() as resources:
        run = Run(options, resources)
        code, problem = _conducted(run, screen)
        return _reported(screen, run, code, problem)


def _conducted(run: Run, screen: Screen) -> tuple[Exit, ReconcilerError | None]:
    """The exit code of the command, and why it is not that of success; views are written however it ended."""
    with Signals(screen.shout) as signals:
        code, error = _tried(lambda: _command(run, screen, signals), run, screen, signals)
        if not run.options.asked.files or run.options.command == "convert":
            return code, error
        failed, fault = _tried(lambda: _delivered(run, screen, code, error), run, screen, signals)
        if fault and not error:
            return failed, fault
        if fault:
            screen.remark(f"error: {inert(str(fault), 4000)}", Style.BAD)
    return code, error


def _tried(
    action: Callable[[], Exit], run: Run, screen: Screen, signals: Signals
) -> tuple[Exit, ReconcilerError | None]:
    """The exit code of an action, and a sentence for whatever it raised."""
    error: ReconcilerError
    try:
        return action(), None
    except KeyboardInterrupt:
        error = signals.interrupted(_left(run))
    except USER_CAUSED as problem:
        error = sentence(problem)
    except Exception as problem:  # noqa: BLE001 - the last door: a person gets a sentence whatever happened
        error = _unforeseen(problem, run.options, screen)
    return error.exit_code, error


def _delivered(run: Run, screen: Screen, code: Exit, error: ReconcilerError | None) -> Exit:
    from reconciler.cli.show import deliver  # noqa: PLC0415 - few runs need it, every run would load it

    deliver(run, screen, code, error)
    return code


def _command(run: Run, screen: Screen, signals: Signals) -> Exit:
    """Run the command. Only those that need AWS load boto3, which takes most of the start."""
    if run.options.command == "validate":
        from reconciler.cli.commands.validate import validate  # noqa: PLC0415 - see above

        return validate(run, screen)
    if run.options.command in {"report", "diff", "convert"}:
        return _without_account(run, screen)
    from reconciler.aws.clock import SystemClock  # noqa: PLC0415 - see above
    from reconciler.cli.session.live import Looking  # noqa: PLC0415 - see above

    looking = Looking(run, screen, signals, SystemClock())
    run.objects = looking.objects
    if run.options.command == "plan":
        from reconciler.cli.commands.plan import plan  # noqa: PLC0415 - see above

        return plan(run, screen, looking)
    if run.options.command == "restore":
        from reconciler.cli.commands.restore import restore  # noqa: PLC0415 - see above

        return restore(run, screen, looking, signals)
    from reconciler.cli.commands.apply import apply  # noqa: PLC0415 - see above

    return apply(run, screen, looking, signals)


def _without_account(run: Run, screen: Screen) -> Exit:
    """Run a command that works on what it is given."""
    if run.options.command == "report":
        from reconciler.cli.commands.report import report  # noqa: PLC0415 - see `_command`

        return report(run)
    if run.options.command == "diff":
        from reconciler.cli.commands.diff import diff  # noqa: PLC0415 - see `_command`

        return diff(run, screen)
    from reconciler.cli.commands.convert import convert  # noqa: PLC0415 - see `_command`

    return convert(run, screen)


def _left(run: Run) -> str:
    """What leaving at once means at this point."""
    if run.options.command in {"apply", "restore"} and any(one.outcome or one.failure for one in run.datasets):
        return "left at once; a batch that was sent goes on at AWS, `reconciler plan` shows what is live"
    return "interrupted; nothing was sent"


def _unforeseen(problem: Exception, options: Options, screen: Screen) -> ReconcilerError:
    if options.verbose:
        for line in "".join(traceback.format_exception(problem)).splitlines():
            screen.remark(inert(line, 1000))
    return unexpected(problem)


def _misunderstood(screen: Screen, arguments: Sequence[str], error: ReconcilerError) -> int:
    """The way out for arguments that are wrong, with a document where they ask for one."""
    _show_error(screen, error)
    if screen.is_quiet:
        from reconciler.cli.show import misunderstood  # noqa: PLC0415 - see `_delivered`

        screen.document(misunderstood(arguments, error))
    return _ended(screen, error.exit_code)


def _reported(screen: Screen, run: Run, code: Exit, error: ReconcilerError | None) -> int:
    """Show the error and, where it was asked for, the document."""
    _show_error(screen, error)
    if run.options.json:
        from reconciler.cli.show import document  # noqa: PLC0415 - see `_delivered`

        screen.document(document(run, code, error))
    return _ended(screen, code)


def _show_error(screen: Screen, error: ReconcilerError | None) -> None:
    if isinstance(error, InvalidDeclaration):
        _show_declarations(screen, error)
    elif error:
        screen.remark(f"error: {inert(str(error), 4000)}", Style.BAD)


def _show_declarations(screen: Screen, error: InvalidDeclaration) -> None:
    for finding in error.findings:
        screen.line(finding_line(finding), Style.BAD)
    rest = error.total - len(error.findings)
    more = f" ({rest:,} not shown)" if rest else ""
    errors = counted(error.total, "error", "errors")
    screen.remark(f"error: {errors} in the declarations{more}; no manifest was read", Style.BAD)


def _ended(screen: Screen, code: Exit) -> int:
    screen.flush()
    if screen.fault is None:
        return int(code)
    screen.remark(f"error: the output could not be written: {inert(screen.fault.strerror or '')}", Style.BAD)
    return int(code or Exit.FAILED)
