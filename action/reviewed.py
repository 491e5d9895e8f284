"""What the reviews of the merged pull requests showed, read from their artifacts."""

import io
import json
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from action import changes, forge
from action.inputs import Inputs

# An apply that failed or was cancelled leaves its changes to the next, so the commits before this one count too.
_COMMITS: Final = 20
_LARGEST: Final = 100_000_000


def unreviewed(inputs: Inputs, plan: changes.Document) -> tuple[list[str], str]:
    """The changes of a plan that no review showed, and the reviews that were found, in words.

    The reviews are those of the pull requests of the last commits, the newest first, as far as they are needed. A
    change that is live by now is not in the plan, so that it does not count.

    Raises:
        forge.ForgeError: the forge did not answer.
    """
    reviewed: list[Mapping[str, Any]] = []
    numbers: list[str] = []
    left = changes.unseen(plan, reviewed)
    for number, review in _reviews(inputs) if left else ():
        reviewed.append(review)
        numbers.append(f"#{number}")
        left = changes.unseen(plan, reviewed)
        if not left:
            break
    return left, f" (looked at: {', '.join(numbers)})" if numbers else " (no review was found)"


def _reviews(inputs: Inputs) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The number of each merged pull request, with what its newest review showed."""
    artifacts = list(
        forge.pages(f"repos/{inputs.repository}/actions/artifacts?name=reconciler-review-{inputs.slug}", "artifacts")
    )
    for number, head in _merged(inputs):
        mine = [one for one in artifacts if one["workflow_run"]["head_sha"] == head and not one["expired"]]
        if mine:
            newest = max(mine, key=lambda one: str(one["created_at"]))
            yield number, _shown(inputs, newest)


def _merged(inputs: Inputs) -> Iterator[tuple[int, str]]:
    """The merged pull requests of the last commits, each with the commit that was reviewed last."""
    command = ["git", "rev-list", "--first-parent", f"--max-count={_COMMITS}", "HEAD"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    seen = set()
    for commit in listed.stdout.split():
        for pull in forge.pages(f"repos/{inputs.repository}/commits/{commit}/pulls"):
            if pull["merged_at"] and pull["number"] not in seen:
                seen.add(pull["number"])
                yield pull["number"], pull["head"]["sha"]


def _shown(inputs: Inputs, artifact: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a review showed, by dataset; nothing where its artifact cannot be read."""
    content = forge.raw(f"repos/{inputs.repository}/actions/artifacts/{artifact['id']}/zip")
    try:
        with ZipFile(io.BytesIO(content)) as files, files.open("reviewed.json") as file:
            datasets: Mapping[str, Any] = json.loads(file.read(_LARGEST))["datasets"]
            return {title: {"plan": one["plan"], "changes": set(one["changes"])} for title, one in datasets.items()}
    except (BadZipFile, KeyError, TypeError, ValueError, AttributeError):
        forge.tell("warning", f"the review in artifact {artifact['id']} cannot be read")
        return {}
