"""What is live: find a project's dataset, list its entries, and plan against them.

The service lists page by page without a snapshot, its tokens expire, and reads may be stale for a while after an
update. So a listing counts only when LastUpdatedTimestamp is the same before and after it, and a listing that disagrees
with the dataset's own statistics is made once more.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Final

from msgspec.structs import replace

from reconciler.apply.context import Context, Target
from reconciler.entries import entry_of, labelled_key, parse_live
from reconciler.errors import InUse, Moved, NotFound, ServiceError
from reconciler.guards import Asked, Labels
from reconciler.ledger import LIVE, Ledger, Statistics, copied_live, fill_copied, fill_live
from reconciler.model import DatasetDescription, DatasetStatus, DatasetType, Observation, Project
from reconciler.plan import Plan, Request, Sibling, plan
from reconciler.plan.leakage import nothing
from reconciler.policy import Compare, Policy
from reconciler.snapshots.live_copies import NoCopy
from reconciler.snapshots.probe import Counted, Sheet, written

# Listings in a row during which the dataset changed, before the run ends: somebody is working on it.
_TRIES: Final = 5
# Pauses before a listing is made again because it disagrees with the statistics or with what was just sent, in seconds.
_STALE_PAUSES: Final = (2.0, 4.0, 8.0)
# The most marked entries that are looked at again; of more, a listing counts for its own run only.
_MARKED: Final = 1_000


def observe(context: Context, target: Target, together: Iterable[str] | None = None) -> Observation:
    """Find the dataset of a project by its type, and wait until no operation runs on it.

    `together` are the ARNs of projects that the run is about: what was asked for one of them serves the others.

    Raises:
        NotFound: there is no such project. AccessDenied: the credentials are not those of its account.
    """
    if together is not None and (seen := _seen_before(context, target)):
        return seen
    project = context.gateway.project(target.project_arn, together or ())
    if project is None:
        context.gateway.prove_account(target.project_arn)
        raise NotFound(f"there is no project {target.project_arn}; create it, or fix the ARN or the region")
    return observe_in(context, project, target.dataset_type)


def observe_in(context: Context, project: Project, dataset_type: DatasetType) -> Observation:
    """The dataset of this type in a project that was just described; waits as `observe` does."""
    arn = project.datasets.get(dataset_type)
    seen = look_at(context, arn) if arn else Observation()
    return replace(seen, sibling_arn=project.datasets.get(dataset_type.other))


def _seen_before(context: Context, target: Target) -> Observation | None:
    """The dataset that its project had when it was last seen, if it still is there: no other can be in its place."""
    project = context.gateway.project_seen(target.project_arn)
    seen = observe_in(context, project, target.dataset_type) if project else Observation()
    return seen if seen.arn else None


def observe_recorded(
    context: Context, target: Target, recorded: str, together: Iterable[str] | None = None
) -> Observation:
    """The dataset that the last apply recorded, or the one that has taken its place; empty if it is proven to be gone.

    `recorded` is its ARN, empty if none is known; `together` as for `observe`. While it exists, no other can be in its
    place, so that its project is looked up only where it does not. DescribeProjects may be stale, and lists nothing to
    the credentials of a different account, so that DescribeDataset decides.

    Raises:
        AccessDenied: nothing was found, and the credentials are not those of the project's account.
    """
    if recorded and (there := look_at(context, recorded)).arn:
        return there
    if together is not None and (seen := _seen_before(context, target)):
        return seen
    project = context.gateway.project(target.project_arn, together or ())
    arn = project.datasets.get(target.dataset_type) if project else None
    seen = look_at(context, arn or recorded) if arn or recorded else Observation()
    if seen.is_being_deleted and seen.leftover:
        context.waiter.until_gone(seen.leftover, context.looking("waiting for a running deletion"))
        return Observation()
    if seen.arn is None and seen.leftover is None:
        context.gateway.prove_account(recorded or target.project_arn)
    return seen


def look_at(context: Context, arn: str) -> Observation:
    """Describe a dataset by its ARN; the observation is empty when there is no such dataset."""
    description = context.gateway.describe_to_plan(arn)
    if description is None:
        return Observation()
    if description.status == DatasetStatus.DELETE_IN_PROGRESS:
        return Observation(leftover=arn, is_being_deleted=True)
    if description.is_running:
        description = context.idle(arn)
    if description.status == DatasetStatus.CREATE_FAILED:
        return Observation(leftover=arn)
    return Observation(arn, description)


def list_live(
    context: Context,
    ledger: Ledger,
    arn: str,
    before: DatasetDescription | None = None,
    missing: Callable[[], Iterable[str]] = tuple,
) -> DatasetDescription:
    """Replace the ledger's live entries by a new listing; return the description that is valid for it.

    `before` is the dataset as just described, idle; without it the dataset is described first. `missing` gives,
    after each listing, the keys of lines that were just sent and are not in it. Then the listing is repeated, at most
    three times; where they are so few that it takes fewer calls, they are looked up first, and a listing that had them
    as they are is not repeated. Nor is one with other marks than the statistics count, where the marked entries alone
    are as they were listed. Listing a large dataset takes minutes, so it is repeated only once where only the
    statistics disagree.

    Raises:
        Moved: the dataset changed during each of several listings. NotFound: it was deleted.
        ServiceError: a call failed, or a listed line is not an entry.
    """
    described, listed = _listed(context, ledger, arn, before)
    for number, pause in enumerate(_STALE_PAUSES):
        disagrees = number == 0 and listed != described.entries
        remarked = number == 0 and _is_remarked(ledger, described)
        calls = context.gateway.pages(listed)
        some = list(islice(missing(), calls))
        if not (disagrees or remarked or some):
            break
        context.pause(pause)
        looks = len(some) + (context.gateway.pages(described.errors) if remarked else 0)
        if not disagrees and looks < calls and _as_listed(context, ledger, arn, some, marked=remarked):
            continue
        described, listed = _listed(context, ledger, arn, None)
    return described


def known_live(
    context: Context, ledger: Ledger, arn: str, before: DatasetDescription | None = None
) -> tuple[DatasetDescription, Statistics]:
    """Replace the ledger's live entries by what is live: an earlier listing where the probe proves it, else a new one.

    An earlier listing is a copy; or what the last apply read back, where the manifest is that, now or at that apply.

    `before` as for `list_live`, and the description is valid in the same way. A new listing is kept for later runs.

    Raises:
        Moved, NotFound, ServiceError: as `list_live` does.
    """
    before = before or context.idle(arn)
    if sheet := _taken(context, ledger, arn, before):
        copied = not context.listings.is_of_run(sheet)
        context.listings.aside.discard(sheet.listed)  # one plan has taken it: a later one lists again, or is proven
        return before, Statistics(before.entries, before.errors, before.labelled, sheet.listed, copied=copied)
    began = written(context.listings.now())
    listed = list_live(context, ledger, arn, before)
    counted = Statistics(listed.entries, listed.errors, listed.labelled, began)
    if context.listings.copies:
        context.listings.keep(sheet_of_live(ledger, arn, listed.updated, counted), ledger.base.copied(live_only=False))
    return listed, counted


def _taken(context: Context, ledger: Ledger, arn: str, described: DatasetDescription) -> Sheet | None:
    """The sheet of the copy that filled the ledger's live side; None where it must be listed."""
    with context.listings.proven(arn, described) as found, suppress(NoCopy, ValueError, RecursionError):
        if found and fill_copied(ledger, found[1]) == described.entries:
            return found[0]
    left = context.listings.left_as(arn, described)
    if left and _declares(ledger, left):
        ledger.observe_own()
        return left
    with Ledger() as then:  # a copy was not what was written, or there is none
        if left and context.listings.applied(then) and _declares(then, left):
            ledger.forget_live()
            ledger.observe_desired(then)
            return left
    return None


def _declares(ledger: Ledger, sheet: Sheet) -> bool:
    """Whether a manifest has what was read back, entry by entry and without marks."""
    return all(ledger.desired_facts(mode).digest == sheet.digests.get(mode.value) for mode in Compare)


def sheet_of_live(ledger: Ledger, arn: str, updated: float, counted: Statistics, *, proven: bool = False) -> Sheet:
    """What a copy of the ledger's live side says of itself; `updated` is valid for it, `proven` as for the sheet."""
    facts = {mode.value: ledger.live_facts(mode) for mode in Compare}
    live = facts[Compare.STRICT.value]
    return Sheet(
        dataset=arn,
        listed=counted.listed,
        updated=(updated, updated),
        digests={mode: one.digest for mode, one in facts.items()},
        entries=live.entries,
        labelled=live.labelled,
        marked=live.marked,
        statistics=Counted(counted.entries, counted.labelled, counted.marked),
        proven=proven,
    )


def _is_remarked(ledger: Ledger, described: DatasetDescription) -> bool:
    """Whether the statistics count other marked entries than were listed, and few enough to look at all of them."""
    listed = sum(1 for _row in ledger.marked())
    return listed != described.errors and max(listed, described.errors) <= _MARKED


def _as_listed(context: Context, ledger: Ledger, arn: str, keys: Iterable[str], *, marked: bool) -> bool:
    """Whether the service still has these entries, asked for one by one, and the marked ones as they were listed."""
    try:
        if marked:
            there = map(entry_of, map(parse_live, context.gateway.marked_entries(arn)))
            if {one.key: one.marks for one in there} != {one.key: one.marks for one in ledger.marked()}:
                return False
        for key in keys:
            if (lines := context.gateway.entries_like(arn, key)) is None:
                return False
            found = [entry.content for entry in map(entry_of, map(parse_live, lines)) if entry.key == key]
            if next(iter(found), None) != ledger.digests(key, Compare.STRICT)[1]:
                return False
    except (InUse, Moved, ValueError, RecursionError):
        return False  # the listing says what is wrong
    return True


def _listed(
    context: Context, ledger: Ledger, arn: str, before: DatasetDescription | None
) -> tuple[DatasetDescription, int]:
    """One listing during which the dataset did not change, and how many lines it had."""
    for _try in range(_TRIES):
        before = before or context.idle(arn)
        if before.status == DatasetStatus.CREATE_FAILED:
            raise Moved(f"the dataset {arn} could not be created (CREATE_FAILED); run again")
        try:
            seen = partial(context.tell, "listing", total=before.entries)
            listed = fill_live(ledger, context.gateway.entries(arn), seen)
        except ValueError as error:
            raise ServiceError(f"{arn}: {error}; report it to AWS", operation="ListDatasetEntries") from None
        except (InUse, Moved):
            before = None  # an operation began, or the listing's token is no longer valid
            continue
        after = context.idle(arn)
        if after.updated == before.updated:
            return after, listed
        before = after
    raise Moved(
        f"the dataset {arn} could not be listed in {_TRIES} tries, because it changed or the listing's token "
        "expired each time; run again when nobody else is changing it"
    )


def plan_against_live(  # noqa: PLR0913 - what is planned, each by name
    context: Context,
    ledger: Ledger,
    seen: Observation,
    target: Target,
    *,
    bucket: str | None,
    settled: frozenset[str] = frozenset(),
    before: Labels | None = None,
    more_settled: Callable[[Plan], frozenset[str]] | None = None,
) -> Plan:
    """List live into the ledger, which already holds the desired entries, and make the complete plan.

    `bucket` is the manifest's; `settled` names pairs stored differently from how they were sent. `before` are the
    labels that guards compare shares with, where this apply has already changed live. `more_settled` gets the plan and
    may return further pairs; then the same listing is planned once more.
    """
    asked, sibling = Asked(target.dataset_type, context.allow, before), context.sibling
    if sibling.live is nothing:
        sibling = replace(sibling, live=partial(_live_keys, context, ledger, seen.sibling_arn))
    refusal = context.keeper.refusal()
    manifests = str(context.manifests.address) if context.manifests else ""
    given = target.title, context.policy, asked, bucket, settled, refusal, sibling
    request = Request(*given, judge=context.judge, manifests=manifests)
    if seen.arn is None:
        return plan(ledger, request, exists=False)
    listed, counted = known_live(context, ledger, seen.arn, seen.description)
    made = plan(ledger, request, exists=True, updated=listed.updated, counted=counted)
    if more_settled is None or (more := more_settled(made)) == settled:
        return made
    return plan(ledger, replace(request, settled=more), exists=True, updated=listed.updated, counted=counted)


def plan_without_project(  # noqa: PLR0913, PLR0917 - what is planned, as the shells know it
    ledger: Ledger,
    title: str,
    dataset_type: DatasetType,
    declared: tuple[Policy, str | None],
    allow: Mapping[str, str],
    sibling: Sibling,
    manifests: str = "",
) -> Plan:
    """Plan from the manifest alone while the project does not exist: guards and overrides count as for a first load.

    `declared` is the policy and the manifest's bucket, `manifests` the place in S3 for manifests of first loads.
    """
    policy, bucket = declared
    asked, sibling = Asked(dataset_type, allow), replace(sibling, live=tuple)
    request = Request(title, policy, asked, bucket, sibling=sibling, manifests=manifests)
    return plan(ledger, request, exists=False)


def _live_keys(context: Context, ledger: Ledger, arn: str | None) -> list[tuple[str, bool]] | None:
    """The live entries of the project's other dataset that this one has too, and whether each is labelled there.

    None while somebody is working on it: a guard asks for them, and is a hint, not a lock.

    Raises:
        ServiceError: the service listed a line that is not an entry.
    """

    def shared(lines: Iterable[str]) -> list[tuple[str, bool]]:
        return [(key, labelled) for key, labelled in map(labelled_key, lines) if ledger.labelled(key) != (None, None)]

    try:
        if arn and context.listings.copies and (described := context.gateway.describe_for_hint(arn)):
            with suppress(NoCopy, ValueError, RecursionError), context.listings.proven(arn, described) as found:
                if found:
                    return shared(line for line, _marks in copied_live(found[1]))
            return _listed_aside(context, ledger, arn, described)
        return shared(context.gateway.entries(arn) if arn else ())
    except (ValueError, RecursionError) as error:
        raise ServiceError(f"{arn}: {error}; report it to AWS", operation="ListDatasetEntries") from None
    except (InUse, Moved, NotFound):
        return None


def _listed_aside(
    context: Context, ledger: Ledger, arn: str, before: DatasetDescription
) -> list[tuple[str, bool]] | None:
    """The same from a new listing, which is kept for the other dataset's own plan where nothing moved.

    Raises:
        ValueError: a listed line is not an entry. InUse, Moved, NotFound: somebody is working on it.
    """
    began = written(context.listings.now())
    with Ledger() as other:
        fill_live(other, context.gateway.entries(arn), partial(context.tell, "listing the other dataset"))
        after = context.gateway.describe(arn)
        if after and after == before and not after.is_running:
            counted = Statistics(after.entries, after.errors, after.labelled, began)
            sheet = sheet_of_live(other, arn, after.updated, counted)
            context.listings.keep_aside(sheet, other.base.copied(live_only=False))
        return [(key, labelled) for key, labelled in other.keys(LIVE) if ledger.labelled(key) != (None, None)]
