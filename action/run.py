"""The step that runs the command: views into a folder, annotations into the log, outputs for the steps that follow.

It ends with 0 whatever the command found, so that what was found is reported; the last step ends with its exit code.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from action import changes, forge
from action.commands import chosen, document, run
from action.inputs import Inputs, WrongInputError
from action.reviewed import unreviewed
from reconciler.errors import ReconcilerError
from reconciler.git import from_root
from reconciler.views import VIEWS, How
from reconciler.views.json_document import read_document

_REFUSED: Final = 4
_BAD_INPUT: Final = 3
_NAMED: Final = 20
PLAN: Final = "plan.json"
_FILES: Final = {"markdown": "summary.md", "html": "plan.html"}


def main() -> int:
    """Run the command that the inputs name."""
    try:
        inputs = Inputs.of(os.environ)
    except WrongInputError as error:
        forge.tell("error", str(error))
        return _BAD_INPUT
    shutil.rmtree(inputs.folder, ignore_errors=True)
    inputs.folder.mkdir(parents=True)
    code = _STEPS[inputs.command](inputs)
    found = document(inputs.folder / PLAN)
    drifted = any(one.get("drift") for one in changes.datasets(found))
    forge.output(
        code=str(code),
        folder=str(inputs.folder),
        name=f"reconciler-{inputs.command}-{inputs.slug}",
        changes=str(changes.count(found)),
        drift="true" if drifted else "false",
        plan_id=str(found.get("plan_id") or ""),
        projects=json.dumps(changes.projects(found)),
    )
    return 0


def _validate(inputs: Inputs) -> int:
    """Every finding of every manifest; no account."""
    extra = ["--strict"] if inputs.get("strict") == "true" else []
    saved = inputs.folder / PLAN
    code = run(inputs, "validate", *chosen(inputs), *extra, "--format=json", f"--output={saved}")
    _views(inputs, saved, "github", "markdown")
    return code


def _review(inputs: Inputs) -> int:
    """What an apply would change; without credentials what the branch changes, from git alone."""
    base, saved = _base(inputs), inputs.folder / PLAN
    if inputs.can_sign_in:
        code = run(inputs, "plan", *_kept(inputs), *([f"--base={base}"] if base else []), account=True)
        _views(inputs, saved, "github", "markdown")
    else:
        forge.tell("notice", "there are no credentials here: this branch is compared with its base, not with live")
        compared = [base or "HEAD^1", inputs.datasets, f"--datasets={inputs.datasets}"]
        code = run(inputs, "diff", *compared, "--format=json", f"--output={saved}")
        _views(inputs, saved, "github", "markdown", "html")
    _keep_digests(inputs)
    return code


def _apply(inputs: Inputs) -> int:
    """Plan, compare with what was reviewed, apply exactly that plan."""
    saved = inputs.folder / PLAN
    code = run(inputs, "plan", *_kept(inputs), account=True)
    if code == 0:
        code = _unless_unreviewed(inputs)
    if code == 0:
        applied = inputs.folder / "applied.json"
        code = run(inputs, "apply", "--yes", f"--plan={saved}", "--json", account=True, to=applied)
        _views(inputs, applied, "text", "github", "markdown")
    else:
        _views(inputs, saved, "github", "markdown")
    return code


def _drift(inputs: Inputs) -> int:
    """Whether live is still what the last apply left."""
    saved = inputs.folder / PLAN
    code = run(inputs, "drift", "--json", account=True, to=saved)
    _views(inputs, saved, "text", "markdown")
    return code


_STEPS: Final[Mapping[str, Callable[[Inputs], int]]] = {
    "validate": _validate,
    "review": _review,
    "apply": _apply,
    "drift": _drift,
}


def _kept(inputs: Inputs) -> list[str]:
    """The options for what a plan leaves in the artifact: the plan itself, and its page."""
    pictures = inputs.get("pictures")
    files = [f"--save={inputs.folder / PLAN}", f"--html={inputs.folder / _FILES['html']}"]
    return [*files, f"--pictures={pictures}"] if pictures else files


def _views(inputs: Inputs, saved: Path, *views: str) -> None:
    """Views of a saved plan: text and annotations into the log, the others into files beside it."""
    try:
        review = read_document(saved.read_bytes(), saved.name)
    except (OSError, ReconcilerError):
        return  # the command failed before it could say more than the log has
    for view in views:
        text = VIEWS[view].make(review, How(files=from_root(Path.cwd())))
        if view in _FILES:
            (inputs.folder / _FILES[view]).write_text(text, encoding="utf-8")
        elif view == "github":
            print(text, flush=True)
        else:
            with forge.inert():
                print(text, flush=True)


def _base(inputs: Inputs) -> str:
    """The commit that the change began at: where its branch and the base meet; "" where git does not know."""
    group = inputs.event.get("merge_group") or {}
    branch = inputs.environ.get("GITHUB_BASE_REF", "")
    given = inputs.get("base")
    for one in filter(None, (given, group.get("base_sha"), branch and f"origin/{branch}")):
        command = ["git", "merge-base", "--end-of-options", str(one), "HEAD"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.strip()
    return given


def _keep_digests(inputs: Inputs) -> None:
    """What this review showed, for the apply that follows the merge."""
    kept = {"format": 1, "commit": inputs.sha, "datasets": changes.digests(document(inputs.folder / PLAN))}
    (inputs.folder / "reviewed.json").write_text(json.dumps(kept), encoding="utf-8")


def _unless_unreviewed(inputs: Inputs) -> int:
    """0, or under `require` the exit code of a refusal, where a change was in no review."""
    if inputs.reviewed == "off":
        return 0
    try:
        found, what = unreviewed(inputs, document(inputs.folder / PLAN))
    except forge.ForgeError as error:
        found, what = [f"the reviews could not be read: {error}"], ""
    if not found:
        return 0
    more = f"\n... and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
    refuses = inputs.reviewed == "require"
    head = f"{len(found):,} changes were in no review{what}" if len(found) > 1 else f"1 change was in no review{what}"
    end = "; nothing was sent" if refuses else ""
    forge.tell("error" if refuses else "warning", f"{head}{end}\n" + "\n".join(found[:_NAMED]) + more)
    lines = "".join(f"    {one}\n" for one in found[:_NAMED])
    forge.summary(f"## {head}{end}\n\n{lines}{more}")
    return _REFUSED if refuses else 0


if __name__ == "__main__":
    sys.exit(main())
