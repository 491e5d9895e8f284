"""`reconciler history`: what was applied to a dataset, when, by whom, from which commit, with which overrides."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from reconciler.cli.screen import Screen
from reconciler.cli.session.live import LiveSide
from reconciler.cli.session.read import Run, chosen_projects
from reconciler.cli.signals import Signals
from reconciler.errors import Exit
from reconciler.records.stored import Record
from reconciler.review.model import Applied, Review
from reconciler.text import figures, inert
from reconciler.views.terminal.tables import Role

# How many are shown without --limit; all with --all.
_SHOWN: Final = 20
_ALL: Final = 10**9
_COMMIT: Final = 12
_ROLES: Final[Mapping[str, Role]] = {"done": "add", "refused": "warning", "killed": "bad", "failed": "bad"}


def history(run: Run, screen: Screen, signals: Signals) -> Exit:
    """Show the records of the chosen projects, the newest first. Nothing is asked of Rekognition.

    Raises:
        BadInput: the place of records is not valid; a project is neither declared nor in a record.
    """
    options = run.options
    kind = options.dataset_type.word if options.dataset_type else None

    def wanted(record: Record) -> bool:
        chosen = not options.projects or record["project"] in options.projects
        return chosen and kind in {None, record["type"]}

    limit = _ALL if options.everything else options.limit or _SHOWN
    found = LiveSide(run, screen, signals).records().newest_first(wanted, limit + 1)
    if unknown := [name for name in options.projects if all(name != record["project"] for record in found)]:
        chosen_projects(options.datasets, unknown)
    applies = tuple(map(_applied, found[:limit]))
    run.review = Review(command="history", applies=applies)
    for one in applies:
        screen.line(_headline(one), _ROLES.get(one.outcome, "plain"))
        for line in _details(one):
            screen.line(f"  {line}", "dim")
    if not applies:
        screen.line("no record of an apply is at hand; give --audit where records are kept, and --datasets as then")
    elif len(found) > limit:
        screen.line(f"... and older ones; --limit N or --all shows more than {limit}")
    return Exit.DONE


def _applied(record: Record) -> Applied:
    """A record as it is shown; members of a different form are left out."""
    manifest, result = _members(record, "manifest"), _members(record, "result")
    job = _members(_members(record, "who"), "ci")
    listed = record.get("overrides")
    overrides = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return Applied(
        id=record["id"],
        at=f"{record['at'][:19].replace('T', ' ')} UTC",
        action=record["action"],
        project=record["project"],
        type=record["type"],
        outcome=_text(record, "outcome"),
        message=_text(record, "message"),
        by=_by(_members(record, "who"), job),
        run=_text(job, "run"),
        resource=_text(record, "resource"),
        commit=_text(manifest, "commit"),
        dirty=manifest.get("dirty") is True,
        **{name: _count(result, name) for name in ("add", "update", "unlabel", "rejected")},
        overrides={_text(one, "guard"): _text(one, "reason") for one in overrides},
        snapshots=tuple(record["snapshots"]),
        overwritten=bool(record.get("overwritten")),
    )


def _by(who: Mapping[str, Any], job: Mapping[str, Any]) -> str:
    """The actor of a pipeline, else the user and the machine."""
    user = _text(job, "actor") or _text(who, "user")
    host = "" if job else _text(who, "host")
    return " on ".join(filter(None, (user, host)))


def _members(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    return inert(value) if isinstance(value, str) else ""


def _count(record: Mapping[str, Any], name: str) -> int:
    value = record.get(name)
    return value if isinstance(value, int) else 0


def _headline(one: Applied) -> str:
    words = ((one.add, "added"), (one.update, "updated"), (one.unlabel, "unlabelled"), (one.rejected, "rejected"))
    did = f" ({figures(words)})" if figures(words) else ""
    return f"{one.at}  {one.project} {one.type}  {one.action} {one.outcome}{did}"


def _details(one: Applied) -> Iterator[str]:
    dirty = " with changes that were not committed" if one.dirty else ""
    commit = f"from commit {one.commit[:_COMMIT]}{dirty}" if one.commit else ""
    if by := ", ".join(filter(None, (f"by {one.by}" if one.by else "", commit))):
        yield by
    yield from (line for line in (one.run, one.resource, one.message) if line)
    for guard, reason in one.overrides.items():
        yield f"guard {guard} overridden: {reason}"
    yield from (f"the dataset's entries are kept in {inert(place)}" for place in one.snapshots)
    restore = f"; `reconciler restore {one.id}` brings back the lines that it overwrote" if one.overwritten else ""
    yield f"record {one.id}{restore}"
