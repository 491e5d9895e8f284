"""What `reconciler plan` promises: it shows what an apply would do, and changes nothing."""

from __future__ import annotations

import json
import shlex
from itertools import product
from typing import TYPE_CHECKING

import msgspec
import pytest

from reconciler.aws.gateway import Gateway
from reconciler.review.model import EntryChange
from tests.support.lines import bare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Account, World

HOSTILE = "\x1b[31mred\x1b[0m\u202egpj.exe\u2066\r\nhidden\u200b"
WRITES = {"CreateProject", "CreateDataset", "UpdateDatasetEntries", "DeleteDataset", "DeleteProject", "TagResource"}


def test_plan_shows_every_kind_of_change_and_changes_nothing(account: Account, world: World) -> None:
    """The plan shows `+` to add, `~` to update with what changed, `!` live only, and makes no call that writes."""
    account.create("cells")
    world.write("cells", [*world.many(2), world.boxes("gone.jpg", "WBC")])
    world.run("apply", "--yes")
    del account.emulator.calls[:]
    world.write("cells", [world.boxes("0000.jpg", "WBC"), world.many(2)[1], world.boxes("new.jpg", "RBC", "WBC")])
    ran = world.run("plan")
    assert ran.code == 0, ran
    assert "cells train  (datasets/cells/train.jsonl)" in ran.out
    assert ran.out.startswith("1 dataset, 1 with changes: 1 to add, 1 to update, 1 live only\n\n1 danger")
    assert "  entries under s3://acme-vision/cells/, the riskiest first\n" in ran.out
    assert "    ~ 0000.jpg  1 box relabelled: RBC -> WBC\n" in ran.out
    assert "    + new.jpg  2 boxes: RBC, WBC\n" in ran.out
    assert "    ! gone.jpg  live only: 1 box: WBC\n" in ran.out
    assert ran.out.splitlines()[-1].startswith("plan ")
    assert WRITES.isdisjoint(call.operation for call in account.emulator.calls)


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_exit_code_tells_changes_only_when_asked(account: Account, world: World, arguments: tuple[str, ...]) -> None:
    """The exit code is 0 without --exit-code; with it 2 for changes and 0 for none."""
    account.create("cells")
    world.write("cells", world.many(1))
    assert world.run("plan", *arguments).code == 0
    assert world.run("plan", "--exit-code", *arguments).code == 2
    world.run("apply", "--yes")
    assert world.run("plan", "--exit-code", *arguments).code == 0


def test_live_only_entries_under_report_are_no_changes(account: Account, world: World) -> None:
    """They are shown in every plan, and an apply would not send anything."""
    account.create("cells")
    world.write("cells", world.many(2))
    world.run("apply", "--yes")
    world.write("cells", world.many(1))
    ran = world.run("plan", "--exit-code")
    assert ran.code == 0
    assert "! s3://acme-vision/cells/0001.jpg" in ran.out


@pytest.mark.parametrize(
    ("settings", "cure", "code"),
    [
        ("managed: true", "`pulumi up` creates it", 0),
        ("managed: false", "create-project --project-name cells", 1),
        ("projectArn: arn:aws:rekognition:us-east-1:111122223333:project/cells/1", "fix `projectArn`", 1),
    ],
)
def test_a_project_that_is_not_there_is_planned_from_the_file(
    account: Account, world: World, settings: str, cure: str, code: int
) -> None:
    """The plan shows what would be added, and who creates the project; if nobody will, the run has failed."""
    del account
    world.write("cells", world.many(2), settings=settings)
    ran = world.run("plan")
    assert ran.code == code
    assert cure in " ".join(ran.out.split())
    assert "2 to add" in ran.out
    assert (cure in ran.err) == (code > 0)


@pytest.mark.parametrize(
    ("arguments", "shown", "rest"),
    [((), 10, 50), (("--limit", "7"), 7, 53), (("--all",), 60, 0), (("--limit", "0"), 0, 60), (("-v",), 60, 0)],
)
def test_so_many_changes_are_shown_as_asked_for(
    account: Account, world: World, arguments: tuple[str, ...], shown: int, rest: int
) -> None:
    """The plan shows ten new entries, or the number of --limit, --all or --verbose; the rest is counted."""
    account.create("cells")
    world.write("cells", world.many(60))
    out = world.run("plan", *arguments).out
    assert out.count("    + ") == shown
    assert (f"... and {rest}{' more' if shown else ''} entries" in out) == (rest > 0)


def test_json_has_all_changes_unless_limited(account: Account, world: World) -> None:
    """The document contains the whole plan."""
    account.create("cells")
    world.write("cells", world.many(60))
    (whole,) = world.run("plan", "--json").datasets
    assert (whole["changes_total"], len(whole["changes"])) == (60, 60)
    (some,) = world.run("plan", "--json", "--limit", "5").datasets
    assert (some["changes_total"], some["changes"]) == (60, whole["changes"][:5])


def test_a_refused_plan_is_shown_and_exits_4(account: Account, world: World) -> None:
    """With `extra: fail` and a live-only entry an apply would be refused; the exit code of the plan is 4."""
    account.create("cells")
    world.write("cells", world.many(2))
    world.run("apply", "--yes")
    world.write("cells", world.many(1), settings="managed: false\npolicy: {extra: fail}")
    ran = world.run("plan")
    assert ran.code == 4
    assert ran.out.count("an apply is refused: 1 live entry is not in the manifest") == 1
    assert "  refused: see the danger above" in ran.out
    assert world.run("plan", "--json").datasets[0]["status"] == "refused"


def test_a_project_is_found_by_its_arn_in_the_arns_region(account: Account, world: World) -> None:
    """No region is needed, and a different one does not matter."""
    arn = account.create("cells")
    world.write("cells", world.many(1), settings=f"projectArn: {arn}")
    ran = world.run("plan", "--region", "eu-west-1", "--json")
    assert ran.code == 0, ran
    assert ran.datasets[0]["project_arn"] == arn


def test_without_a_region_the_sentence_says_how_to_give_one(
    account: Account, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a region projects cannot be found by name, and the error names the options that set one."""
    account.create("cells")
    world.write("cells", world.many(1))
    monkeypatch.delenv("AWS_REGION")
    ran = world.run("plan")
    assert ran.code == 3
    assert "--region" in ran.err
    assert "AWS_REGION" in ran.err
    assert world.run("plan", "--region", "us-east-1").code == 0


def test_the_region_comes_from_the_option_then_the_environment_then_the_profile(
    account: Account, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The region is the first that is set of --region, AWS_REGION, AWS_DEFAULT_REGION and the profile's region."""
    world.write("cells", world.many(1))
    config = world.folder / "aws-config"
    keys = "aws_access_key_id = emulator\naws_secret_access_key = emulator\n"
    config.write_text(f"[profile labels]\nregion = eu-west-3\n{keys}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))

    def region(*arguments: str) -> str:
        del account.emulator.calls[:]
        assert world.run("plan", *arguments).code == 1  # the project is in none of them
        return account.emulator.calls[0].region

    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    assert region("--region", "eu-west-1", "--profile", "labels") == "eu-west-1"
    assert region("--profile", "labels") == "us-east-1"
    monkeypatch.delenv("AWS_REGION")
    assert region("--profile", "labels") == "eu-west-2"
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert region("--profile", "labels") == "eu-west-3"


def test_hostile_keys_and_labels_are_inert(account: Account, world: World) -> None:
    """Nothing in a key or label colours, moves or reorders a line of the output, in text or in JSON."""
    arn = account.create("cells")
    world.write("cells", world.many(1), settings=f"projectArn: {arn}")
    world.run("apply", "--yes")
    key = f"s3://acme-vision/{HOSTILE}.jpg"
    account.emulator.edit_entries(account.dataset("cells"), [world.boxes(key, HOSTILE)])
    world.write("cells", [*world.many(1), world.boxes(f"s3://acme-vision/2{HOSTILE}.jpg", HOSTILE)])
    for arguments in ((), ("--json",), ("-v",)):
        ran = world.run("plan", *arguments)
        assert ran.code == 0, ran
        text = ran.out + ran.err
        assert all(character.isprintable() for character in text.replace("\n", "")), arguments
        assert not any(line.startswith("hidden") for line in text.splitlines())
    shown = world.run("plan", "--json").datasets[0]["changes"]
    changes = msgspec.convert(shown, type=list[EntryChange])
    assert {HOSTILE} == {box.label for one in changes for two in one.boxes for box in (two.before, two.after) if box}


def test_verbose_shows_every_call_on_standard_error(account: Account, world: World) -> None:
    """Each call is one line with operation, answer, duration and request id."""
    account.create("cells")
    world.write("cells", world.many(2))
    world.run("apply", "--yes")
    del account.emulator.calls[:]
    ran = world.run("plan", "-v")
    lines = ran.err.splitlines()
    assert [line.split()[0] for line in lines] == [call.operation for call in account.emulator.calls]
    assert [line.split()[-1] for line in lines] == [call.request_id for call in account.emulator.calls]
    assert all(" ok " in line and " s " in line for line in lines)


def test_a_dataset_that_cannot_be_planned_does_not_hide_the_others(account: Account, world: World) -> None:
    """After cells fails, its test set is skipped and planes is planned; the exit code is 1."""
    account.create("cells", "planes")
    for project in ("cells", "planes"):
        world.write(project, world.many(2), world.many(1, first=500))
    world.run("apply", "--yes")
    account.emulator.load_faults(
        "faults: [{fault: error, operation: ListDatasetEntries, error: AccessDeniedException, on: 1}]"
    )
    ran = world.run("plan", "--full")
    assert ran.code == 1
    assert "failed: ListDatasetEntries: the credentials may not make this call" in ran.out
    assert "not planned, because cells train failed" in ran.out
    assert ran.out.count("up to date") == 2
    assert "cells train could not be planned" in ran.err


def test_a_guard_is_overridden_for_a_project_that_does_not_exist_yet(account: Account, world: World) -> None:
    """A first load that a guard blocks is planned with the reason that was given, as it will be once it exists."""
    del account
    line = json.loads(world.boxes("1.jpg", "RBC"))
    line["boxes"]["annotations"][0]["left"] = 630
    world.write("cells", [json.dumps(line)], settings="managed: true")
    blocked = world.run("plan")
    assert blocked.code == 4
    assert '--allow unusable="why"' in blocked.err
    overridden = world.run("plan", "--allow", "unusable=only one picture")
    assert overridden.code == 0
    assert "only one picture" in overridden.out


def test_findings_that_stop_nothing_stand_beside_the_plan(account: Account, world: World) -> None:
    """The plan shows the first few marked lines, then a count; -v shows all that are kept."""
    account.create("cells")
    lines = [json.loads(world.boxes(f"{number}.jpg", "RBC", "WBC")) for number in range(6)]
    for line in lines:
        line["boxes"]["annotations"][0]["left"] = 630
    world.write("cells", [json.dumps(line) for line in lines])
    ran = world.run("plan", "--allow", "unusable=meant")
    assert ran.code == 0
    assert ran.out.count("ERROR_INVALID_BOUNDING_BOX marked: ") == 3
    assert "... and 4 more findings; see them with `reconciler validate --verbose`" in ran.out
    assert world.run("plan", "-v", "--allow", "unusable=meant").out.count("ERROR_INVALID_BOUNDING_BOX marked: ") == 6


def test_a_listed_line_that_is_not_an_entry_is_a_sentence_in_both_datasets(
    account: Account, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both datasets are listed to plan one; what the service lists of either is not trusted."""
    account.create("cells")
    world.write("cells", world.many(2), [world.boxes("t.jpg", "RBC")])
    assert world.run("apply", "--yes").code == 0
    listed = Gateway.entries
    for kind, line in product(("train", "test"), ("nonsense", '{"source-ref": 7}', "[" * 5000)):

        def broken(gateway: Gateway, arn: str, kind: str = kind, line: str = line) -> Iterator[str]:
            return iter([line]) if f"/{kind}/" in arn else listed(gateway, arn)

        monkeypatch.setattr(Gateway, "entries", broken)
        ran = world.run("plan", "--full")
        assert ran.code == 1
        assert "report it to AWS" in " ".join(ran.out.split()) + ran.err
        assert "this is a bug" not in ran.out + ran.err


def test_project_yaml_overrides_a_guard_for_the_manifests_it_names(account: Account, world: World) -> None:
    """What the refused plan prints, written into project.yaml, lets that manifest through and no later one."""
    account.create("cells")
    world.write("cells", world.many(20))
    world.run("apply", "--yes")
    world.write("cells", world.many(20, "red; cell"))
    ran = world.run("plan", "--verbose")
    declared = next(line.strip() for line in ran.out.splitlines() if line.startswith("  allow: ["))
    assert 'rename:RBC->\\"red; cell\\""' in declared
    world.write("cells", world.many(20, "red; cell"), settings=f"managed: false\n{declared}")
    (dataset,) = world.run("plan", "--json").datasets
    assert (dataset["refusals"], dataset["status"]) == ([], "planned")
    assert [guard["reason"] for guard in dataset["guards"] if guard["state"] == "overridden"] == ["why"]
    world.write("cells", world.many(21, "red; cell"), settings=f"managed: false\n{declared}")
    (dataset,) = world.run("plan", "--json").datasets
    assert dataset["status"] == "refused"


def test_one_allow_for_train_and_test_is_printed_and_pasted_as_it_is(account: Account, world: World) -> None:
    """Each dataset printed its own, and both in one project.yaml are a repeated key."""
    account.create("cells")
    world.write("cells", world.many(20), world.many(20, first=500))
    world.run("apply", "--yes")

    def printed() -> list[str]:
        lines = world.run("plan", "--verbose").out.splitlines()
        return [line.strip() for line in lines if line.startswith("  allow: [")]

    def planned(allow: str, train: list[str], test: list[str]) -> list[str]:
        world.write("cells", train, test, f"managed: false\n{allow}")
        return [one["status"] for one in world.run("plan", "--json").datasets]

    first = world.many(20, "Red"), world.many(20, "Red", first=500)
    assert planned("", *first) == ["refused", "refused"]
    (allow,) = printed()
    assert planned(allow, *first) == ["planned", "planned"]
    second = first[0], world.many(20, "Blue", first=500)
    assert planned(allow, *second) == ["planned", "refused"]
    (allow,) = printed()
    assert planned(allow, *second) == ["planned", "planned"]


def test_a_refusal_has_a_line_for_each_dataset_and_the_command_on_its_own(account: Account, world: World) -> None:
    """What is pasted stands alone, and parses back to the guard that was named."""
    account.create("cells")
    world.write("cells", world.many(20))
    world.run("apply", "--yes")
    world.write("cells", world.many(20, "it's"))
    ran = world.run("apply", "--yes")
    assert ran.code == 4
    refused, command, nothing = ran.err.splitlines()[-3:]
    assert refused == "error: cells train: refused by the guard rename; to override:"
    assert nothing == "nothing was sent"
    assert world.run("apply", "--yes", *shlex.split(command)).code == 0


def test_an_image_of_both_manifests_is_sent_to_neither_dataset(account: Account, world: World) -> None:
    """A first load is refused too; what both have already is a danger with its cure, and blocks nothing."""
    account.create("cells")
    world.write("cells", world.many(5), world.many(2))
    ran = world.run("apply", "--yes")
    assert (ran.code, account.updates) == (4, 0)
    assert "2 images would be labelled in train and in test" in " ".join(ran.out.split())
    assert world.run("apply", "--yes", "--allow", 'leakage="on purpose"').code == 0
    world.write("cells", [*world.many(5), world.boxes("new.jpg", "RBC")], world.many(2))
    later = world.run("plan")
    assert later.code == 0
    assert "2 images are labelled in train and in test" in " ".join(later.out.split())
    assert "set `extra: unlabel`" in " ".join(later.out.split())


def test_an_image_that_left_the_other_manifest_is_live_there_until_its_policy_unlabels_it(
    account: Account, world: World
) -> None:
    """A plan sees the live-only entries of the other dataset, and what its policy does to them; so does a diff."""
    account.create("cells")
    world.write("cells", world.many(5), world.many(2, first=500))
    world.run("apply", "--yes")
    moved = [*world.many(5), *world.many(1, first=500)], world.many(1, first=501)
    world.write("cells", *moved)
    refused = world.run("plan", "--json").document
    kinds = {
        check["name"]
        for one in refused["projects"][0]["datasets"]
        for check in one["guards"]
        if check["state"] == "tripped"
    }
    assert kinds == {"distributed"}
    world.write(
        "cells", *moved, settings="managed: false\npolicy: {extra: unlabel, guards: {test-set: off, shrink: off}}"
    )
    assert "refused" not in world.run("plan").out


def test_a_frozen_test_set_refuses_an_entry_more_until_it_is_overridden(account: Account, world: World) -> None:
    """The plan has the line to paste, its JSON the word, and the training set of the same policy takes entries."""
    account.create("cells")
    frozen = "managed: false\npolicy: {guards: {test-set: frozen}}"
    world.write("cells", world.many(9), world.many(3, first=500), settings=frozen)
    assert world.run("apply", "--yes").code == 0
    world.write("cells", world.many(10), world.many(4, first=500), settings=frozen)
    ran = world.run("plan")
    assert ran.code == 4
    assert "1 entry would be added to or changed in the test set, which is frozen" in " ".join(ran.out.split())
    assert '--allow test-set="' in ran.err
    refused = world.run("plan", "--json").datasets
    assert refused[1]["policy"]["guards"] == {"test-set": "frozen"}
    assert world.run("apply", "--yes", "--allow", 'test-set="a new camera"').code == 0


def test_labels_for_unlabelled_entries_are_not_updates(account: Account, world: World) -> None:
    """Whoever labels images that were uploaded without labels overwrites nothing."""
    account.create("cells")
    world.write("cells", [json.dumps(bare(f"s3://acme-vision/cells/{number}.jpg")) for number in range(20)])
    world.run("apply", "--yes")
    world.write("cells", [world.boxes(f"{number}.jpg", "RBC") for number in range(20)])
    assert "refused" not in world.run("plan").out


def test_a_rename_on_one_side_only_is_a_danger_that_no_override_hides(account: Account, world: World) -> None:
    """What is trained would then not be what is tested."""
    account.create("cells")
    world.write("cells", world.many(20), world.many(20, first=500))
    world.run("apply", "--yes")
    world.write("cells", world.many(20, "cell"), world.many(20, first=500))
    ran = world.run("plan", "--allow", "rename:RBC->cell=why")
    words = "the label RBC is renamed to cell in train only; 20 images of test still have the old label"
    assert words in " ".join(ran.out.split())
    world.write("cells", world.many(20, "cell"), world.many(20, "cell", first=500))
    both = world.run("plan", "--allow", "rename:RBC->cell=why")
    assert "in train only" not in " ".join(both.out.split())


def test_a_test_set_that_is_larger_than_the_training_set_is_noted(world: World) -> None:
    """Without a service: the sizes of both are known from the manifests."""
    world.write("cells", world.many(2), world.many(5, first=500))
    assert "test has more labelled images (5) than train (2)" in " ".join(world.run("validate").out.split())
