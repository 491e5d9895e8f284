"""`reconciler restore`: send the entries of a snapshot, or the lines that an apply overwrote.

These lines are the desired side, without the fields that the service added. Other entries are left alone. Everything
else is an apply: plan, question, batches, exit codes.

Of an apply, only entries are sent whose live line still is what it sent: somebody may have edited the others since.
"""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from reconciler.aws.arns import DatasetArn, ProjectArn
from reconciler.aws.objects import is_s3
from reconciler.cli.chosen import names_record
from reconciler.cli.commands.apply import apply_planned, refuse_unseen
from reconciler.cli.commands.plan import refuse_unplanned, show_plan
from reconciler.cli.screen import Screen
from reconciler.cli.session.live import LiveSide, plan_all
from reconciler.cli.session.read import Run
from reconciler.cli.signals import Signals
from reconciler.entries import compact, entry_of, parse_live
from reconciler.errors import BadInput, Exit, NotFound, ReconcilerError
from reconciler.guards import OFF
from reconciler.ledger import Ledger
from reconciler.manifest import load_projects
from reconciler.model import DatasetDeclaration, DatasetType, DesiredEntry, Place, ProjectDeclaration
from reconciler.policy import Compare, Policy, Theirs
from reconciler.records.stored import Record
from reconciler.run import DatasetRun
from reconciler.snapshots.places import open_snapshot
from reconciler.snapshots.snapshot import sent_beside, stored_beside
from reconciler.text import counted, inert, path_for_shell

# How many of the entries that are left out are named; all with --verbose.
_NAMED: Final = 20


def restore(run: Run, screen: Screen, signals: Signals) -> Exit:
    """Read the lines, plan, ask, apply.

    Raises:
        BadInput: the snapshot, the record, the connection or the arguments are wrong. Refused: by the answer of the
            user. NotFound: the dataset does not exist. ReconcilerError: it could not be planned or applied.
    """
    options = run.options
    live = LiveSide(run, screen, signals)
    screen.status(f"reading {inert(options.snapshot)}")
    record = live.record(options.snapshot) if names_record(options.snapshot) else None
    if not options.dry_run:
        refuse_unseen(run)
    one = _recorded_target(run, record) if record else _target(run)
    run.datasets.append(one)
    places = _places(record, live) if record else [options.snapshot]
    for place in places:
        _read(one, one.ledger, place, live)
    screen.clear()
    plan_all(run, live)
    _refuse_other(one, record["dataset_arn"] if record else options.dataset_arn)
    edited: list[str] = []
    if record and one.plan and not options.force and (edited := _edited_since(one, places, live)):
        _name(edited, run, screen)
        one.ledger.drop(edited)
        plan_all(run, live)
        many = counted(len(edited), "entry was edited", "entries were edited")
        left = f"{many} after that apply and left out; --force restores such entries too"
        one.remark = "; ".join(filter(None, [one.remark, left]))
    show_plan(run, screen)
    if options.dry_run:
        refuse_unplanned(run)
    else:
        apply_planned(run, screen, live, signals)
    if record:
        _show_way_back(record, places, screen, left_out=len(edited))
    return Exit.DONE


def _target(run: Run) -> DatasetRun:
    """The dataset to restore to, declared as if the snapshot were its manifest."""
    options = run.options
    if options.dataset_arn:
        arn = DatasetArn.parse(options.dataset_arn)
        return _declared(run, arn.project, arn.dataset_type, role=_role(run, arn.project))
    name = options.projects[0]
    return _declared(run, name, options.dataset_type or DatasetType.TRAIN, role=_role(run, name))


def _role(run: Run, name: str) -> str:
    """The role that a project of the folder of datasets names; empty where it is not declared, or names none.

    Raises:
        InvalidDeclaration: a project.yaml is invalid. BadInput: two declarations of the project have different roles.
    """
    datasets = run.options.datasets
    declared = load_projects(datasets, str(datasets)) if datasets.is_dir() else ()
    roles = {run.stage.assume_role or one.assume_role for one in declared if one.name == name}
    if len(roles) > 1:
        raise BadInput(
            f"{inert(name)} is declared with different roles; restore by the id of a record, which has its role"
        )
    return next(iter(roles), run.stage.assume_role)


def _recorded_target(run: Run, record: Record) -> DatasetRun:
    """The dataset of a record.

    Raises:
        BadInput: its apply found no dataset, or overwrote nothing.
    """
    if not (record["project_arn"] and record["dataset_arn"] and record.get("overwritten")):
        raise BadInput(f"the {record['action']} with the record {record['id']} overwrote nothing; nothing is restored")
    arn = ProjectArn.parse(record["project_arn"])
    kind, role = DatasetType(record["type"].upper()), record.get("role") or ""
    return _declared(run, arn.name, kind, record["project_arn"], role)


def _declared(run: Run, name: str, kind: DatasetType, arn: str | None = None, role: str = "") -> DatasetRun:
    shown = run.options.snapshot
    policy = Policy(compare=Compare.STRICT, guards=OFF, theirs=Theirs.OVERWRITE)  # a restore is intended
    dataset = DatasetDeclaration(kind, Path(shown), shown, policy)
    folder = Path(shown).parent
    project = ProjectDeclaration(
        folder, shown, name, managed=False, project_arn=arn, datasets=(dataset,), assume_role=role
    )
    one = DatasetRun(project, dataset, run.resources.enter_context(Ledger()), rate=run.options.rate)
    one.ledger.is_part = True
    return one


def _places(record: Record, live: LiveSide) -> list[str]:
    """Where the lines are; a relative path is from the folder that has `.reconciler`."""
    return [place if is_s3(place) else str(live.folder.parent / place) for place in record["overwritten"]]


def _read(one: DatasetRun, ledger: Ledger, address: str, live: LiveSide) -> None:
    """Read a copy of a dataset into a ledger; of a key that appears twice, the first line counts.

    Raises:
        BadInput: it is not found, or is not a snapshot.
    """
    with open_snapshot(address, partial(live.objects_of, one.project)) as lines:
        for number, line in enumerate(lines, start=1):
            place = Place(address, number)
            try:
                document = parse_live(line)
                ledger.accept(DesiredEntry(entry_of(document), compact(document), place))
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
        f"there is no dataset {dataset_arn}: {other}; to restore to the project's dataset, give the file and --project "
        f"{one.project.name} --type {one.dataset.dataset_type.word}"
    )


def _edited_since(one: DatasetRun, places: list[str], live: LiveSide) -> list[str]:
    """The keys whose live lines were edited since the apply."""
    with Ledger() as sent:
        for place in places:
            _read(one, sent, sent_beside(place), live)
        with Ledger() as stored:
            for place in reversed(places):
                with suppress(ReconcilerError):  # there need not be any
                    _read(one, stored, stored_beside(place), live)
            return list(_edited(one.ledger, sent, stored))


def _name(edited: list[str], run: Run, screen: Screen) -> None:
    """Name the entries that are left out."""
    named = edited if run.options.verbose else edited[:_NAMED]
    for key in named:
        screen.remark(f"left out: {inert(key, 600)}: its live line is not the one that the apply sent")
    if len(named) < len(edited):
        screen.remark(f"and {len(edited) - len(named):,} more; --verbose names them")


def _edited(before: Ledger, sent: Ledger, stored: Ledger) -> Iterator[str]:
    """The keys whose live line is neither what was sent, nor what the service made of that, nor what was there before.

    All fields count: an edit of a field beside the labels is somebody's work, too.
    """
    for key in (row.key for row in before.desired_rows()):
        old, now = before.digests(key, Compare.STRICT)
        ours = {old, *(side.digests(key, Compare.STRICT)[0] for side in (sent, stored))}
        if now is None or now not in ours:
            yield key


# The most characters of an argument in a line of its own.
_COMMAND: Final = 4000


def _show_way_back(record: Record, places: list[str], screen: Screen, *, left_out: int) -> None:
    """How to get the same lines into the manifest, because the next apply sends what is there."""
    declared = record["manifest"] if record["action"] == "apply" else None
    manifest = (declared or {}).get("path") or "the manifest"
    screen.line()
    screen.line(f"The next apply sends what {inert(manifest)} has. To keep the restored lines, put them there:")
    for place in places:
        copy = path_for_shell(place, "COPY", _COMMAND)
        fetch = f"aws s3 cp {copy} - | zcat" if is_s3(place) else f"zcat {copy}"
        into = f" >> {path_for_shell(manifest, 'MANIFEST', _COMMAND)}" if str(manifest).endswith(".jsonl") else ""
        screen.line(f"  {fetch}{into}")
    screen.line("and remove the older lines of these images there; `reconciler validate` names them.")
    if left_out:
        many = counted(left_out, "entry that was", "entries that were")
        screen.line(
            f"The copy has the lines of the {many} left out, too: do not put those into the manifest.", "warning"
        )
