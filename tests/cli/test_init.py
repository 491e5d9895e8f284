"""`init`: what a repository needs, written once, never over anything that is there."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from reconciler.cli.arguments import parse
from reconciler.manifest.project.project_yaml import PROJECT_KEYS
from tests.cli.repository import commit, git
from tests.support.forge import served
from tests.support.runner import (
    ACTION,
    Job,
    Runner,
    environment,
    evaluated,
    faults,
    loaded,
    scripts,
    shellcheck,
    value_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Account, World


@pytest.fixture
def repository(world: World) -> Path:
    """A git repository with nothing in it."""
    git(world.folder, "init", "--quiet")
    return world.folder


@pytest.fixture
def live(world: World, account: Account) -> str:
    """The ARN of a project with a training dataset of four entries, in an otherwise empty repository."""
    git(world.folder, "init", "--quiet")
    arn = account.create("cells")
    folder = world.write("cells", world.many(4))
    assert world.run("apply", "--yes").code == 0
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.parent.rmdir()
    return arn


def files(folder: Path) -> dict[str, bytes]:
    """The files of a folder but for git's and the program's own."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return {name: content for name, content in found.items() if not name.startswith((".git/", ".reconciler/"))}


def test_a_live_project_is_in_with_one_command(world: World, live: str) -> None:
    """The files are written, the plan straight after is empty, and the next two commands are named."""
    ran = world.run("init", "cells")
    assert ran.code == 0
    schemas = {f"datasets/.schema/{name}.schema.json" for name in ("project", "manifest")}
    written = {".gitignore", "datasets/cells/project.yaml", "datasets/cells/train.jsonl"}
    assert files(world.folder).keys() == written | schemas
    declared: Any = yaml.safe_load((world.folder / "datasets/cells/project.yaml").read_text())
    assert declared == {
        "project": "cells",
        "managed": False,
        "account": live.split(":")[4],
        "region": live.split(":")[3],
    }
    assert "git add datasets" in ran.out
    assert "reconciler plan" in ran.out
    assert world.run("plan", "--exit-code").code == 0


@pytest.mark.usefixtures("live")
def test_without_a_name_all_live_projects_are_declared(world: World, account: Account) -> None:
    """Every project of the account in the Region gets a folder."""
    account.create("more")
    assert world.run("init").code == 0
    assert {path.name for path in (world.folder / "datasets").iterdir()} == {".schema", "cells", "more"}
    assert world.run("validate").code == 0


@pytest.mark.usefixtures("account", "repository")
def test_every_setting_is_there_as_a_comment_and_valid(world: World) -> None:
    """The comments of project.yaml are a legal declaration once they are none."""
    assert world.run("init", "new").code == 0
    path = world.folder / "datasets" / "new" / "project.yaml"
    text = path.read_text()
    assert world.run("validate").code == 0
    path.write_text(re.sub(r"^# (?!train:|test:|projectArn:|yaml-language-server:)", "", text, flags=re.MULTILINE))
    ran = world.run("validate")
    assert ran.code == 0, ran.out
    for setting in ("extra", "marked", "compare", "patience", "destroy", "rejected", "guards"):
        assert f"#   {setting}: " in text


@pytest.mark.usefixtures("live")
def test_files_name_the_schemas_that_are_beside_them(world: World) -> None:
    """The first line of project.yaml and of a YAML manifest leads an editor to a schema, and `fmt` keeps it there."""
    assert world.run("init", "cells", "--format", "yaml").code == 0
    folder = world.folder / "datasets" / "cells"
    for name, kind in (("project.yaml", "project"), ("train.yaml", "manifest")):
        line = (folder / name).read_text().splitlines()[0]
        schema = folder / line.removeprefix("# yaml-language-server: $schema=")
        assert json.loads(schema.read_text())["$schema"].startswith("http://json-schema.org/")
        assert schema.name == f"{kind}.schema.json"
    world.run("fmt")
    assert [(folder / name).read_text()[:22] for name in ("project.yaml", "train.yaml")] == [
        "# yaml-language-server"
    ] * 2


@pytest.mark.usefixtures("live")
def test_a_second_run_keeps_every_byte(world: World) -> None:
    """Nothing that is there is written again, whatever somebody made of it."""
    world.run("init", "cells", "--pulumi", "--github", "--gitlab")
    for path in ("datasets/cells/project.yaml", ".gitignore", "__main__.py", ".github/workflows/labels.yml"):
        with (world.folder / path).open("a") as file:
            file.write("# mine\n")
    before = files(world.folder)
    ran = world.run("init", "cells", "--pulumi", "--github", "--gitlab")
    assert ran.code == 0
    assert files(world.folder) == before


@pytest.mark.usefixtures("account", "repository")
def test_a_folder_that_holds_something_else_is_refused(world: World) -> None:
    """Neither the folder of all datasets nor one of its folders is filled when it is not ours; nothing is written."""
    (world.folder / "datasets").mkdir()
    (world.folder / "datasets" / "photos.txt").write_text("x")
    ran = world.run("init", "cells")
    assert ran.code == 3
    assert "holds something else" in ran.err
    assert files(world.folder).keys() == {"datasets/photos.txt"}
    assert world.run("init", "cells", "--datasets", "labels").code == 0
    (world.folder / "labels" / "more").mkdir()
    (world.folder / "labels" / "more" / "x").write_text("x")
    before = files(world.folder)
    assert world.run("init", "more", "--datasets", "labels").code == 3
    assert files(world.folder) == before


def test_it_needs_a_git_repository(world: World) -> None:
    """The sentence names the command that makes one; nothing is written."""
    ran = world.run("init", "cells")
    assert ran.code == 3
    assert "git init" in ran.err
    assert files(world.folder) == {}


@pytest.mark.usefixtures("account", "repository")
@pytest.mark.parametrize("name", ["../x", "a b", "..", "x/y", ""])
def test_a_name_that_no_project_can_have_is_refused(world: World, name: str) -> None:
    """It would be the name of a folder."""
    assert world.run("init", name).code == 3
    assert files(world.folder) == {}


@pytest.mark.usefixtures("account", "repository")
def test_where_there_is_a_program_the_lines_to_add_are_shown(world: World) -> None:
    """A program of somebody's own is kept."""
    (world.folder / "Pulumi.yaml").write_text("name: theirs\nruntime: python\n")
    (world.folder / "__main__.py").write_text("import pulumi\n")
    ran = world.run("init", "cells", "--pulumi")
    assert ran.code == 0
    assert "from reconciler import datasets_from" in ran.out
    assert (world.folder / "__main__.py").read_text() == "import pulumi\n"


@pytest.mark.usefixtures("account", "repository")
def test_the_jobs_are_yaml_and_their_commands_exist(world: World) -> None:
    """Every command of the jobs is one that this program takes; the workflow gives the Action inputs that it has."""
    world.run("init", "cells", "--github", "--gitlab")
    workflow, jobs = (
        (world.folder / path).read_text() for path in (".github/workflows/labels.yml", ".gitlab/labels.yml")
    )
    commands = jobs_of(jobs)
    assert {command.split()[0] for command in commands} == {"validate", "plan", "apply", "drift"}
    for command in commands:
        parse(shlex.split(command))
    step = yaml.safe_load(workflow)["jobs"]["labels"]["steps"][-1]
    assert set(step["with"]) <= set(ACTION["inputs"])
    for event, command in {
        "pull_request": "review",
        "merge_group": "review",
        "push": "apply",
        "schedule": "drift",
    }.items():
        assert evaluated(step["with"]["command"], {"github": {"event_name": event}}) == command
    for text in (workflow, jobs):
        assert "@" not in re.sub(r'actions/[a-z-]+@[0-9a-f]{40} # v\d|body@note.md|"\$@"', "", text)


@pytest.mark.usefixtures("account", "repository")
@pytest.mark.parametrize("pulumi", [False, True])
def test_the_jobs_are_valid_by_the_schemas_of_the_forges(world: World, pulumi: bool) -> None:  # noqa: FBT001 - a parameter
    """As the forges publish them, and their shell passes ShellCheck."""
    world.run("init", "cells", "--github", "--gitlab", *(["--pulumi"] if pulumi else []))
    workflow = loaded(world.folder / ".github/workflows/labels.yml")
    jobs = loaded(world.folder / ".gitlab/labels.yml")
    assert faults("github-workflow.json", workflow) == []
    assert faults("gitlab-ci.json", jobs) == []
    assert faults("gitlab-ci.json", loaded(world.folder / ".gitlab-ci.yml")) == []
    parts = ("before_script", "script", "after_script")
    shell = ["\n".join(line for part in parts for line in job.get(part, ())) for job in jobs.values()]
    for text in (*scripts(workflow["jobs"]["labels"]["steps"]), *shell):
        assert shellcheck(text) == ""


NOTE = "<!-- reconciler:plan -->\nwhat changes"


@pytest.mark.usefixtures("account", "repository")
def test_a_merge_request_has_one_note_that_is_updated(world: World, tmp_path: Path) -> None:
    """The shell of the job writes it, renews it next time, leaves those of people alone, and needs a token for it."""
    world.run("init", "cells", "--gitlab")
    script = yaml.safe_load((world.folder / ".gitlab/labels.yml").read_text())["labels-plan"]["after_script"][0]
    (tmp_path / "tools").mkdir()
    with served(tmp_path / "tools") as forge:
        forge.notes.append({"id": 40, "body": "hello"})
        given = {
            "CI_API_V4_URL": forge.url,
            "CI_PROJECT_ID": "5",
            "CI_MERGE_REQUEST_IID": "7",
            "PATH": os.environ["PATH"],
        }
        for token, text in (("", ""), ("secret", NOTE), ("secret", f"{NOTE} & <more>")):
            (world.folder / "note.md").write_text(text)
            environ = {**given, "RECONCILER_NOTE_TOKEN": token}
            subprocess.run(["/bin/sh", "-ec", script], cwd=world.folder, env=environ, check=True)
    assert forge.asked == [
        f"{method} /projects/5/merge_requests/7/notes{rest}"
        for method, rest in (("GET", LIST), ("POST", ""), ("GET", LIST), ("PUT", "/41"))
    ]
    assert [one["body"] for one in forge.notes] == ["hello", f"{NOTE} & <more>"]


LIST = "?per_page=100&order_by=created_at&sort=asc"


@pytest.mark.usefixtures("live")
def test_the_account_and_region_of_a_declaration_are_held_against_the_caller(world: World) -> None:
    """Credentials of a different account make no other call; a different --region is refused."""
    world.run("init", "cells")
    assert world.run("plan", "--region", "eu-west-1").code == 3
    path = world.folder / "datasets" / "cells" / "project.yaml"
    path.write_text(path.read_text().replace("111122223333", "444455556666"))
    ran = world.run("plan")
    assert ran.code == 3
    assert "says account 444455556666, and the credentials are of account 111122223333" in ran.err + ran.out


def test_the_next_command_commits_all_that_was_written(world: World, live: str) -> None:
    """After it and the commit nothing is left over; .gitignore has the lines of a Python program too."""
    assert live
    ran = world.run("init", "cells", "--pulumi", "--github")
    add = next(line for line in ran.out.splitlines() if line.startswith("next: git add ")).partition(" && ")[0]
    git(world.folder, *shlex.split(add.removeprefix("next: git ")))
    assert not [line for line in git(world.folder, "status", "--short").splitlines() if not line.startswith("A  ")]
    assert (world.folder / ".gitignore").read_text() == ".reconciler/\n.venv/\n__pycache__/\n"


def test_a_manifest_that_is_there_is_kept_whatever_is_live(world: World, live: str) -> None:
    """Entries that differ are for `pull`: init neither changes nor refuses them, and ends with the next commands."""
    assert live
    world.run("init", "cells")
    manifest = world.folder / "datasets" / "cells" / "train.jsonl"
    manifest.write_text(manifest.read_text().replace("RBC", "WBC"))
    before = files(world.folder)
    ran = world.run("init", "cells")
    assert (ran.code, files(world.folder)) == (0, before)
    assert "kept     datasets/cells/train.jsonl" in ran.out
    assert "reconciler plan" in ran.out


@pytest.mark.usefixtures("live")
def test_a_project_that_a_folder_declares_is_not_declared_twice(world: World) -> None:
    """The folder may have a name of its own."""
    world.run("init", "cells")
    (world.folder / "datasets" / "cells").rename(world.folder / "datasets" / "vision")
    before = files(world.folder)
    assert world.run("init").code == 0
    assert files(world.folder) == before


@pytest.mark.usefixtures("account", "repository")
def test_a_program_elsewhere_in_the_repository_is_found(world: World) -> None:
    """Its folder is named with the two lines, and no second program is written; once it has them, nothing is said."""
    (world.folder / "infra").mkdir()
    (world.folder / "infra" / "Pulumi.yaml").write_text("name: theirs\nruntime: python\n")
    for text, told in (("import pulumi\n", True), ("from reconciler import datasets_from\n\ndatasets_from()\n", False)):
        (world.folder / "infra" / "__main__.py").write_text(text)
        ran = world.run("init", "cells", "--pulumi")
        assert ran.code == 0
        assert ("add to your program in infra" in ran.out) is told
        assert not (world.folder / "Pulumi.yaml").exists()


@pytest.mark.usefixtures("account", "repository")
def test_a_folder_outside_of_the_repository_is_refused(world: World) -> None:
    """A job of the forge could not name it; nothing is written."""
    ran = world.run("init", "cells", "--datasets", "../elsewhere", "--github")
    assert ran.code == 3
    assert "is not in the git repository" in ran.err
    assert files(world.folder) == {}


def jobs_of(text: str) -> list[str]:
    """The commands of this program in jobs."""
    return re.findall(r"(?:- |run: )reconciler (.*)", text)


@pytest.mark.usefixtures("live")
def test_the_jobs_of_a_fresh_runner_do_not_overwrite_an_edit_of_the_console(
    world: World, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first job left record and copy in the place that outlives it: plan, apply and drift see the edit."""
    world.run("init", "cells", "--gitlab")
    place = world.folder.parent / "place"
    text = (world.folder / ".gitlab/labels.yml").read_text().replace("$RECONCILER_PLACE", str(place))
    commands = {words[0]: words for words in map(shlex.split, jobs_of(text))}
    monkeypatch.setenv("CI", "true")
    shutil.rmtree(world.folder / ".reconciler")
    assert world.run(*commands["apply"]).code == 0
    shutil.rmtree(world.folder / ".reconciler")
    account.emulator.edit_entries(account.dataset("cells"), [world.boxes("0001.jpg", "WBC")])
    assert world.run(*commands["drift"]).code == 2
    ran = world.run(*commands["apply"])
    assert ran.code == 4
    assert "made outside git" in ran.out + ran.err
    plan = [word for word in commands["plan"] if "origin/" not in word and word != "--base"]
    assert "made outside git" in world.run(*plan[:-2]).out


@pytest.mark.usefixtures("account", "repository")
@pytest.mark.parametrize("place", ["", "s3://", "s3://bucket", "folder"])
def test_the_jobs_fail_while_no_place_is_set(world: World, place: str) -> None:
    """Their first step says which variable to set; with a place in S3 it passes. The next lines of init name it too."""
    ran = world.run("init", "cells", "--github", "--gitlab")
    assert "RECONCILER_PLACE  s3://BUCKET/FOLDER" in ran.out
    workflow = yaml.safe_load((world.folder / ".github/workflows/labels.yml").read_text())
    jobs = yaml.safe_load((world.folder / ".gitlab/labels.yml").read_text())
    for script in (workflow["jobs"]["labels"]["steps"][0]["run"], jobs[".labels"]["before_script"][0]):
        for value, code in ((place, 1), ("s3://bucket/folder", 0)):
            ended = subprocess.run(
                ["/bin/sh", "-ec", script], env={"RECONCILER_PLACE": value}, capture_output=True, text=True, check=False
            )
            assert ended.returncode == code
            assert ("RECONCILER_PLACE to s3://BUCKET/FOLDER" in ended.stderr) is bool(code)


@pytest.mark.usefixtures("account", "repository")
def test_a_fork_which_is_given_no_variables_gets_past_the_first_steps(world: World) -> None:
    """Its job is not asked for a place, and the name of the Action may be in the workflow itself."""
    world.run("init", "cells", "--github")
    first, _, second, *_ = yaml.safe_load((world.folder / ".github/workflows/labels.yml").read_text())["jobs"][
        "labels"
    ]["steps"]
    for event, repository, asked in (("push", "", True), ("pull_request", "a/b", True), ("pull_request", "c/d", False)):
        head = {"head": {"repo": {"full_name": repository}}}
        known = {"github": {"event_name": event, "repository": "a/b", "event": {"pull_request": head}}}
        assert value_of(first["if"], known) is asked
    assert evaluated(second["with"]["repository"], {"vars": {"RECONCILER_ACTION": "x/y"}}) == "x/y"
    assert evaluated(second["with"]["repository"], {}) == "OWNER/NAME"


def test_the_workflow_of_a_fresh_runner_does_not_overwrite_an_edit_of_the_console(
    world: World, account: Account, live: str, tmp_path: Path
) -> None:
    """The same for the Action with the inputs of the workflow: the first run left record and copy in the place."""
    assert live
    world.run("init", "cells", "--github")
    step = yaml.safe_load((world.folder / ".github/workflows/labels.yml").read_text())["jobs"]["labels"]["steps"][-1]
    (tmp_path / "tools").mkdir()
    commit(world.folder)
    with served(tmp_path / "tools") as forge:
        runner = Runner(world.folder, tmp_path / "temp", forge, environment({"CI": "true"}, tmp_path / "tools"))

        def run(event: str) -> Job:
            shutil.rmtree(world.folder / ".reconciler", ignore_errors=True)
            known = {"github": {"event_name": event}, "vars": {"RECONCILER_PLACE": str(tmp_path / "place")}}
            inputs = {name: evaluated(value, known) for name, value in step["with"].items()}
            return runner.act(event, {}, {**inputs, "python": sys.executable})

        assert run("push").code == 0
        account.emulator.edit_entries(account.dataset("cells"), [world.boxes("0001.jpg", "WBC")])
        assert run("schedule").code == 2
        job = run("push")
        assert job.code == 4
        assert "made outside git" in job.log


def test_an_apply_on_a_runner_without_a_record_warns(
    world: World, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is known of the last apply: what is overwritten is said, with the places to name."""
    account.create("cells")
    world.write("cells", world.many(2))
    world.run("apply", "--yes")
    for ci in ("", "true"):
        shutil.rmtree(world.folder / ".reconciler")
        account.emulator.edit_entries(account.dataset("cells"), [world.boxes("0001.jpg", "WBC")])
        monkeypatch.setenv("CI", ci)
        ran = world.run("apply", "--yes", "--allow", "merge:WBC->RBC=it was a test")
        assert ran.code == 0
        assert ("warning: cells" in ran.err and "`--audit s3://BUCKET/FOLDER`" in ran.err) is bool(ci)


@pytest.mark.usefixtures("live")
def test_a_project_that_was_not_looked_for_is_not_declared_as_new(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without credentials the program must not create it: `managed: false`, what was not looked at, and the cure."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ran = world.run("init", "cells", "--pulumi")
    assert ran.code == 0
    declared: Any = yaml.safe_load((world.folder / "datasets/cells/project.yaml").read_text())
    assert declared["managed"] is False
    assert "not looked at" in ran.err
    assert "# What is live was not looked at" in (world.folder / "datasets/cells/project.yaml").read_text()
    assert "set credentials and a Region" in ran.err


@pytest.mark.usefixtures("live")
def test_a_project_that_is_not_live_is_said_with_the_names_that_are_like_it(world: World) -> None:
    """`pulumi up` would create it: a name with a typo is noticed."""
    ran = world.run("init", "cels", "--pulumi")
    assert ran.code == 0
    assert "the project cels is not live in this account and Region: `pulumi up` will create it" in ran.err
    assert "did you mean cells?" in ran.err
    ran = world.run("init", "wells-of-others")
    assert "the project wells-of-others is not live" in ran.err
    assert "did you mean" not in ran.err


@pytest.mark.usefixtures("account", "repository")
def test_a_new_program_names_the_folder_that_it_would_not_find(world: World) -> None:
    """`datasets_from` gets a folder with a name of its own, and the program that is there is told the same."""
    world.run("init", "cells", "--datasets", "labels", "--pulumi")
    assert 'datasets_from("labels")' in (world.folder / "__main__.py").read_text()
    (world.folder / "__main__.py").write_text("from reconciler import datasets_from\n\ndatasets_from()\n")
    assert '    datasets_from("labels")\n' in world.run("init", "cells", "--datasets", "labels", "--pulumi").out


@pytest.mark.usefixtures("account", "repository")
def test_in_a_subfolder_the_program_above_is_told_the_folder(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program looks upwards, never down."""
    (world.folder / "Pulumi.yaml").write_text("name: theirs\nruntime: python\n")
    (world.folder / "__main__.py").write_text("import pulumi\n")
    (world.folder / "team").mkdir()
    monkeypatch.chdir(world.folder / "team")
    assert '    datasets_from("team/datasets")\n' in world.run("init", "cells", "--pulumi").out


@pytest.mark.usefixtures("account", "repository")
@pytest.mark.parametrize("folder", [".", "infra"])
def test_the_jobs_of_a_program_are_those_of_pulumi(world: World, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    """They run in the program's folder with the whole history, none applies past Pulumi's state; places are told."""
    (world.folder / folder).mkdir(exist_ok=True)
    monkeypatch.chdir(world.folder / folder)
    ran = world.run("init", "cells", "--pulumi", "--github", "--gitlab")
    assert "pulumi config set reconciler:snapshots s3://BUCKET/FOLDER" in ran.out
    assert "pulumi config set reconciler:audit s3://BUCKET/FOLDER" in ran.out
    for path, depth in ((".github/workflows/labels.yml", "fetch-depth: 0"), (".gitlab/labels.yml", "GIT_DEPTH: 0")):
        text = (world.folder / path).read_text()
        assert yaml.safe_load(text)
        assert not jobs_of(text)
        assert depth in text
        assert f'"{folder}"' in text
        assert {"up", "refresh"} <= set(re.findall(r"(?:- |run: )pulumi (\w+)", text))
        assert re.search(r"pulumi preview|command: preview", text)


@pytest.mark.usefixtures("account", "repository")
def test_project_yaml_has_every_key_of_a_declaration(world: World) -> None:
    """What is not set is there as a comment."""
    world.run("init", "cells")
    text = (world.folder / "datasets/cells/project.yaml").read_text()
    for key in PROJECT_KEYS:
        assert re.search(rf"^(# )?{key}:", text, re.MULTILINE), key
