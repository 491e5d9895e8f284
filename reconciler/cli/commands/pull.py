"""`reconciler pull`: live into the manifests.

A dataset without a manifest gets one, which appears whole or not at all. In a manifest that is there only the chosen
entries change, by position, and what was written is read again before it takes the place of the file.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from reconciler.apply import list_live
from reconciler.cli.screen import Screen
from reconciler.cli.session.live import LiveSide
from reconciler.cli.session.read import Run, add_datasets, chosen_projects, most_severe
from reconciler.cli.signals import Signals
from reconciler.errors import BadInput, Exit, NotFound
from reconciler.git import commit_of
from reconciler.ledger import Ledger
from reconciler.ledger.rows import Row
from reconciler.manifest import Findings, read_manifest
from reconciler.manifest.edit import Edits, edited
from reconciler.manifest.write import json_line_of, yaml_manifest
from reconciler.policy import Compare
from reconciler.run import DatasetRun
from reconciler.text import counted, inert

_YAML: Final = frozenset({".yaml", ".yml"})


def pull(run: Run, screen: Screen, signals: Signals) -> Exit:
    """List every dataset of the chosen projects and write what is live into its manifest.

    Raises:
        BadInput: the declarations, manifests or arguments are wrong, or nothing says which side's entries to take.
        NotFound: a project does not exist. ServiceError: a call failed.
    """
    live = LiveSide(run, screen, signals)
    for project in chosen_projects(run.options.datasets, run.options.projects, f".{run.options.manifests}"):
        add_datasets(run, project)
    return most_severe([pulled(one, run, screen, live) for one in run.datasets])


def pulled(one: DatasetRun, run: Run, screen: Screen, live: LiveSide) -> Exit:
    """Write one dataset's manifest, and say what was written."""
    exists = one.dataset.manifest.exists()
    if exists:
        one.findings = read_manifest(one.dataset, None, one.ledger.accept, screen.show)
        one.findings.raise_if_refused()
    live.find(one)
    if one.project_arn is None:
        raise NotFound(f"there is no project {inert(one.project.name)}; fix its name, its ARN or the region")
    shown = inert(one.dataset.shown)
    if one.seen.arn is None:
        screen.line(f"{inert(one.title)}: the project has no such dataset; nothing was written")
        return Exit.DONE
    list_live(live.context(one), one.ledger, one.seen.arn, one.seen.description)
    if not exists:
        return _first(one, screen, shown)
    return _changed(one, run, screen, shown)


def _first(one: DatasetRun, screen: Screen, shown: str) -> Exit:
    """Write a manifest that is not there yet."""
    count = one.ledger.live_facts(Compare.LABELS).entries
    if not count:
        screen.line(f"{inert(one.title)}: the dataset has no entries; nothing was written")
        return Exit.DONE
    with _new_file(one.dataset.manifest, _whole(one)) as file, Ledger() as written:
        findings = _read_again(one, file, written)
    screen.line(f"{inert(one.title)}: {counted(count, 'entry', 'entries')} in {shown}")
    return _judged(findings, screen, shown)


def _whole(one: DatasetRun) -> Iterator[bytes]:
    """A manifest of all that is live."""
    if one.dataset.manifest.suffix not in _YAML:
        yield from map(json_line_of, _live(one.ledger))
        return
    for piece in yaml_manifest(lambda: _live(one.ledger), _marked(one.ledger)):
        yield piece.encode("utf-8", "surrogatepass")


def _changed(one: DatasetRun, run: Run, screen: Screen, shown: str) -> Exit:
    """Change the chosen entries of a manifest."""
    mode, ledger = one.dataset.policy.compare, one.ledger
    differing = [*ledger.differing(mode), *ledger.live_only()]
    chosen = [row for row in differing if _is_chosen(row, run)]
    if not chosen:
        state = "is unchanged" if differing else "is up to date"
        screen.line(f"{inert(one.title)}: {shown} {state}{_left(len(differing))}")
        return Exit.CHANGES if differing else Exit.DONE
    if not run.options.discard_ours:
        raise BadInput(
            f"{shown} and live differ in {counted(len(chosen), 'entry', 'entries')}, and nothing says which side is "
            "right: give --discard-ours to take live's (--only and --label choose entries), or run `reconciler apply` "
            "to make live what git says; `reconciler plan` shows the entries; nothing was written"
        )
    _refuse_dirty(one, run, shown)
    changed = {row.place.line: _text(row) for row in chosen if row.place}
    added = [text for row in chosen if not row.place and (text := _text(row)) is not None]
    edits = Edits(changed, added, _marked(ledger))
    is_yaml = one.dataset.manifest.suffix in _YAML
    with (
        one.dataset.manifest.open("rb") as handle,
        _new_file(one.dataset.manifest, edited(handle, edits, one.dataset.shown, is_yaml=is_yaml)) as file,
        Ledger() as after,
    ):
        findings = _read_again(one, file, after)
        _refuse_other_changes(one, after, chosen, shown)
    many = len(differing) - len(chosen)
    screen.line(f"{inert(one.title)}: {counted(len(chosen), 'entry', 'entries')} changed in {shown}{_left(many)}")
    return most_severe([_judged(findings, screen, shown), Exit.CHANGES if many else Exit.DONE])


def _left(many: int) -> str:
    """How many entries differ and stay as they are."""
    return f"; {counted(many, 'entry that differs was', 'entries that differ were')} not chosen" if many else ""


def _is_chosen(row: Row, run: Run) -> bool:
    """Whether the options name the entry."""
    options = run.options
    name = row.key.removeprefix("s3://").partition("/")[2]
    return (
        (not options.only or any(fnmatchcase(row.key, one) or fnmatchcase(name, one) for one in options.only))
        and (not options.labels or bool({*options.labels} & {*row.labels, *row.live_labels}))
        and (not options.labeled or not row.in_live or row.live_labelled or row.place is not None)
    )


def _text(row: Row) -> str | None:
    """The listed line that takes the place of the manifest's; None where live has none."""
    return row.live.decode("utf-8", "surrogatepass") if row.live is not None else None


def _live(ledger: Ledger) -> Iterator[str]:
    """All live lines, as listed, where the manifest has none."""
    return (text for row in ledger.live_only() if (text := _text(row)) is not None)


def _marked(ledger: Ledger) -> frozenset[str]:
    """The entries that the service marked: all of their content is compared."""
    return frozenset(entry.key for entry in ledger.marked())


def _refuse_dirty(one: DatasetRun, run: Run, shown: str) -> None:
    """A file with changes that git does not have could not be brought back."""
    commit = commit_of(one.dataset.manifest)
    if commit and commit.dirty and not run.options.allow_dirty:
        raise BadInput(f"{shown} has changes that are not committed; commit them, or give --allow-dirty")


@contextmanager
def _new_file(manifest: Path, pieces: Iterable[bytes]) -> Iterator[Path]:
    """A context manager with a new file beside the manifest, which takes its place unless the block raises."""
    mode = manifest.stat().st_mode if manifest.exists() else 0o666 & ~_umask()
    with NamedTemporaryFile(dir=manifest.parent, prefix=".", suffix=manifest.suffix, delete=False) as file:
        path = Path(file.name)
        try:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
            yield path
            path.chmod(stat.S_IMODE(mode))
            path.replace(manifest.resolve())
        finally:
            path.unlink(missing_ok=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _read_again(one: DatasetRun, file: Path, ledger: Ledger) -> Findings:
    """What a reader finds in the new file; its entries are the desired side of the ledger."""
    return read_manifest(replace(one.dataset, manifest=file), one.project.labels, ledger.accept)


def _refuse_other_changes(one: DatasetRun, after: Ledger, chosen: Sequence[Row], shown: str) -> None:
    """The new file has live's content for exactly the chosen entries, and the old one's for all others."""
    wanted = {row.key: row for row in chosen}
    kept = 0
    for row in one.ledger.desired_rows():
        content = after.digests(row.key, Compare.STRICT)[0]
        if row.key not in wanted:
            kept += 1
            if content != one.ledger.digests(row.key, Compare.STRICT)[0]:
                raise BadInput(f"{shown}: the entry {inert(row.key)} would change too; edit the file by hand")
    for key, row in wanted.items():
        meaning = after.digests(key, Compare.LABELS)[0]
        if meaning != (one.ledger.digests(key, Compare.LABELS)[1] if row.in_live else None):
            raise BadInput(f"{shown}: the entry {inert(key)} could not be written; edit the file by hand")
    expected = kept + sum(row.in_live for row in chosen)
    if after.desired_facts(Compare.LABELS).entries != expected:
        raise BadInput(f"{shown}: other entries would change too; edit the file by hand")


def _judged(findings: Findings, screen: Screen, shown: str) -> Exit:
    """Say what the next run would refuse in what was written."""
    for finding in findings.errors:
        screen.remark(f"warning: {inert(finding.message)}; {inert(finding.cure)}", "warning")
    if findings.errors:
        screen.remark(f"{shown} needs {counted(findings.error_count, 'edit', 'edits')}: `reconciler validate`", "bad")
    return Exit.BAD_INPUT if findings.errors else Exit.DONE
