"""The Action from its first step to its last: its own shell and scripts, with a stand-in for the forge alone."""

from __future__ import annotations

import json
import re
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from action.forge import ForgeError, api, pages
from tests.cli.repository import commit, git
from tests.support.forge import served
from tests.support.reader import pictures
from tests.support.runner import ROOT, Job, Runner, environment, evaluated, loaded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Account, World
    from tests.support.forge import Forge


ROLE = "arn:aws:iam::111122223333:role/labels"


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    """The forge, with its command line in a folder of tools."""
    (tmp_path / "tools").mkdir()
    with served(tmp_path / "tools") as one:
        yield one


@pytest.fixture
def runner(world: World, account: Account, forge: Forge, tmp_path: Path) -> Runner:
    """A runner of a repository whose main branch has four entries, all of them live."""
    account.create("cells")
    world.write("cells", world.many(4))
    (world.folder / ".gitignore").write_text(".reconciler/\n")
    commit(world.folder)
    assert world.run("apply", "--yes").code == 0
    main(world.folder)
    return Runner(world.folder, tmp_path / "temp", forge, environment({}, tmp_path / "tools"))


def main(folder: Path) -> None:
    """What is checked out is the main branch, of which pull requests are made."""
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")


def pulled(world: World, lines: list[str], *, fork: bool = False, number: int = 7) -> dict[str, Any]:
    """Commit a manifest and give the event of a pull request for it."""
    world.write("cells", lines)
    commit(world.folder)
    head = git(world.folder, "rev-parse", "HEAD").strip()
    of = {"full_name": "somebody/labels" if fork else "acme/labels"}
    return {"pull_request": {"number": number, "head": {"sha": head, "repo": of}, "base": {"ref": "main"}}}


def act(runner: Runner, command: str, event: str = "push", payload: Any = None, **inputs: str) -> Job:  # noqa: ANN401 - JSON
    """Run the Action with the Python of the tests."""
    return runner.act(event, payload or {}, {"command": command, "python": sys.executable, **inputs})


def test_a_review_is_one_comment_for_each_target(world: World, runner: Runner, forge: Forge) -> None:
    """The first run writes it, the next one renews it, a second target has its own; status and outputs are there."""
    event = pulled(world, world.many(6))
    person = {"type": "User", "login": "mallory"}
    forge.comments.append({"id": 1, "user": person, "body": "<!-- reconciler:plan datasets -->\nnot ours"})
    job = act(runner, "review", "pull_request", event)
    assert job.code == 0, job.log
    others, comment = forge.comments
    assert others["body"].endswith("not ours")
    assert comment["body"].startswith("<!-- reconciler:plan datasets -->\n## datasets: ")
    assert "](https://forge.example/acme/labels/actions/runs/1/artifacts/1)" in comment["body"]
    assert "0005.jpg" in comment["body"]
    assert forge.statuses[0]["description"] == "2 to add"
    assert forge.statuses[0]["context"] == "labels review (datasets)"
    assert forge.statuses[0]["sha"] == event["pull_request"]["head"]["sha"]
    assert job.outputs["changes"] == "2"
    assert json.loads(job.outputs["projects"]) == ["cells"]
    assert len(job.outputs["plan-id"]) == 32
    assert "0005.jpg" in job.summary
    assert {one["name"] for one in forge.artifacts} == {"reconciler-review-datasets"}

    act(runner, "review", "pull_request", pulled(world, world.many(4)))
    assert [one["id"] for one in forge.comments] == [1, 2]
    assert "0005.jpg" not in forge.comments[1]["body"]
    assert forge.statuses[-1]["description"] == "no changes"

    act(runner, "review", "pull_request", event, target="prod & more")
    first = [one["body"].splitlines()[0] for one in forge.comments[1:]]
    assert len(set(first)) == 2
    assert {one["name"].rpartition("review-")[2] for one in forge.artifacts} == {
        "datasets",
        first[1].split()[2],
    }
    assert forge.statuses[-1]["context"] == "labels review (prod & more)"


def test_the_page_of_a_review_has_pictures_where_they_are_named(world: World, runner: Runner) -> None:
    """The input takes what the command takes: a folder, or s3."""
    event = pulled(world, world.many(6))
    pictures([str(world.folder / "photos"), "6", "64", "48"])
    job = act(runner, "review", "pull_request", event, pictures="photos")
    assert job.code == 0, job.log
    (page,) = runner.temporary.glob("*/plan.html")
    assert "data:image/" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("fork", [True, False], ids=["fork", "Dependabot"])
def test_a_fork_gets_a_diff_and_no_request_is_written(
    world: World,
    runner: Runner,
    forge: Forge,
    fork: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Without credentials the branch is compared with its base, and the summary of the job shows it."""
    runner.environ.pop("AWS_ACCESS_KEY_ID")
    runner.environ.pop("AWS_SECRET_ACCESS_KEY")
    event = pulled(world, world.many(6), fork=fork)
    event["pull_request"]["user"] = {"login": "somebody" if fork else "dependabot[bot]"}
    job = act(runner, "review", "pull_request", event)
    assert job.code == 0, job.log
    assert "0005.jpg" in job.summary
    assert job.outputs["changes"] == "2"
    assert forge.asked == []


def test_drift_is_one_issue_until_live_is_clean(world: World, account: Account, runner: Runner, forge: Forge) -> None:
    """It is opened with the commands that keep or undo the edit, updated by the next run, closed after a pull."""
    account.emulator.edit_entries(account.dataset("cells"), [world.boxes("0001.jpg", "WBC")])
    job = act(runner, "drift", "schedule")
    assert (job.code, job.outputs["drift"]) == (2, "true")
    (issue,) = forge.issues
    assert issue["title"] == "Labels drifted: datasets"
    assert issue["labels"] == ["reconciler-drift"]
    for words in ("reconciler pull --datasets=datasets --project=cells", "--allow theirs=", "0001.jpg"):
        assert words in issue["body"]
    assert forge.statuses[-1]["description"] == "drift"

    issue["labels"] = []  # the token might not set them
    account.emulator.edit_entries(account.dataset("cells"), [world.boxes("0002.jpg", "WBC")])
    assert act(runner, "drift", "schedule").code == 2
    assert [one["number"] for one in forge.issues] == [1]
    assert "0002.jpg" in forge.issues[0]["body"]

    account.emulator.edit_entries(account.dataset("cells"), world.many(4))
    job = act(runner, "drift", "schedule")
    assert (job.code, job.outputs["drift"], forge.issues[0]["state"]) == (0, "false", "closed")


def test_an_apply_is_held_against_the_review(world: World, account: Account, runner: Runner, forge: Forge) -> None:
    """What a review showed is applied; what none showed is named under `warn`, and under `require` nothing is sent."""
    event = pulled(world, world.many(6))
    assert act(runner, "review", "pull_request", event).code == 0
    forge.merge(runner.head(), 7, event["pull_request"]["head"]["sha"])
    shutil.rmtree(runner.temporary)
    job = act(runner, "apply", reviewed="require")
    assert job.code == 0, job.log
    assert len(account.keys("cells")) == 6

    pulled(world, world.many(8))
    job = act(runner, "apply", reviewed="require")
    assert job.code == 4
    assert "::error title=labels::2 changes were in no review (looked at: #7); nothing was sent" in job.log
    assert "cells train: s3://acme-vision/cells/0007.jpg" in job.summary
    assert len(account.keys("cells")) == 6

    job = act(runner, "apply")
    assert job.code == 0
    assert "::warning title=labels::2 changes were in no review" in job.log
    assert len(account.keys("cells")) == 8


def test_the_review_of_a_fork_counts(world: World, account: Account, runner: Runner, forge: Forge) -> None:
    """What it showed from git alone is what an apply does, change by change; one that is live by now is left out."""
    keys = {name: runner.environ.pop(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    lines = [*world.many(3), world.boxes("0003.jpg", "RBC", left=200), *world.many(2, first=4)]
    event = pulled(world, lines, fork=True)
    assert act(runner, "review", "pull_request", event).code == 0
    forge.merge(runner.head(), 7, event["pull_request"]["head"]["sha"])
    runner.environ |= keys
    account.emulator.edit_entries(account.dataset("cells"), lines[-1:])
    job = act(runner, "apply", reviewed="require")
    assert (job.code, len(account.keys("cells"))) == (0, 6), job.log


def test_a_change_that_is_live_by_now_does_not_count(world: World, account: Account, runner: Runner) -> None:
    """Somebody applied it by hand: nothing is left that a review would have had to show."""
    pulled(world, world.many(6))
    assert world.run("apply", "--yes").code == 0
    job = act(runner, "apply", reviewed="require")
    assert (job.code, len(account.keys("cells"))) == (0, 6)


def test_validate_annotates_the_lines(world: World, runner: Runner, forge: Forge) -> None:
    """An error is an annotation of its line, and the job fails with the exit code of the command."""
    pulled(world, [*world.many(2), "{"])
    job = act(runner, "validate", "pull_request")
    assert job.code == 3
    assert "::error file=datasets/cells/train.jsonl,line=3,col=" in job.log
    assert not [one for one in forge.asked if "POST" in one]


def test_the_reusable_workflow_signs_in_and_reviews_a_merge_group(
    world: World, runner: Runner, forge: Forge, tmp_path: Path
) -> None:
    """In a merge queue status and summary are the review: there is nothing to comment on. The role goes before keys."""
    base = runner.head()
    pulled(world, world.many(5))
    workflow = loaded(ROOT / ".github/workflows/labels.yml")
    defaults = {name: one.get("default", "") for name, one in workflow["on"]["workflow_call"]["inputs"].items()}
    given = {**defaults, "role": ROLE, "region": "us-east-1", "place": str(tmp_path / "place")}
    known = {"github": {"event_name": "merge_group"}, "inputs": given}
    steps = workflow["jobs"]["labels"]["steps"]
    inputs = {name: evaluated(value, known) for name, value in steps[-1]["with"].items()}
    assert runner.shell(steps[0]["run"], {**runner.environ, "PLACE": "s3://bucket/folder"}).returncode == 0
    runner.environ |= {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{forge.url}/token?version=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request",
        "AWS_ENDPOINT_URL_STS": forge.url,
    }
    job = runner.act("merge_group", {"merge_group": {"base_sha": base}}, {**inputs, "python": sys.executable})
    assert (job.code, job.outputs["changes"], forge.comments) == (0, "1", []), job.log
    assert forge.statuses[-1]["description"] == "1 to add"
    assert forge.roles == [ROLE]
    assert "GET /token?version=1&audience=sts.amazonaws.com" in forge.asked
    assert "token-of-a-job" not in job.log.replace("::add-mask::token-of-a-job", "")


@pytest.mark.parametrize(("name", "value"), [("command", "destroy"), ("reviewed", "no")])
def test_a_wrong_input_is_a_sentence(runner: Runner, name: str, value: str) -> None:
    """It names the values that there are, and nothing is run."""
    job = runner.act("push", {}, {"command": "review", "python": sys.executable, name: value})
    assert job.code == 3
    assert f"the input `{name}` must be one of" in job.log


def test_text_of_others_never_acts(world: World, runner: Runner, forge: Forge) -> None:
    """An input stays text in the shell and in Markdown; a label in the log is never a command of the runner."""
    hostile = "$(touch hit) `touch hit`; <img src=x> [a](b)"
    lines = [*world.many(4), world.boxes("new.jpg", "::error::acts")]
    job = act(runner, "review", "pull_request", pulled(world, lines), target=hostile)
    assert job.code == 0
    heard = re.sub(r"(?ms)^::stop-commands::(\w+)$.*?^::\1::$", "", job.log)
    assert "::error::acts" in job.log
    assert not re.search(r"(?m)^\s*::error", heard)
    assert not (world.folder / "hit").exists()
    assert "<img" not in forge.comments[0]["body"]


def test_the_forges_own_command_line_takes_what_is_given_to_it(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other tests have a stand-in for `gh`; here it is the real one, which finds the stand-in for the forge."""
    tools = str(tmp_path / "tools")
    if shutil.which("gh") is None:
        pytest.skip("gh, the command line of GitHub, is not installed")
    settings = {"GH_HOST": "github.localhost", "HTTP_PROXY": forge.url, "GH_TOKEN": "secret", "GH_CONFIG_DIR": tools}
    for name, value in settings.items():  # gh speaks plain HTTP to this name alone
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_PROXY", raising=False)
    api("repos/acme/labels/issues/7/comments", "POST", body="first\n& second")
    assert [one["body"] for one in pages("repos/acme/labels/issues/7/comments")] == ["first\n& second"]
    api("repos/acme/labels/issues/comments/1", "PATCH", body="third")
    assert forge.comments[0]["body"] == "third"
    with pytest.raises(ForgeError, match="HTTP 404"):
        api("repos/acme/labels/nothing")
