"""No delete is a guess: a dataset is judged when it is idle and listed, and its ARN is the recorded one."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

import reconciler
import rekognition_emulator
from reconciler.apply import Outcome, apply, observe, plan_against_live
from reconciler.errors import AccessDenied, Moved, Refused
from reconciler.ledger import Ledger
from reconciler.model import DatasetType
from reconciler.policy import Destroy, Policy
from reconciler.snapshots.places import NOWHERE
from rekognition_emulator import Clock, Emulator, Switches
from tests.apply.conftest import START
from tests.apply.test_replace import KEY, NEW, OLD, kept_by, keys
from tests.support.desk import Desk
from tests.support.filling import desired_entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.model import DatasetDescription
    from tests.support.lines import Document

REFUSE, DELETE = Policy(destroy=Destroy.REFUSE), Policy(destroy=Destroy.DELETE)


def load(desk: Desk, arn: str) -> None:
    """Start a first load: until it ends, the dataset counts no entries."""
    desk.gateway.update_entries(arn, "\n".join(map(json.dumps, OLD)).encode())


def created(desk: Desk) -> str:
    """A new dataset whose creation has ended."""
    arn = desk.create()
    desk.clock.sleep(10)
    return arn


def failed(desk: Desk) -> str:
    """A dataset whose creation failed; its ARN."""
    desk.fault("fault: fail, operation: CreateDataset")
    arn = desk.gateway.create_dataset(desk.target.project_arn, DatasetType.TRAIN)
    desk.gateway.describe(arn)
    desk.fault("")
    return arn


def test_a_dataset_whose_first_load_runs_is_not_taken_for_an_empty_one(slow: Emulator) -> None:
    """`refuse` refuses: TotalEntries is still 0, and the load that ends later has entries."""
    desk = Desk(slow, policy=REFUSE)
    arn = created(desk)
    load(desk, arn)
    with pytest.raises(Refused, match="has 3 entries and the policy is `destroy: refuse`"):
        desk.destroy(arn)
    assert slow.count_calls("DeleteDataset") == 0
    assert sorted(desk.live()) == keys(map(json.dumps, OLD))


def test_a_delete_under_a_first_load_has_all_of_it_in_its_snapshot(slow: Emulator) -> None:
    """`delete` waits for the load, and the snapshot has every line of it."""
    desk = Desk(slow, policy=DELETE)
    arn = created(desk)
    load(desk, arn)
    assert desk.destroy(arn) == ("snapshot 1",)
    assert keys(kept_by(desk)[0]) == keys(map(json.dumps, OLD))


@pytest.mark.parametrize("reads", [1, 2, 3])
@pytest.mark.parametrize("policy", [REFUSE, DELETE])
def test_descriptions_that_still_say_0_delete_nothing_unseen(desk: Desk, policy: Policy, reads: int) -> None:
    """After an update that is done, DescribeDataset repeats `CREATE_COMPLETE, 0 entries`: the listing decides."""
    desk.policy = policy
    arn = desk.create()
    desk.clock.sleep(10)
    desk.fault(f"fault: stale-status, reads: {reads}")
    load(desk, arn)
    if policy is REFUSE:
        with pytest.raises(Refused, match="entries and the policy is `destroy: refuse`"):
            desk.destroy(arn)
        assert desk.arn == arn
    else:
        desk.destroy(arn)
        assert keys(kept_by(desk)[-1]) == keys(map(json.dumps, OLD))


@pytest.mark.parametrize("pages", [1, 2, 3])
def test_stale_listings_delete_nothing_unseen(desk: Desk, pages: int) -> None:
    """An empty listing beside a description with entries proves nothing: the last snapshot has them all."""
    desk.policy = DELETE
    arn = desk.create()
    desk.clock.sleep(10)
    desk.fault(f"fault: stale-listing, reads: {pages}")
    load(desk, arn)
    desk.destroy(arn)
    assert keys(kept_by(desk)[-1]) == keys(map(json.dumps, OLD))


def test_listings_that_stay_empty_beside_a_count_delete_nothing(desk: Desk) -> None:
    """Where the service counts entries and never lists one, the dataset stays, and the error says why."""
    desk.policy = DELETE
    arn = desk.create()
    desk.fault("fault: stale-listing, reads: 100")
    load(desk, arn)
    with pytest.raises(Moved, match="the service listed 0 of 3 entries"):
        desk.destroy(arn)
    assert (desk.arn, desk.emulator.count_calls("DeleteDataset")) == (arn, 0)


def test_an_edit_between_the_look_and_the_delete_is_seen(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataset that was empty when it was listed, and got an entry before DeleteDataset, is refused."""
    desk.policy = REFUSE
    arn = desk.create()
    entries, colleague = desk.gateway.entries, iter([OLD[0]])

    def listed(of: str) -> Iterator[str]:
        yield from list(entries(of))
        for line in colleague:
            desk.clock.sleep(1)
            desk.edit(line)

    monkeypatch.setattr(desk.gateway, "entries", listed)  # a colleague, right after the listing
    with pytest.raises(Refused, match="has 1 entries"):
        desk.destroy(arn)


def planned_for_leftover(desk: Desk, between: Callable[[], None], *lines: Document) -> Outcome:
    """An apply to a project whose dataset could not be created; `between` happens after it was planned."""
    context = desk.context()
    with Ledger() as ledger:
        for number, line in enumerate(lines, start=1):
            ledger.accept(desired_entry(line, number))
        seen = observe(context, desk.target)
        assert seen.leftover
        plan = plan_against_live(context, ledger, seen, desk.target, bucket="acme-vision")
        between()
        return apply(context, ledger, plan, seen, desk.target)


def test_a_leftover_that_a_colleague_repaired_is_planned_anew() -> None:
    """A CREATE_FAILED dataset that got entries after it was planned is adopted: nothing is deleted, nothing is lost."""
    switches = Switches(update_on_create_failed="accepted")
    with rekognition_emulator.serve(clock=Clock(START), switches=switches) as emulator:
        desk = Desk(emulator)
        arn = failed(desk)

        def repair() -> None:
            desk.clock.sleep(1)
            desk.gateway.update_entries(arn, json.dumps(OLD[0]).encode())
            desk.gateway.describe(arn)

        outcome = planned_for_leftover(desk, repair, *NEW)
        assert (outcome.error, emulator.count_calls("DeleteDataset"), desk.arn) == (None, 0, arn)
        assert sorted(desk.live()) == sorted({KEY.format(0), *(line["source-ref"] for line in NEW)})


def test_a_leftover_without_entries_is_replaced_after_two_looks(desk: Desk) -> None:
    """A CREATE_FAILED dataset that cannot be listed is empty if two looks at different times agree."""
    failed(desk)
    slept = len(desk.clock.slept)
    ran = desk.run(*NEW)
    assert (ran.outcome.error, ran.calls["DeleteDataset"], len(desk.live())) == (None, 1, len(NEW))
    assert sum(desk.clock.slept[slept:]) >= 5  # in pieces, so that a stop is heard


def test_a_leftover_that_counts_entries_is_left_to_a_person(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CREATE_FAILED dataset with entries that cannot be listed is not deleted, by an apply or by a destroy."""
    desk.policy = DELETE
    arn, describe = failed(desk), desk.gateway.describe

    def counting(of: str) -> DatasetDescription | None:
        return (described := describe(of)) and replace(described, entries=1)

    monkeypatch.setattr(desk.gateway, "describe", counting)  # the emulator has no such dataset
    error = desk.run(*NEW).outcome.error
    assert "CREATE_FAILED), but has 1 entries that cannot be listed" in str(error)
    with pytest.raises(Refused, match="delete it in the console of Rekognition"):
        desk.destroy(arn)
    assert desk.emulator.count_calls("DeleteDataset") == 0


@pytest.mark.parametrize("policy", [REFUSE, DELETE])
def test_a_dataset_in_place_of_the_recorded_one_is_refused_with_both_arns(desk: Desk, policy: Policy) -> None:
    """Somebody else deleted the recorded dataset and made another: nothing of theirs is deleted, even when empty."""
    desk.policy = policy
    old = desk.create(*OLD)
    desk.gateway.delete_dataset(old)
    desk.clock.sleep(1)
    new = desk.create()
    with pytest.raises(Refused) as caught:
        desk.destroy(old)
    assert old in str(caught.value)
    assert new in str(caught.value)
    assert desk.arn == new


def test_a_state_that_records_no_dataset_leaves_the_one_that_is_there_alone(desk: Desk) -> None:
    """What this program did not make and never took over is not deleted, and that is said."""
    desk.policy = DELETE
    arn = desk.create(*OLD)
    assert desk.destroy("") == ()
    assert (desk.arn, f"{arn} is left alone" in desk.remark) == (arn, True)


def test_an_empty_dataset_needs_no_place_for_snapshots(desk: Desk) -> None:
    """What a listing proves to be empty is deleted, also where no snapshot could be written."""
    desk.policy, desk.keeper = REFUSE, NOWHERE
    assert desk.destroy(desk.create()) == ()
    assert desk.arn == ""


def test_credentials_that_expire_after_the_delete_was_accepted_are_told_as_such(
    slow: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says that AWS accepted the deletion, and the snapshot's place was told before."""
    desk = Desk(slow, policy=DELETE)
    arn = desk.create()
    desk.clock.sleep(10)
    desk.edit(*OLD)
    delete = desk.gateway.delete_dataset

    def expire(of: str) -> None:
        delete(of)
        desk.fault("fault: error, error: ExpiredTokenException, operation: DescribeDataset, on: '1-1000'")

    monkeypatch.setattr(desk.gateway, "delete_dataset", expire)  # the real call, and what comes after it
    with pytest.raises(AccessDenied, match=f"AWS accepted the deletion of the dataset {arn}, but did not confirm"):
        desk.destroy(arn)
    assert len(kept_by(desk)) == 1
    desk.fault("")
    desk.clock.sleep(20)
    assert desk.arn == ""


def test_one_function_sends_every_delete() -> None:
    """`Gateway.delete_dataset` is called at one place of the whole program, in `apply/delete.py`."""
    folder = Path(reconciler.__file__).parent
    called = [
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "delete_dataset"
    ]
    assert sorted(called) == ["apply/delete.py", "aws/gateway.py"]
