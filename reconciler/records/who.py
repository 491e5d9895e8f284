"""Who runs this: the user or the job, from the machine and its environment, without a call to AWS.

Sources: GitHub Docs, "Variables reference" (default environment variables); GitLab Docs, "Predefined CI/CD variables
reference"; Buildkite Docs, "Environment variables".
"""

import getpass
import platform
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from reconciler.text import without_sign_in

# The variable with the actor, and how the URL of the run is built from others.
_SERVICES: Final = (
    ("GITHUB_ACTOR", "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}"),
    ("GITLAB_USER_LOGIN", "{CI_JOB_URL}"),
    ("BUILDKITE_BUILD_CREATOR", "{BUILDKITE_BUILD_URL}"),
)
_SECRET_NAMES: Final = re.compile(r"SECRET|TOKEN|PASSW|PASSPHRASE|CREDENTIAL|PRIVATE|API_?KEY", re.IGNORECASE)
# Anything shorter is a placeholder or a common word.
_SECRET_CHARACTERS: Final = 8


def who(environ: Mapping[str, str]) -> dict[str, Any]:
    """The user's name, the machine's name, and the actor and run of a continuous integration service (or null)."""
    return {"user": _user(), "host": platform.node() or None, "ci": _job(environ)}


def scrubber(environ: Mapping[str, str], hide: Callable[[str], str] = str) -> Callable[[Any], Any]:
    """A function that removes secrets from any JSON value.

    Secrets are what `hide` removes, values of variables with names such as TOKEN, and user names and passwords in URLs.
    """
    secrets = sorted(
        (value for name, value in environ.items() if _SECRET_NAMES.search(name) and len(value) >= _SECRET_CHARACTERS),
        key=len,
        reverse=True,
    )

    def scrubbed(value: Any) -> Any:  # noqa: ANN401 - any JSON value in, the same out
        if isinstance(value, str):
            text = hide(value)
            for secret in secrets:
                text = text.replace(secret, "[secret]")
            return without_sign_in(text)
        if isinstance(value, Mapping):
            return {name: scrubbed(member) for name, member in value.items()}
        if isinstance(value, list | tuple):
            return [scrubbed(item) for item in value]
        return value

    return scrubbed


def _user() -> str | None:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return None  # a container's user may have a number and no name


def _job(environ: Mapping[str, str]) -> dict[str, Any] | None:
    for actor, run in _SERVICES:
        if environ.get(actor):
            try:
                return {"actor": environ[actor], "run": run.format_map(environ)}
            except (KeyError, ValueError):
                return {"actor": environ[actor], "run": None}
    return None
