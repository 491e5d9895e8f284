"""One run of the command: arguments, the command, and an exit code and a sentence for every way out.

Knows which exceptions become which exit codes. Refuses to know what the commands do.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import ExitStack

from reconciler.cli.arguments import Options, parse, wants_json
from reconciler.cli.colours import Style
from reconciler.cli.failures import USER_CAUSED, sentence, unexpected
from reconciler.cli.record import Run
from reconciler.cli.signals import Signals
from reconciler.cli.terminal import Screen
from reconciler.errors import Exit, InvalidDeclaration, ReconcilerError
from reconciler.inert import inert
from reconciler.report.json import RunReport, document, encode
from reconciler.report.text import finding_line

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: the process's) and give its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    screen = Screen(sys.stdout, sys.stderr, os.environ, quiet=wants_json(arguments))
    try:
        options = parse(arguments)
    except SystemExit:  # --help and --version have printed
        return _ended(screen, Exit.DONE)
    except ReconcilerError as error:
        return _reported(screen, RunReport(None, error.exit_code, error=error))
    with ExitStack() as resources:
        run = Run(options, resources)
        code, problem = _conducted(run, screen)
        return _reported(screen, run.report(code, problem))


def _conducted(run: Run, screen: Screen) -> tuple[Exit, ReconcilerError | None]:
    """The exit code of the command, and why it is not that of success."""
    error: ReconcilerError
    with Signals(screen.shout) as signals:
        try:
            return _command(run, screen, signals), None
        except KeyboardInterrupt:
            error = signals.interrupted(_left(run))
        except USER_CAUSED as problem:
            error = sentence(problem)
        except Exception as problem:  # noqa: BLE001 - the last door: a person gets a sentence whatever happened
            error = _unforeseen(problem, run.options, screen)
    return error.exit_code, error


def _command(run: Run, screen: Screen, signals: Signals) -> Exit:
    """Run the command. Only those that need AWS load boto3, which takes most of the start."""
    if run.options.command == "validate":
        from reconciler.cli.validate import validate  # noqa: PLC0415 - see above

        return validate(run, screen)
    from reconciler.aws.clock import SystemClock  # noqa: PLC0415 - see above
    from reconciler.cli.looking import Looking  # noqa: PLC0415 - see above

    looking = Looking(run, screen, signals, SystemClock())
    if run.options.command == "plan":
        from reconciler.cli.plan import plan  # noqa: PLC0415 - see above

        return plan(run, screen, looking)
    if run.options.command == "restore":
        from reconciler.cli.restore import restore  # noqa: PLC0415 - see above

        return restore(run, screen, looking, signals)
    from reconciler.cli.apply import apply  # noqa: PLC0415 - see above

    return apply(run, screen, looking, signals)


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


def _reported(screen: Screen, report: RunReport) -> int:
    """Show the error and, where it was asked for, the document."""
    error = report.error
    if isinstance(error, InvalidDeclaration):
        _show_declarations(screen, error)
    elif error:
        screen.remark(f"error: {inert(str(error), 4000)}", Style.BAD)
    if screen.is_quiet:
        screen.document(encode(document(report)))
    return _ended(screen, report.exit_code)


def _show_declarations(screen: Screen, error: InvalidDeclaration) -> None:
    for finding in error.findings:
        screen.line(finding_line(finding), Style.BAD)
    rest = error.total - len(error.findings)
    more = f" ({rest:,} not shown)" if rest else ""
    screen.remark(f"error: {error.total:,} in project.yaml files{more}; no manifest was read", Style.BAD)


def _ended(screen: Screen, code: Exit) -> int:
    screen.flush()
    if screen.fault is None:
        return int(code)
    screen.remark(f"error: the output could not be written: {inert(screen.fault.strerror or '')}", Style.BAD)
    return int(code or Exit.FAILED)
