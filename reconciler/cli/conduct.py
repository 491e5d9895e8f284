"""Carrying a command out: its exit code, its error as a sentence, and its JSON document."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from importlib import import_module

from reconciler.cli.chosen import Options
from reconciler.cli.screen import Screen
from reconciler.cli.session.read import Run
from reconciler.cli.signals import STOPPED_AT_ONCE, Signals
from reconciler.errors import USER_CAUSED, Exit, ReconcilerError, unexpected, with_cure
from reconciler.text import inert


def conducted(options: Options, screen: Screen) -> tuple[Exit, ReconcilerError | None, Iterable[str]]:
    """The exit code of a command, its error if any, and the pieces of its document if the options ask for JSON."""
    with ExitStack() as resources:
        run = Run(options, resources)
        code, error = _carried_out(run, screen)
        if not options.json:
            return code, error, ()
        from reconciler.cli.show import document  # noqa: PLC0415 - few runs need it, every run would load it

        return code, error, document(run, code, error)


def _carried_out(run: Run, screen: Screen) -> tuple[Exit, ReconcilerError | None]:
    """The exit code of the command and its error, if any; views are written even if it failed."""
    with Signals(screen.shout) as signals:
        code, error = _tried(lambda: _command(run, screen, signals), run, screen, signals)
        if not run.options.files or run.options.command == "convert":
            return code, error
        from reconciler.cli.show import deliver  # noqa: PLC0415 - see `conducted`

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
            import traceback  # noqa: PLC0415 - a bug is rare

            for line in "".join(traceback.format_exception(problem)).splitlines():
                screen.remark(inert(line, 1000))
        error = unexpected(problem)
    return error.exit_code, error


def _command(run: Run, screen: Screen, signals: Signals) -> Exit:
    """Run the function named after the command. Only commands that need AWS load boto3, most of the start-up time."""
    name = run.options.command.replace("-", "_")
    if run.options.stage:
        from reconciler.cli.session.stage import enter  # noqa: PLC0415 - few runs need it, every run would load it

        enter(run)
    code: Exit = getattr(import_module(f"reconciler.cli.commands.{name}"), name)(run, screen, signals)
    return code


def _left(run: Run) -> str:
    """What an interrupt means at this point of the run."""
    if run.options.command in {"apply", "restore"} and any(one.outcome or one.failure for one in run.datasets):
        return f"{STOPPED_AT_ONCE}: `reconciler plan` shows what is live"
    return "interrupted; nothing was sent"
