"""What a step of the Action is given: its inputs, the event, and the files of the runner."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

COMMANDS: Final = ("review", "apply", "drift", "validate")
REVIEWED: Final = ("warn", "require", "off")
# What a name of an artifact and a folder may hold; the rest becomes a hyphen and a digest keeps names apart.
_NOT_A_NAME: Final = re.compile(r"[^A-Za-z0-9_.-]+")
_DEPENDABOT: Final = "dependabot[bot]"
# Where boto3 finds credentials without a file. Source: Boto3 documentation, "Credentials".
_CREDENTIALS: Final = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
)


class WrongInputError(Exception):
    """An input has a value that it cannot have; the text is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of action.yml, the event that started the job, and its environment.

    `target` is what comment, issue, status and artifact are named after: it keeps several targets of one repository
    apart.
    """

    command: str
    datasets: str
    target: str
    reviewed: str
    environ: Mapping[str, str]
    event: Mapping[str, Any]

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Inputs":
        """The inputs of this step.

        Raises:
            WrongInputError: an input has a value that it cannot have.
        """
        given = {name: environ.get(f"INPUT_{name.upper()}", "").strip() for name in ("command", "reviewed")}
        reviewed = given["reviewed"] or "warn"
        for name, value, known in (("command", given["command"], COMMANDS), ("reviewed", reviewed, REVIEWED)):
            if value not in known:
                raise WrongInputError(f"the input `{name}` must be one of {', '.join(known)}, not {value!r}")
        datasets = environ.get("INPUT_DATASETS", "").strip() or "datasets"
        target = environ.get("INPUT_TARGET", "").strip() or environ.get("INPUT_STAGE", "").strip() or datasets
        path = environ.get("GITHUB_EVENT_PATH", "")
        event = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
        return cls(given["command"], datasets, " ".join(target.split())[:100], reviewed, environ, event)

    def get(self, name: str) -> str:
        """An input as text, "" where it is not given."""
        return self.environ.get(f"INPUT_{name.upper().replace('-', '_')}", "").strip()

    @property
    def slug(self) -> str:
        """The target as a name of a file or an artifact: two targets never have the same."""
        name = _NOT_A_NAME.sub("-", self.target).strip("-.")
        return name if name == self.target else f"{name}-{sha256(self.target.encode()).hexdigest()[:6]}".strip("-")

    @property
    def folder(self) -> Path:
        """The folder of what the job writes, apart from that of other targets."""
        return Path(self.environ.get("RUNNER_TEMP") or ".") / f"reconciler-{self.command}-{self.slug}"

    @property
    def repository(self) -> str:
        """OWNER/NAME."""
        return self.environ.get("GITHUB_REPOSITORY", "")

    @property
    def pull(self) -> Mapping[str, Any]:
        """The pull request of the event; empty for other events."""
        pull: Mapping[str, Any] = self.event.get("pull_request") or {}
        return pull

    @property
    def only_reads(self) -> bool:
        """Whether the pull request comes from a fork or from Dependabot, whose job can write nothing to the forge."""
        head = (self.pull.get("head") or {}).get("repo") or {}
        by = (self.pull.get("user") or {}).get("login")
        return bool(self.pull) and (head.get("full_name") != self.repository or by == _DEPENDABOT)

    @property
    def sha(self) -> str:
        """The commit that a status is shown on: of a pull request its head, not the merge of it."""
        head = (self.pull.get("head") or {}).get("sha")
        return str(head or self.environ.get("GITHUB_SHA", ""))

    @property
    def can_sign_in(self) -> bool:
        """Whether there are credentials, or a role and the permission to take it."""
        by_role = bool(self.get("role") and self.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL"))
        return by_role or any(self.environ.get(name) for name in _CREDENTIALS)
