"""What lives as long as the provider process: configuration, clients, the console, and what was last listed.

The provider object itself is stored in the state and must stay empty, so this is where a process keeps its own. The
server answers on four threads; everything here may be used from all of them.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock, local
from typing import Final

from reconciler.apply import Context
from reconciler.aws.arns import ProjectArn
from reconciler.aws.calls import CallRecord
from reconciler.aws.clock import Clock, SystemClock
from reconciler.aws.gateway import Gateway
from reconciler.guards import read_variable
from reconciler.ledger import Facts
from reconciler.manifest.project.folders import keys_of_test_set
from reconciler.model import Compare, Policy
from reconciler.provider.sdk.cancel import EngineWatch
from reconciler.provider.sdk.engine_log import Console
from reconciler.provider.sdk.failure import CallFailed, call_urn, fail
from reconciler.provider.stack_config import Get, Settings, read_settings
from reconciler.provider.state import Inputs
from reconciler.shell.account import Account, Places, allowed_region
from reconciler.shell.faults import USER_CAUSED
from reconciler.shell.faults import sentence as in_words
from reconciler.snapshots.folder import FOLDER
from reconciler.snapshots.places import Keeper
from reconciler.views.preview import Preview
from reconciler.views.words import progress_line


@dataclass(frozen=True, slots=True)
class LiveSeen:
    """What a listing of this process showed: the dataset's ARN (None: there is none) and its facts in both modes."""

    dataset_arn: str | None
    facts: dict[Compare, Facts] = field(default_factory=dict)


class Runtime:
    """One process's own things."""

    def __init__(self, settings: Settings, clock: Clock, console: Console) -> None:
        self.settings = settings
        self.console = console
        self._lock = Lock()
        self._seen: dict[str, LiveSeen] = {}
        self._previews: dict[str, Preview | None] = {}
        self._claims: dict[str, str] = {}
        self._manifests: dict[tuple[str, str], str] = {}
        self.engine = EngineWatch()
        self._tally = _Tally()
        # A destroy has the configuration of the last up (Pulumi keeps it in the state).
        cure = "run `pulumi config set reconciler:snapshots s3://BUCKET/FOLDER`, and `pulumi up` before a destroy"
        self.account = Account(
            settings.connection,
            clock,
            Places(Path(FOLDER), settings.snapshots, settings.audit, cure),
            self._count,
            lambda progress: console.status(progress_line(progress)),
            self.engine.stop,
            lambda text: console.tell_once(text, warning=True),
            settings.hide,
        )

    def context(self, project_arn: str, policy: Policy, inputs: Inputs | None = None) -> Context:
        """What an apply to a dataset of this project needs; with `inputs`, for making it equal to their manifest.

        Raises:
            BadInput: the ARN is malformed, its account is not allowed, or RECONCILER_ALLOW is.
        """
        region = allowed_region(self.settings.connection, project_arn)
        if inputs is None:
            return self.account.context(region, policy)
        keys = partial(keys_of_test_set, Path(inputs.manifest))
        return self.account.context(region, policy, self._allow(inputs.content_digest), keys)

    def keeper(self, project_arn: str) -> Keeper:
        """Where the entries of a dataset of this project are kept before it is deleted.

        Raises:
            BadInput: `reconciler:snapshots` is malformed.
        """
        return self.account.keeper(ProjectArn.parse(project_arn).region)

    def _allow(self, manifest: str) -> dict[str, str]:
        """Guards that are overridden: by RECONCILER_ALLOW for this run, by the stack's settings for one manifest."""
        configured = {guard: reason for digest, guard, reason in self.settings.allow if digest == manifest}
        return configured | read_variable(os.environ)

    def gateway(self, project_arn: str) -> Gateway:
        """The gateway to the project's region.

        Raises:
            BadInput: the ARN is malformed, or its account is not allowed.
        """
        return self.account.gateway(allowed_region(self.settings.connection, project_arn))

    def calls_of_this_thread(self) -> Counter[str]:
        """How many calls this thread has made so far, by operation: it works on one resource at a time."""
        return Counter(self._tally.counts)

    def _count(self, call: CallRecord) -> None:
        self._tally.counts[call.operation] += 1

    def remember(self, resource_id: str, seen: LiveSeen) -> None:
        """Keep what a listing showed, for the engine's next question about the same resource."""
        with self._lock:
            self._seen[resource_id] = seen

    def forget(self, resource_id: str) -> None:
        """Live is about to change."""
        with self._lock:
            self._seen.pop(resource_id, None)

    def recall(self, resource_id: str) -> LiveSeen | None:
        """What was last listed, if it was."""
        with self._lock:
            return self._seen.get(resource_id)

    def checked(self, preview: Preview | None) -> None:
        """A program run has checked this call's resource; `preview` is what it will show, None in a real update."""
        with self._lock:
            self._previews[call_urn()] = preview

    def refreshing(self) -> None:
        """A refresh reads this call's resource: what Diff is asked next is not a program's question."""
        with self._lock:
            self._previews.pop(call_urn(), None)

    def claimed_by_another(self, resource_id: str) -> str | None:
        """Claim a dataset for this call's resource; the name of another resource that claimed it before."""
        urn = call_urn()
        with self._lock:
            first = self._claims.setdefault(resource_id, urn)
        return first.rpartition("::")[2] if first != urn else None

    def shares_manifest(self, project_arn: str, manifest: str) -> bool:
        """Whether another resource of this program, for the same project, has the manifest of this call's resource."""
        urn = call_urn()
        with self._lock:
            return self._manifests.setdefault((project_arn, os.path.realpath(manifest)), urn) != urn

    def is_program_run(self) -> bool:
        """Whether this call's resource was last checked, not read: a refresh reads and checks nothing."""
        with self._lock:
            return call_urn() in self._previews

    def preview(self) -> Preview | None:
        """What Check found for this call's resource in a preview; None in a real update and in a refresh."""
        with self._lock:
            return self._previews.get(call_urn())


class _Tally(local):
    """Counts of calls, for each thread its own."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()


_PROCESS: Final[list[Runtime]] = []


def configure(get: Get, names: Iterable[str]) -> None:
    """Take the stack's configuration, which is the same for as long as the process lives; `names` are the keys set.

    A state that other versions of Python wrote names the provider in other bytes; then the engine's server configures
    it once more, and what this process knows already stays.

    Raises:
        CallFailed: it is malformed; the call that configured the process ends with the sentence.
    """
    with in_sentences():
        if not _PROCESS:
            clock = SystemClock()
            runtime = Runtime(read_settings(get, names), clock, Console(clock.now))
            _PROCESS.append(runtime)
            for remark in runtime.settings.remarks:
                runtime.console.tell_once(remark, warning=True)


def current() -> Runtime:
    """The process's runtime; the engine configures a provider before it asks anything."""
    return _PROCESS[0]


@contextmanager
def in_sentences() -> Iterator[None]:
    """Turn every error that a user can cause into a call that ends with its sentence, without a traceback."""
    try:
        yield
    except CallFailed:
        raise
    except USER_CAUSED as error:
        fail(sentence(error))


def sentence(error: Exception) -> str:
    """What one of `USER_CAUSED` says to the user."""
    said = str(in_words(error))
    return current().settings.hide(said) if _PROCESS else said
