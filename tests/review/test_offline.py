"""Two manifests, folders or revisions compared without a service."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.errors import BadInput, InvalidDeclaration
from reconciler.git import checked_out, history
from reconciler.ledger import Ledger
from reconciler.policy import Marking, Policy
from reconciler.review import offline
from reconciler.review.declaration import Declared
from reconciler.review.model import Review
from reconciler.review.offline import Side, is_same_manifest, offline_review, read_side, undeclared_project
from reconciler.text import plain
from reconciler.views.json_document import document_text
from tests.support.lines import bare, boxes, labelled

Folders = Callable[..., Review]
Git = Callable[..., str]

CELL = ("a", 1.0, 2.0, 30.0, 40.0)


def test_datasets_are_brought_together_by_project_and_type(folders: Folders) -> None:
    """Train first; one that only one side has is created, or all of it is live only."""
    review = folders(
        {"train": [labelled("s3://acme/1", "a")]},
        {"train": [labelled("s3://acme/1", "b")], "test": [labelled("s3://acme/2", "b")]},
    )
    assert [(one.title, one.action, one.add, one.update) for one in review.datasets] == [
        ("cells train", "update", 0, 1),
        ("cells test", "create", 1, 0),
    ]
    same = {"train": [labelled("s3://acme/1", "a")]}
    back = folders(same | {"test": [labelled("s3://acme/2", "b")]}, same)
    assert [(one.title, one.live_only) for one in back.datasets][-1] == ("cells test", 1)


def test_train_and_test_are_seen_together(folders: Folders) -> None:
    """An image that changes sides, and the dangers that it brings."""
    review = folders(
        {"train": [labelled("s3://acme/1", "a"), labelled("s3://acme/2", "a")], "test": [labelled("s3://acme/3", "a")]},
        {"train": [labelled("s3://acme/1", "a")], "test": [labelled("s3://acme/3", "a"), labelled("s3://acme/2", "b")]},
    )
    splits = review.projects[0].splits
    assert splits is not None
    assert (splits.moved_danger_count, splits.shared_count) == (1, 1)
    assert [danger.kind for danger in review.dangers][:2] == ["split-move", "split-overlap"]


@pytest.mark.parametrize(
    ("extra", "verb", "policy"),
    [("report", "live-only", "report"), ("unlabel", "unlabel", "unlabel"), ("replace", "live-only", "replace")],
)
def test_the_policy_is_that_of_the_second_side(folders: Folders, extra: str, verb: str, policy: str) -> None:
    """`replace` and `fail` do not hide what changes; the review still says what the policy is."""
    review = folders(
        {"train": [labelled("s3://acme/1", "a"), labelled("s3://acme/2", "a")]},
        {"train": [labelled("s3://acme/1", "a")]},
        settings=f"policy: {{extra: {extra}}}\n",
    )
    (dataset,) = review.datasets
    assert [change.verb for change in dataset.changes] == [verb]
    assert dataset.policy is not None
    assert dataset.policy.extra == policy
    assert plain(dataset.changes[0].words) in {"no longer in the manifest: a", "labels removed: a"}


def test_a_manifest_with_errors_is_compared_as_far_as_it_can_be_understood(tmp_path: Path) -> None:
    """Two buckets, a line that is not JSON and a key twice are reported, and the rest is compared."""
    before, after = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    before.write_text('{"source-ref":"s3://acme/1"}\n', encoding="utf-8")
    after.write_text(
        '{"source-ref":"s3://acme/1"}\n{"source-ref":"s3://other/2"}\nnonsense\n{"source-ref":"s3://acme/1"}\n',
        encoding="utf-8",
    )
    (dataset,) = offline_review(before, after).datasets
    assert (dataset.status, dataset.findings.errors) == ("invalid", 3)
    assert [change.key for change in dataset.changes] == ["s3://other/2"]


def test_a_manifest_that_is_the_same_on_both_sides_is_read_once(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The review is that of both sides read; rules that differ, or other bytes, are two manifests."""
    read: list[str] = []

    def counting(declared: Declared, ledger: Ledger) -> Side:
        read.append(declared[1].shown)
        return read_side(declared, ledger)

    monkeypatch.setattr(offline, "read_side", counting)
    lines = {"train": [labelled("s3://acme/1", "a"), boxes("s3://acme/2", CELL), bare("s3://acme/3")]}
    once = folders(lines, lines, settings="labels: [a]\n")
    assert len(read) == 1
    monkeypatch.setattr(offline, "is_same_manifest", lambda _one, _other: False)
    twice = folders(lines, lines, settings="labels: [a]\n")
    assert document_text(once) == document_text(twice)


def test_what_is_read_by_other_rules_is_another_manifest(tmp_path: Path) -> None:
    """Of the same bytes another list of labels makes other findings, and so does another form of file."""
    for name in ("a.jsonl", "b.jsonl", "c.manifest", "d.jsonl"):
        (tmp_path / name).write_text('{"source-ref":"s3://acme/1"}\n' * (2 if name == "d.jsonl" else 1), "utf-8")
    a, b, c, d = (
        (undeclared_project(path, path.name, "x"), undeclared_project(path, path.name, "x").datasets[0])
        for path in sorted(tmp_path.iterdir())
    )
    closed = replace(a[0], labels=("a",)), a[1]
    marked = a[0], replace(a[1], policy=Policy(marked=Marking.REFUSE))
    assert is_same_manifest(a, b)
    assert not any(is_same_manifest(a, other) for other in (c, d, closed, marked))


def test_what_cannot_be_compared_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """Nothing there, a file against a folder, a folder without manifests, a project.yaml that does not pass."""
    file = tmp_path / "a.jsonl"
    file.write_text('{"source-ref":"s3://acme/1"}\n', encoding="utf-8")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(BadInput, match="was not found"):
        offline_review(file, tmp_path / "none.jsonl")
    with pytest.raises(BadInput, match="file and a folder"):
        offline_review(file, empty)
    with pytest.raises(BadInput, match="no manifest"):
        offline_review(empty, empty)
    (empty / "project.yaml").write_text("nonsense: 1\n", encoding="utf-8")
    with pytest.raises(InvalidDeclaration):
        offline_review(empty, empty)


def test_folders_without_project_yaml_are_compared_by_their_usual_names(tmp_path: Path) -> None:
    """Without project.yaml the `train.jsonl` of one folder is compared with that of the other."""
    for side, label in (("one", "a"), ("two", "b")):
        (tmp_path / side / "set").mkdir(parents=True)
        line = str(labelled("s3://acme/1", label)).replace("'", '"')
        (tmp_path / side / "set" / "train.jsonl").write_text(f"{line}\n", encoding="utf-8")
    (dataset,) = offline_review(tmp_path / "one" / "set", tmp_path / "two" / "set").datasets
    assert (dataset.title, dataset.update) == ("set train", 1)


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """Runs git in a new repository, as nobody in particular."""
    repository = tmp_path / "repository"
    repository.mkdir()
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    settings = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")

    def run(*arguments: str) -> str:
        command = ["git", *settings, "-C", str(repository), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    run("init", "--quiet")
    return run


def committed(git: Git, repository: Path, files: Mapping[str, str]) -> None:
    """Write files and commit them."""
    for name, text in files.items():
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    git("add", "--all")
    git("commit", "--quiet", "--message", "more")


def test_a_revision_is_read_as_git_keeps_it(git: Git, tmp_path: Path) -> None:
    """With its path or without, from any folder of the repository, byte for byte, and nothing is left behind."""
    repository = tmp_path / "repository"
    old, new = '{"source-ref":"s3://acme/1"}\r\n', '{"source-ref":"s3://acme/2"}\n'
    attributes = {".gitattributes": "*.jsonl text export-ignore export-subst\n*.raw -text\n"}
    committed(git, repository, {"datasets/p/train.raw": old, "datasets/p/d\u00e9.txt": "x", **attributes})
    git("tag", "v1")
    committed(git, repository, {"datasets/p/train.raw": new})
    for revision in ("v1", "HEAD~1", "v1:datasets", "main~1:datasets"):
        with checked_out(revision, repository) as folder:
            assert (folder / "p" / "train.raw").read_bytes() == old.encode()
            assert (folder / "p" / "d\u00e9.txt").exists()
            kept = folder
        assert not kept.exists()
    with checked_out("HEAD:datasets/p/train.raw", repository / "datasets") as file:
        assert (file.name, file.read_bytes()) == ("train.raw", new.encode())
    assert len(history("main", repository)) == 1
    assert (repository / "datasets" / "p" / "train.raw").read_bytes() == new.encode()


def test_links_in_a_revision_stay_links(git: Git, tmp_path: Path) -> None:
    """So that one that leaves its folder is refused as it is on disk."""
    repository = tmp_path / "repository"
    (repository / "datasets").mkdir()
    (repository / "datasets" / "train.jsonl").symlink_to("/etc/passwd")
    committed(git, repository, {"datasets/x": ""})
    with checked_out("HEAD", repository) as folder:
        assert (folder / "train.jsonl").is_symlink()


@pytest.mark.parametrize("revision", ["nonsense", "main:nowhere", "--help", "-x:datasets", ":datasets/none"])
def test_a_revision_that_is_not_there_is_refused_with_a_cure(git: Git, tmp_path: Path, revision: str) -> None:
    """Nothing of it reaches git as an option."""
    committed(git, tmp_path / "repository", {"datasets/x": ""})
    with (
        pytest.raises(BadInput, match=r"main:datasets, HEAD~1 or a tag"),
        checked_out(revision, tmp_path / "repository"),
    ):
        pass


def test_outside_a_repository_this_is_said(tmp_path: Path) -> None:
    """Outside of a git repository the error is ours and not git's."""
    with pytest.raises(BadInput, match="not in a git repository"), checked_out("main", tmp_path):
        pass


def test_a_moved_box_between_two_revisions_is_told(git: Git, tmp_path: Path) -> None:
    """The whole way: revisions, folders, review."""
    repository = tmp_path / "repository"

    def lines(*drawn: tuple[str, float, float, float, float]) -> str:
        return str(boxes("s3://acme/1", *drawn)).replace("'", '"') + "\n"

    committed(git, repository, {"datasets/p/project.yaml": "project: p\n", "datasets/p/train.jsonl": lines(CELL)})
    committed(git, repository, {"datasets/p/train.jsonl": lines(("a", 5.0, 2.0, 30.0, 40.0))})
    with checked_out("HEAD~1", repository) as before, checked_out("HEAD", repository) as after:
        review = offline_review(before, after, ("HEAD~1", "HEAD"))
    assert plain(review.datasets[0].changes[0].words) == "1 box moved: a (4 px)"
    assert (review.compared.before, review.compared.after, review.compared.offline) == ("HEAD~1", "HEAD", True)
