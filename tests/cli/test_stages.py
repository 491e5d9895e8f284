"""`--stage`: one repository, several accounts and buckets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.accounts import OTHER, ROLE, client_of, entries_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Account, World

FROM, TO = "s3://acme-vision/", "s3://acme-prod/vision/"
PROD = f"prod:\n  assumeRole: {ROLE}\n  images: {{{FROM}: {TO}}}\n"


@pytest.fixture
def prod(account: Account) -> Callable[[], list[int]]:
    """A project `cells` in each of two accounts; gives the numbers of entries in the second one."""
    client = client_of(account.emulator)
    arn = client.create_project(ProjectName="cells")["ProjectArn"]
    account.create("cells")
    return lambda: entries_of(client, arn)


def stages(world: World, text: str) -> None:
    """Write stages.yaml."""
    (world.folder / "datasets" / "stages.yaml").write_text(text)


def test_a_stage_has_its_own_account_and_bucket(world: World, account: Account, prod: Callable[[], list[int]]) -> None:
    """The same folder is applied to both; the mapped entries are live in the stage, and both plans are empty then."""
    world.write("cells", world.many(3))
    stages(world, f"{PROD}dev: {{}}\n")
    assert world.run("apply", "--yes", "--stage", "prod").code == 0
    assert prod() == [3]
    assert account.emulator.count_calls("CreateDataset") == 1
    assert world.run("apply", "--yes").code == 0
    assert account.keys("cells") == [f"s3://acme-vision/cells/000{number}.jpg" for number in range(3)]
    for chosen in ((), ("--stage", "prod"), ("--stage", "dev")):
        assert world.run("plan", "--exit-code", *chosen).code == 0
        assert world.run("drift", *chosen).code == 0


def test_both_prefixes_are_in_the_header_once(world: World, prod: Callable[[], list[int]]) -> None:
    """In text, Markdown and JSON; the entries have the keys of the stage."""
    world.write("cells", world.many(3))
    stages(world, PROD)
    ran = world.run("plan", "--stage", "prod", "--markdown", "comment.md", "--save", "plan.json")
    header = f"stage prod: {FROM} -> {TO}"
    assert (prod(), ran.out.splitlines()[0].count(header), ran.out.count(FROM)) == ([], 1, 1)
    assert (world.folder / "comment.md").read_text().count("acme-vision") == 1
    document = json.loads((world.folder / "plan.json").read_text())
    keys = [change["key"] for change in document["projects"][0]["datasets"][0]["changes"]]
    assert min(keys) == f"{TO}cells/0000.jpg"
    assert (document["compared"]["stage"], document["compared"]["images"]) == ("prod", {FROM: TO})


def test_pull_maps_back(world: World, prod: Callable[[], list[int]]) -> None:
    """A first manifest and a changed entry have the repository's keys; the plan of the stage is empty after it."""
    folder = world.write("cells", world.many(3))
    stages(world, PROD)
    assert world.run("apply", "--yes", "--stage", "prod").code == 0
    before = (folder / "train.jsonl").read_text()
    (folder / "train.jsonl").unlink()
    assert world.run("pull", "--stage", "prod").code == 0
    assert prod() == [3]
    assert (folder / "train.jsonl").read_text().count(f"{FROM}cells/") == 3
    assert world.run("plan", "--stage", "prod", "--exit-code").code == 0
    (folder / "train.jsonl").write_text(before.replace("RBC", "WBC", 2))
    assert world.run("pull", "--stage", "prod", "--discard-ours").code == 0
    assert "acme-prod" not in (folder / "train.jsonl").read_text()
    assert world.run("plan", "--stage", "prod", "--exit-code").code == 0


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("- prod\n", "1:1", "is a list where keys and values belong"),
        ("prod: {acount: '1'}\n", "1:8", "did you mean `account`?"),
        ("prod: {account: 12}\n", "1:17", 'the account "12" is illegal'),
        ("prod: {region: Ireland}\n", "1:16", 'the region "Ireland" is illegal'),
        ("prod:\n  assumeRole: labels\n", "2:15", '"labels" is not the ARN of a role'),
        (f"prod:\n  account: '111122223333'\n  assumeRole: {ROLE}\n", "3:15", f"is of account {OTHER}"),
        ("prod: {images: [a]}\n", "1:16", "`images` is a list where keys and values belong"),
        ("prod: {images: {s3://a: s3://b/}}\n", "1:17", '"s3://a" is not the prefix of images'),
        ("prod: {images: {s3://a/: b/}}\n", "1:26", '"b/" is not the prefix of images'),
        ("prod:\n  images:\n    s3://a/: s3://c/\n    s3://b/: s3://c/\n", "4:14", '"s3://c/" and "s3://c/" overlap'),
        ("prod:\n  images:\n    s3://a/: s3://c/\n    s3://b/: s3://c/x/\n", "4:14", '"s3://c/x/" and "s3://c/" over'),
        ("prod:\n  images:\n    s3://a/: s3://c/\n    s3://a/x/: s3://d/\n", "4:5", '"s3://a/x/" and "s3://a/" over'),
    ],
)
def test_what_is_wrong_in_stages_yaml_has_its_place(world: World, text: str, place: str, said: str) -> None:
    """File, line and column, what is wrong, and the cure; nothing is read after it."""
    world.write("cells", world.many(1))
    stages(world, text)
    ran = world.run("validate", "--stage", "prod")
    assert ran.code == 3
    [line] = [one for one in ran.out.splitlines() if one.startswith("datasets/stages.yaml")]
    assert line.startswith(f"datasets/stages.yaml:{place} ")
    assert said in ran.out


def test_a_stage_that_is_not_there_lists_those_that_are(world: World) -> None:
    """A near name is suggested; a folder without the file says so."""
    world.write("cells", world.many(1))
    assert "there is no datasets/stages.yaml; write it, or leave --stage out" in world.run("plan", "--stage", "x").err
    stages(world, "prod: {}\ndev: {}\n")
    ran = world.run("plan", "--stage", "prd")
    assert (ran.code, ran.err) == (
        3,
        "error: datasets/stages.yaml has no stage prd (--stage) (did you mean `prod`?); it has: prod, dev\n",
    )
    assert world.run("validate").code == 0


@pytest.mark.parametrize("command", [("rm", "x", "--reason", "y"), ("rename-label", "a", "b"), ("split",)])
def test_commands_that_edit_the_repository_have_no_stage(world: World, command: tuple[str, ...]) -> None:
    """They would write the keys of the stage into its manifests."""
    ran = world.run(*command, "--stage", "prod")
    assert (ran.code, "there is no option --stage" in ran.err) == (3, True)


def test_a_key_that_is_of_the_stage_already_is_refused(world: World) -> None:
    """Two images would become one; the place is the manifest's."""
    world.write("cells", [world.boxes("a.jpg", "RBC"), world.boxes(f"{TO}cells/a.jpg", "RBC")])
    stages(world, PROD)
    ran = world.run("validate", "--stage", "prod")
    assert ran.code == 3
    assert "datasets/cells/train.jsonl:2:1" in ran.out
    assert "source-ref-of-stage" in ran.out
    assert "would become one" in ran.out


def test_one_bucket_is_demanded_after_the_mapping(world: World) -> None:
    """Two buckets of the repository may be one in the stage."""
    lines = [world.boxes("s3://acme-one/a.jpg", "RBC"), world.boxes("s3://acme-two/a.jpg", "RBC")]
    world.write("cells", lines)
    stages(world, "prod: {images: {s3://acme-one/: s3://acme-prod/1/, s3://acme-two/: s3://acme-prod/2/}}\n")
    assert world.run("validate").code == 3
    assert world.run("validate", "--stage", "prod").code == 0


def test_options_go_before_the_stage_and_that_before_project_yaml(world: World, account: Account) -> None:
    """Region, account and the place of records."""
    account.create("cells")
    world.write("cells", world.many(1), settings="managed: false\naccount: '999988887777'\nregion: eu-west-1")
    stages(world, "prod: {account: '111122223333', region: eu-central-1, audit: stage.jsonl}\n")
    ran = world.run("plan", "--stage", "prod")
    assert "does not exist in eu-central-1" in ran.out
    applied = ("apply", "--yes", "--stage", "prod", "--region", "us-east-1")
    assert world.run(*applied, "--audit", "mine.jsonl").code == 0
    assert ((world.folder / "mine.jsonl").exists(), (world.folder / "stage.jsonl").exists()) == (True, False)
    assert world.run(*applied).code == 0
    assert (world.folder / "stage.jsonl").exists()


def test_an_arn_of_a_different_account_than_the_stage_is_refused(world: World) -> None:
    """The sentence names both, and how to name a project that is in every stage."""
    arn = "arn:aws:rekognition:us-east-1:111122223333:project/cells/1690405809285"
    world.write("cells", world.many(1), settings=f"projectArn: {arn}")
    stages(world, f"prod: {{account: '{OTHER}'}}\n")
    ran = world.run("plan", "--stage", "prod")
    assert ran.code == 3
    assert f"is in account 111122223333, and the stage prod of stages.yaml says {OTHER}; name the project by" in ran.err


def test_retired_images_are_named_as_in_the_repository(world: World, account: Account) -> None:
    """By address, key or pattern; the stage's keys are retired."""
    account.create("cells")
    retired = "managed: false\nretired: [{image: 'cells/0002.jpg', reason: blurred}]"
    stage = ("--stage", "prod")
    world.write("cells", world.many(3))
    stages(world, f"prod: {{images: {{{FROM}: {TO}}}}}\n")
    assert world.run("apply", "--yes", *stage).code == 0
    world.write("cells", world.many(2), settings=retired)
    ran = world.run("apply", "--yes", *stage)
    assert ran.code == 0
    assert world.run("plan", "--exit-code", *stage).code == 0
    assert "retired" in ran.out
