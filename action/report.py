"""The step that reports: summary of the job, status of the commit, comment of the pull request, issue of the drift."""

import os
import shlex
import sys
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, Final

from action import changes, forge
from action.commands import chosen, document
from action.inputs import Inputs
from action.run import PLAN
from reconciler.errors import ReconcilerError
from reconciler.views.json_document import read_document
from reconciler.views.markdown.view import COMMENT_CHARACTERS, MARKER, view

# What the Action itself adds to a comment or an issue.
_ADDED: Final = 4_000
_LABEL: Final = "reconciler-drift"
_DRIFT: Final = 2
# The longest description of a status. Source: GitHub Docs, REST API, "Commit statuses".
_DESCRIPTION: Final = 140


def main() -> int:
    """Report what the command of this job found; what the forge refuses is a warning."""
    inputs = Inputs.of(os.environ)
    code = int(os.environ.get("RECONCILER_CODE") or 1)
    link = forge.address(os.environ.get("ARTIFACT_URL", ""))
    _summary(inputs, link)
    for report in (_status, _comment, _issue):
        try:
            report(inputs, code, link)
        except forge.ForgeError as error:
            forge.tell("warning", f"not reported: {error}")
    return 0


def _summary(inputs: Inputs, link: str) -> None:
    file = inputs.folder / "summary.md"
    text = file.read_text(encoding="utf-8") if file.exists() else f"## {inputs.target}: {inputs.command} failed\n"
    forge.summary(_titled(inputs, text, link))


def _titled(inputs: Inputs, text: str, link: str) -> str:
    """A view with the target in its marker and its title, and the link to its page."""
    text = text.removeprefix(f"{MARKER}\n").removeprefix("## ")
    page = f"[The page with the boxes drawn, and the plan as JSON]({link})\n\n" if link else ""
    title, _, rest = text.partition("\n")
    return f"{marker(inputs)}\n## {plain(inputs.target)}: {title}\n\n{page}{rest.lstrip(chr(10))}"


def marker(inputs: Inputs) -> str:
    """The first line of a comment or issue of this target, by which it is found again."""
    kind = "drift" if inputs.command == "drift" else "plan"
    return f"<!-- reconciler:{kind} {inputs.slug} -->"


def plain(text: str) -> str:
    """A name that is text in Markdown."""
    return "".join(f"&#{ord(sign)};" if not sign.isalnum() and sign not in " ./-:" else sign for sign in text)


def _fitted(inputs: Inputs, link: str) -> str:
    """The view of the plan, cut by risk so that the whole fits into a comment."""
    try:
        review = read_document((inputs.folder / PLAN).read_bytes(), PLAN)
    except (OSError, ReconcilerError):
        return _titled(inputs, "## failed before there was a plan; see the log of the job\n", link)
    return _titled(inputs, view(review, COMMENT_CHARACTERS - _ADDED), link)


def _status(inputs: Inputs, code: int, link: str) -> None:
    """The figures as a status of the commit: what the list of checks shows."""
    if inputs.only_reads or inputs.command == "validate" or not inputs.sha:
        return
    found = document(inputs.folder / PLAN)
    words = changes.status(found) if found else "failed; see the log"
    if inputs.command == "drift":
        words = "drift" if code == _DRIFT else words if code else "no drift"
    forge.api(
        f"repos/{inputs.repository}/statuses/{inputs.sha}",
        "POST",
        state="failure" if code else "success",
        context=f"labels {inputs.command} ({inputs.target})",
        description=words[:_DESCRIPTION],
        target_url=link or _run_address(inputs),
    )


def _run_address(inputs: Inputs) -> str:
    server, number = inputs.environ.get("GITHUB_SERVER_URL", ""), inputs.environ.get("GITHUB_RUN_ID", "")
    return f"{server}/{inputs.repository}/actions/runs/{number}"


def _comment(inputs: Inputs, _code: int, link: str) -> None:
    """One comment for each target, updated in place; none without credentials or from a fork."""
    number = inputs.pull.get("number")
    if inputs.command != "review" or not number or inputs.only_reads or not inputs.can_sign_in:
        return
    comments = f"repos/{inputs.repository}/issues/{number}/comments"
    mine = next((one for one in forge.pages(comments) if _ours(inputs, one)), None)
    if mine:
        forge.api(f"repos/{inputs.repository}/issues/comments/{mine['id']}", "PATCH", body=_fitted(inputs, link))
    else:
        forge.api(comments, "POST", body=_fitted(inputs, link))


def _ours(inputs: Inputs, one: Mapping[str, Any]) -> bool:
    """Whether a comment or an issue is the one of this target: its first line, and nobody else wrote it."""
    if not str(one["body"]).startswith(f"{marker(inputs)}\n"):
        return False
    return bool(one["user"]["type"] == "Bot" or one["user"]["login"] == _me())


def _me() -> str:
    """The person whose token this is; "" for the token of a job."""
    try:
        return str(forge.api("user")["login"])
    except forge.ForgeError:
        return ""


def _issue(inputs: Inputs, code: int, link: str) -> None:
    """One issue for each target while there is drift: opened, updated, closed when live is clean again."""
    if inputs.command != "drift" or code not in {0, _DRIFT}:
        return
    issues = f"repos/{inputs.repository}/issues"
    # The label is a short way to it, and is not set where the token may not set it.
    listed = chain(forge.pages(f"{issues}?state=open&labels={_LABEL}"), forge.pages(f"{issues}?state=open"))
    mine = next((one for one in listed if "pull_request" not in one and _ours(inputs, one)), None)
    act: Callable[..., Any] = forge.api
    if code == 0:
        if mine:
            act(f"{issues}/{mine['number']}/comments", "POST", body="Live is as the last apply left it.")
            act(f"{issues}/{mine['number']}", "PATCH", state="closed", state_reason="completed")
        return
    body = _fitted(inputs, link).replace("\n\n", f"\n\n{_ways(inputs)}", 1)
    if mine:
        act(f"{issues}/{mine['number']}", "PATCH", body=body)
    else:
        act(issues, "POST", title=f"Labels drifted: {inputs.target}", body=body, labels=[_LABEL])


def _ways(inputs: Inputs) -> str:
    """The commands that keep what is live, and that undo it, for each project that drifted."""
    found = document(inputs.folder / PLAN)
    names = dict.fromkeys(one["project"] for one in _drifted(found))
    reasons = "".join(f"- {plain(one['title'] + ': ' + '; '.join(one['drift']))}\n" for one in _drifted(found))
    keep, undo = [], []
    for name in names:
        given = [*(f"--{key}={value}" for key in ("stage", "audit", "snapshots") if (value := inputs.get(key)))]
        words = [*chosen(inputs)[:1], f"--project={name}", *given]
        keep.append(f"    reconciler pull {shlex.join(words)}\n")
        undo.append(f'    reconciler apply {shlex.join(words)} --allow theirs="WHY"\n')
    return (
        f"{reasons}\nTo keep what is live, write it into git and open a pull request:\n\n{''.join(keep)}\n"
        f"To undo it:\n\n{''.join(undo)}\n"
    )


def _drifted(found: changes.Document) -> list[Mapping[str, Any]]:
    return [one for one in changes.datasets(found) if one.get("drift")]


if __name__ == "__main__":
    sys.exit(main())
