"""Names that are in people's states, programs, stack files and scripts since 0.1.0 are still known."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from reconciler.provider.dynamic import DatasetProvider
from tests.compatibility.stack import DATASET, RELEASE, names, stored_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from tests.compatibility.stack import Stack

    Left = Callable[[str], Stack]

STATES = sorted(RELEASE.glob("*/program/dot-localengine/dev.json"))
(CI,) = names()["variables"]["machines"]
ALLOW, PLAN = names()["variables"]["runs"]
ENOUGH = {ALLOW: "label-removed=meant; updates=meant; label-share=meant"}
FILES = {
    "aws.ini": "[profile alice]\nregion = us-east-1\n[alice]\naws_access_key_id = a\naws_secret_access_key = b\n",
    "coco.json": json.dumps(
        {
            "images": [{"id": 1, "file_name": "1.jpg", "width": 640, "height": 480}],
            "categories": [{"id": 1, "name": "cat"}],
            "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40]}],
        }
    ),
    "voc.xml": "<annotation><filename>1.jpg</filename>"
    "<size><width>640</width><height>480</height><depth>3</depth></size>"
    "<object><name>cat</name><bndbox><xmin>2</xmin><ymin>3</ymin><xmax>31</xmax><ymax>42</ymax></bndbox></object>"
    "</annotation>",
}
# A value for each of the settings of both namespaces that changes nothing about a run on the emulator.
VALUES: dict[str, object] = {
    "reconciler:allow": [{"guard": "updates", "reason": "meant", "manifest": "0" * 32}],
    "reconciler:audit": "kept/audit.jsonl",
    "reconciler:snapshots": "kept/snapshots",
    "aws:allowedAccountIds": ["111122223333"],
    "aws:assumeRoleWithWebIdentity": {},
    "aws:assumeRoles": [],
    "aws:customCaBundle": "here.txt",
    "aws:defaultTags": {},
    "aws:forbiddenAccountIds": ["999988887777"],
    "aws:ignoreTags": {},
    "aws:insecure": "false",
    "aws:maxRetries": "3",
    "aws:profile": "alice",
    "aws:region": "us-east-1",
    "aws:s3UsePathStyle": "true",
    "aws:sharedConfigFiles": ["here.txt"],
    "aws:sharedCredentialsFiles": ["here.txt"],
    "aws:skipCredentialsValidation": "true",
    "aws:skipMetadataApiCheck": "true",
    "aws:skipRegionValidation": "true",
    "aws:skipRequestingAccountId": "true",
    "aws:stsRegion": "us-east-1",
    "aws:tokenBucketRateLimiterCapacity": "10",
    "aws:useDualstackEndpoint": "false",
    "aws:useFipsEndpoint": "false",
}
FROM_THE_FIXTURE = {
    "reconciler:datasets",
    "reconciler:endpointUrl",
    "aws:endpoints",
    "aws:accessKey",
    "aws:secretKey",
    "aws:token",
}


def all_in(known: Iterable[str], bags: Iterable[dict[str, Any]]) -> None:
    """The names that occur in any of the bags are exactly those that are known."""
    assert {name for bag in bags for name in bag} == set(known)


def test_the_list_of_names_is_that_of_the_states() -> None:
    """Every property, setting and guard that 0.1.0 stores occurs in a state that is kept, and the list has no other."""
    known, stored = names(), [one for state in STATES for one in stored_in(state).values()]
    assert known["type"] == DATASET
    all_in(known["inputs"], (one["inputs"] for one in stored))
    all_in(known["outputs"], (one["outputs"] for one in stored))
    all_in(known["live"], (one["outputs"][record] for one in stored for record in ("live", "appliedLive")))
    all_in(known["policy"], (one["outputs"]["policy"] for one in stored))
    all_in(known["guards"], (one["outputs"]["policy"].get("guards", {}) for one in stored))
    assert sorted({one["id"][one["id"].index("#") :] for one in stored}) == known["idSuffixes"]


def test_todays_state_has_the_names_ids_and_provider_of_0_1_0(left: Left) -> None:
    """The same program without a state stores, for each dataset, what 0.1.0 stored, under the same names."""
    stack = left("settings")
    before = stack.stored()
    shutil.rmtree(stack.folder / ".localengine")
    stack.emulator.remove_entries(stack.arn("strict"), stack.was_live("strict"))
    stack.emulator.remove_entries(stack.arn("every-setting"), stack.was_live("every-setting"))
    stack.env |= ENOUGH
    stack.up()
    for name, made in stack.stored().items():
        old = before.pop(name)
        assert (made["urn"], made["id"], made["type"]) == (old["urn"], old["id"], old["type"])
        assert made["inputs"]["__provider"] == old["inputs"]["__provider"]
        for bag in ("inputs", "outputs"):
            assert set(made[bag]) >= set(old[bag]), name
            assert made[bag]["policy"] | old[bag]["policy"] == made[bag]["policy"], name
        for record in ("live", "appliedLive"):
            assert set(made["outputs"][record]) >= set(old["outputs"][record])
    assert before == {}


def test_the_provider_in_every_state_is_the_one_of_today() -> None:
    """Refresh and destroy load the provider from the state, so its pickle is the same always."""
    today = serialize_provider(DatasetProvider())
    kept = {
        one[bag]["__provider"] for state in STATES for one in stored_in(state).values() for bag in ("inputs", "outputs")
    }
    assert kept == {today}


def configured(stack: Stack, values: dict[str, object]) -> None:
    """Add settings to the stack's file, whose own stay."""
    path = stack.folder / "Pulumi.dev.yaml"
    document = json.loads(path.read_text())
    document["config"] |= values
    path.write_text(json.dumps(document))


def test_every_setting_of_the_stack_file_is_taken_together(left: Left) -> None:
    """All settings of 0.1.0 in one stack file: the preview is empty as before."""
    stack = left("settings")
    (stack.folder / "here.txt").write_text(FILES["aws.ini"])
    known = {f"{space}:{name}" for space, listed in names()["settings"].items() for name in listed}
    configured(stack, {name: VALUES.get(name, "text") for name in known - FROM_THE_FIXTURE})
    assert known <= set(json.loads((stack.folder / "Pulumi.dev.yaml").read_text())["config"])
    stack.preview("--expect-no-changes")


def test_every_name_of_a_setting_is_known(left: Left) -> None:
    """A misspelt name is answered with the right one, so the right one is known."""
    stack = left("settings")
    known = [f"{space}:{name}" for space, listed in names()["settings"].items() for name in listed]
    configured(stack, {f"{name}{name[-1]}": "text" for name in known})
    text = stack.preview(expected=1).text
    assert [name for name in known if f"did you mean `{name}`?" not in text] == []


def runs(stack: Stack) -> dict[str, list[Sequence[str]]]:
    """Command lines that have every option of 0.1.0 and succeed: options that exclude one another apart."""
    url, (snapshot,) = stack.emulator.url, (stack.folder / ".reconciler" / "snapshots").glob("train-cells-*")
    to = ("--region", "us-east-1", "--profile", "alice", "--endpoint-url", url)
    declared = ("--datasets", "datasets", "--project", "cells")
    limited, views = ("--limit", "5"), ("--images", "pictures", "--no-links")
    return {
        "validate": [(*declared, "--json", "--verbose"), ("-v",), ("-h",), ("--help",)],
        "plan": [
            (*declared, "--json", "-v", *to, *limited, "--allow", "updates=why", "--snapshots", "s", "--base", "main"),
            ("--all", "--verbose", "--exit-code", "--save", "p", "--markdown", "m", "--html", "h", *views),
            ("-h",),
            ("--help",),
        ],
        "apply": [
            (*declared, "--json", "-v", *to, *limited, "--allow", "updates=why", "--snapshots", "s", "--yes"),
            ("--all", "--verbose", "--audit", "audit.jsonl", "--yes"),
            ("--yes", "--plan", f"{'0' * 32}"),
            ("-h",),
            ("--help",),
        ],
        "restore": [
            (
                *declared,
                "--type",
                "train",
                "--json",
                "-v",
                *to,
                *limited,
                "--audit",
                "audit.jsonl",
                "--yes",
                str(snapshot),
            ),
            (str(snapshot), "--dataset-arn", stack.arn("cells"), "--all", "--verbose", "--yes"),
            ("-h",),
            ("--help",),
        ],
        "report": [
            ("p", "--format", "html", "-v", "-o", "r", *views),
            ("p", "--output", "r", "--verbose"),
            ("-h",),
            ("--help",),
        ],
        "diff": [
            ("main", "datasets", "--datasets", "datasets", "--format", "html", "-v", "-o", "d", "--exit-code", *views),
            ("datasets", "datasets", "--output", "d", "--verbose"),
            ("-h",),
            ("--help",),
        ],
        "convert": [
            ("voc", "voc.xml", "--images", "s3://acme-vision/", "--created", "2026-01-31T00:00:00", "-o", "c", "-v"),
            ("coco", "coco.json", "--images", "s3://acme-vision/", "--output", "c", "--verbose"),
            ("-h",),
            ("--help",),
        ],
    }


@pytest.mark.parametrize("command", names()["options"])
def test_every_option_of_a_command_is_accepted(left: Left, command: str) -> None:
    """Real runs with all options that 0.1.0 had: none is bad usage, whatever it leads to."""
    stack = left("records")
    prepare(stack.folder)
    stack.env |= {"AWS_CONFIG_FILE": "aws.ini", "AWS_SHARED_CREDENTIALS_FILE": "aws.ini"}
    if command == "report":
        stack.reconciler("plan", "--save", "p")
    lines = runs(stack)[command]
    assert command != "convert" or {line[0] for line in lines if line[0][0] != "-"} == set(names()["annotations"])
    assert {word for line in lines for word in line if word.startswith("-")} == set(names()["options"][command])
    for line in lines:
        ended = stack.reconciler(command, *line, expected="any")
        # A plan id of nothing that was reviewed is refused (4), and so is an edit that a base does not have; changes
        # are 2 where they were asked for.
        assert ended.code in ({4} if "--plan" in line else {0, 2, 4} if "--base" in line else {0, 2}), ended


def prepare(folder: Path) -> None:
    """A repository of the datasets, a folder for pictures, a profile, and annotations of both other formats."""
    (folder / "pictures").mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    git = ["git", "-c", "user.name=alice", "-c", "user.email=alice@example.com"]
    subprocess.run([*git, "init", "--quiet", "--initial-branch", "main"], cwd=folder, check=True)
    subprocess.run([*git, "add", "datasets"], cwd=folder, check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "datasets"], cwd=folder, check=True)


def test_the_variable_of_a_plan_holds_an_up_to_what_was_reviewed(left: Left) -> None:
    """If RECONCILER_PLAN has the id of a different plan, nothing is sent."""
    stack = left("by-hand")
    edit(stack, "manifests/train.jsonl")
    stack.env |= {PLAN: "0" * 32, **ENOUGH}
    assert PLAN in stack.up(expected=1).text
    assert stack.sent == []


def test_the_variable_of_overrides_lifts_a_guard_of_an_up(left: Left) -> None:
    """The variable RECONCILER_ALLOW is obeyed: without it the guard refuses, with it the record has the reason."""
    stack = left("by-hand")
    edit(stack, "manifests/train.jsonl")
    assert "label-removed" in stack.up(expected=1).text
    assert stack.sent == []
    stack.env |= ENOUGH
    stack.up()
    assert stack.sent == ["UpdateDatasetEntries"]
    assert {"guard": "label-removed", "reason": "meant"} in stack.records()[-1]["overrides"]


def test_ci_says_that_files_here_do_not_last(left: Left) -> None:
    """With the variable CI a dataset is not deleted for a snapshot that would be gone with the machine."""
    stack = left("by-hand")
    stack.env[CI] = "true"
    assert "CI is set" in stack.destroy(expected=1).text
    assert stack.sent == []


@pytest.mark.parametrize("variable", names()["variables"]["actors"])
def test_the_record_has_the_actor_of_a_service_of_continuous_integration(left: Left, variable: str) -> None:
    """Who ran it is read from the variables of the three services."""
    stack = left("records")
    stack.env[variable] = "alice"
    stack.reconciler("apply", "--yes", "--project", "noted")
    assert stack.records()[-1]["who"]["ci"]["actor"] == "alice"


def test_colours_are_asked_for_and_forbidden_by_variables(left: Left) -> None:
    """FORCE_COLOR colours a pipe, and NO_COLOR wins over it."""
    stack = left("records")
    forced, forbidden = names()["variables"]["colours"]
    stack.env[forced] = "1"
    assert "\033[" in stack.reconciler("plan").out
    stack.env[forbidden] = "1"
    assert "\033[" not in stack.reconciler("plan").out


def edit(stack: Stack, manifest: str) -> None:
    """Give all entries the label of some, so that a different one is no longer used."""
    path = stack.folder / manifest
    path.write_text(path.read_text().replace('"class-name": "dog"', '"class-name": "cat"'))
