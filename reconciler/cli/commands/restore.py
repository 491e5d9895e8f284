"""`reconciler restore`: send the entries of a snapshot.

The lines of the snapshot are the desired side, without the fields that the service added. Entries that the snapshot
does not contain are left alone. Everything else is an apply: plan, question, batches, exit codes.
"""

from functools import partial
from pathlib import Path

from reconciler.aws.arns import DatasetArn
from reconciler.cli.commands.apply import apply_planned, refuse_unseen
from reconciler.cli.commands.plan import show_plan
from reconciler.cli.screen import Screen
from reconciler.cli.session.live import LiveSide, plan_all
from reconciler.cli.session.read import Run
from reconciler.cli.signals import Signals
from reconciler.entries import compact, entry_of, parse_live
from reconciler.errors import BadInput, Exit, NotFound
from reconciler.guards import OFF
from reconciler.ledger import Ledger
from reconciler.model import Compare, DatasetDeclaration, DatasetType, DesiredEntry, Place, Policy, ProjectDeclaration
from reconciler.run import DatasetRun
from reconciler.snapshots.places import open_snapshot
from reconciler.text import inert


def restore(run: Run, screen: Screen, signals: Signals) -> Exit:
    """Read the snapshot, plan, ask, apply.

    Raises:
        BadInput: the snapshot, the connection or the arguments are wrong. Refused: by the answer of the user. NotFound:
            the dataset does not exist. ReconcilerError: it could not be planned or applied.
    """
    refuse_unseen(run)
    live = LiveSide(run, screen, signals)
    one = _target(run)
    run.datasets.append(one)
    screen.status(f"reading {inert(one.dataset.shown)}")
    _read(one, run.options.snapshot, live)
    screen.clear()
    plan_all(run, live)
    _refuse_other(one, run.options.dataset_arn)
    show_plan(run, screen)
    return apply_planned(run, screen, live, signals)


def _target(run: Run) -> DatasetRun:
    """The dataset to restore to, declared as if the snapshot were its manifest."""
    options = run.options
    if options.dataset_arn:
        arn = DatasetArn.parse(options.dataset_arn)
        name, dataset_type = arn.project, arn.dataset_type
    else:
        name, dataset_type = options.projects[0], options.dataset_type or DatasetType.TRAIN
    policy = Policy(compare=Compare.STRICT, guards=OFF)  # a restore is intended
    dataset = DatasetDeclaration(dataset_type, Path(options.snapshot), options.snapshot, policy)
    project = ProjectDeclaration(
        Path(options.snapshot).parent, options.snapshot, name, managed=False, project_arn=None, datasets=(dataset,)
    )
    return DatasetRun(project, dataset, run.resources.enter_context(Ledger()))


def _read(one: DatasetRun, address: str, live: LiveSide) -> None:
    """Read the snapshot into the ledger.

    Raises:
        BadInput: the snapshot is not found, or is not a snapshot.
    """
    with open_snapshot(address, partial(live.objects, None)) as lines:
        for number, line in enumerate(lines, start=1):
            place = Place(one.dataset.shown, number)
            try:
                document = parse_live(line)
                one.ledger.accept(DesiredEntry(entry_of(document), compact(document), place))
            except (ValueError, RecursionError) as error:
                raise BadInput(
                    f"{inert(str(place))}: not an entry as the service lists it ({inert(str(error))}); name a snapshot"
                ) from None


def _refuse_other(one: DatasetRun, dataset_arn: str | None) -> None:
    """Stop if the dataset of the ARN was deleted: a dataset that is created again has a different ARN.

    Raises:
        NotFound: the project has no dataset with this ARN.
    """
    if dataset_arn is None or one.plan is None or one.seen.arn == dataset_arn:
        return
    other = f"its project has {one.seen.arn}" if one.seen.arn else "its project has none of that type"
    raise NotFound(
        f"there is no dataset {dataset_arn}: {other}; to restore to the project's dataset, give --project "
        f"{one.project.name} --type {one.dataset.dataset_type.word}"
    )
