"""`reconciler restore`: bring a snapshot back.

The snapshot's lines are the desired side, with the fields that the service added taken out; entries that it does not
have stay. Everything else is an apply: the plan, the question, the sending, the reading back, the exit codes.
"""

from functools import partial
from pathlib import Path

from reconciler.aws.arns import DatasetArn
from reconciler.cli.commands.apply import apply_planned, refuse_unseen
from reconciler.cli.commands.plan import show_plan
from reconciler.cli.screen import Screen
from reconciler.cli.session.live import Looking, plan_all
from reconciler.cli.session.run import Run
from reconciler.cli.signals import Signals
from reconciler.entries import compact, entry_of, parse_live
from reconciler.errors import BadInput, Exit, NotFound
from reconciler.guards import OFF
from reconciler.ledger import Ledger
from reconciler.model import (
    Compare,
    DatasetDeclaration,
    DatasetType,
    DesiredEntry,
    Place,
    Policy,
    ProjectDeclaration,
)
from reconciler.run import DatasetRun
from reconciler.snapshots.places import open_snapshot
from reconciler.text import inert


def restore(run: Run, screen: Screen, looking: Looking, signals: Signals) -> Exit:
    """Read the snapshot, plan, ask, apply, read back.

    Raises:
        BadInput: the snapshot, the connection or the arguments are wrong. Refused: the user says no. NotFound: there is
        no such dataset. ReconcilerError: it could not be planned or applied.
    """
    refuse_unseen(run)
    one = _asked_for(run)
    run.datasets.append(one)
    screen.status(f"reading {inert(one.dataset.shown)}")
    _read(one, run.options.snapshot, looking)
    screen.clear()
    plan_all(run, looking)
    _refuse_other(one, run.options.dataset_arn)
    show_plan(run, screen)
    return apply_planned(run, screen, looking, signals)


def _asked_for(run: Run) -> DatasetRun:
    """The dataset that the arguments name, declared as if its manifest were the snapshot."""
    options = run.options
    if options.dataset_arn:
        arn = DatasetArn.parse(options.dataset_arn)
        name, dataset_type = arn.project, arn.dataset_type
    else:
        name, dataset_type = options.projects[0], options.dataset_type or DatasetType.TRAIN
    policy = Policy(compare=Compare.STRICT, guards=OFF)  # what is brought back is meant
    dataset = DatasetDeclaration(dataset_type, Path(options.snapshot), options.snapshot, policy)
    project = ProjectDeclaration(
        Path(options.snapshot).parent, options.snapshot, name, managed=False, project_arn=None, datasets=(dataset,)
    )
    return DatasetRun(project, dataset, run.resources.enter_context(Ledger()))


def _read(one: DatasetRun, address: str, looking: Looking) -> None:
    """Read the snapshot into the ledger.

    Raises:
        BadInput: it is not there, or is no snapshot.
    """
    with open_snapshot(address, partial(looking.objects, None)) as lines:
        for number, line in enumerate(lines, start=1):
            place = Place(one.dataset.shown, number)
            try:
                document = parse_live(line)
                one.ledger.accept(DesiredEntry(entry_of(document), compact(document), place))
            except (ValueError, RecursionError) as error:
                raise BadInput(
                    f"{inert(str(place))}: no line that the service listed ({inert(str(error))}); name a snapshot"
                ) from None


def _refuse_other(one: DatasetRun, dataset_arn: str | None) -> None:
    """An ARN names one dataset for ever; one that was made anew has another.

    Raises:
        NotFound: the dataset is gone.
    """
    if dataset_arn is None or one.plan is None or one.seen.arn == dataset_arn:
        return
    other = f"its project has {one.seen.arn}" if one.seen.arn else "its project has none of that type"
    raise NotFound(
        f"there is no dataset {dataset_arn}: {other}; to restore to what the project has, give --project "
        f"{one.project.name} --type {one.dataset.dataset_type.word}"
    )
