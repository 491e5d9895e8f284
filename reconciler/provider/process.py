"""What lives as long as the provider process: configuration, clients, the console, and what was last listed.

The provider object itself is stored in the state and must stay empty, so a process keeps its own things here. The
server answers on several threads, and all of them may use everything here: each access to a dictionary is a single
operation, which Python makes atomic (Python FAQ, "What kinds of global value mutation are thread-safe?").
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import local
from typing import Final

from msgspec import Struct, field

from reconciler import errors
from reconciler.apply import Context, Target
from reconciler.aws.arns import ProjectArn
from reconciler.aws.clock import Clock, SystemClock
from reconciler.guards import read_variable
from reconciler.ledger import Facts, Statistics
from reconciler.manifest.project.folders import project_beside
from reconciler.model import DatasetDeclaration
from reconciler.plan import Judge, Sibling
from reconciler.policy import Compare, Destroy
from reconciler.provider.claims import Claims
from reconciler.provider.sdk.cancel import EngineWatch
from reconciler.provider.sdk.engine_log import Console
from reconciler.provider.sdk.failure import call_urn, fail
from reconciler.provider.stack_config import Get, Settings, read_settings
from reconciler.provider.state import Inputs, resource_id
from reconciler.records.stored import Record
from reconciler.shell.account import Account, Places, allowed_region
from reconciler.shell.base import judge_by
from reconciler.shell.declared_twice import undone_apply
from reconciler.shell.drift import LeftLive, left_in
from reconciler.shell.sibling import sibling_of
from reconciler.snapshots.folder import FOLDER, is_on
from reconciler.views.preview import Preview
from reconciler.views.words import not_listed_words, progress_line

# Set to 1, live is listed whatever the probe says; it is stored nowhere.
_FULL: Final = "RECONCILER_FULL"


class LiveSeen(Struct, frozen=True):
    """What a listing of this process showed: the dataset's ARN (None: there is none) and its facts in both modes.

    `retiring` are retired entries that are still labelled, by what they are called once they are let go (see `Row`):
    one more of them than are remembered, at most. `listed` is when the listing began (UTC), "" where that is not known.
    """

    dataset_arn: str | None
    facts: dict[Compare, Facts] = field(default_factory=dict)
    retiring: frozenset[str] = frozenset()
    listed: str = ""


class Runtime:
    """The things of one process; made from the stack's settings in its first call."""

    def __init__(self, settings: Settings, clock: Clock, console: Console) -> None:
        self.settings, self.console, self.engine = settings, console, EngineWatch()
        # What was last listed, by resource id, for the engine's next question about the same resource.
        self.seen: dict[str, LiveSeen] = {}
        self._previews: dict[str, Preview | None] = {}
        self.claims = Claims()
        self._manifests: dict[tuple[str, str], str] = {}
        self._checked: dict[str, str] = {}
        self._siblings: dict[str, str] = {}
        self._replaced: dict[str, str] = {}
        self._left: dict[str, Mapping[str, str]] = {}
        self._destroy: dict[str, Destroy] = {}
        self._calls = _Calls()
        # A destroy has the configuration of the last `pulumi up`, which Pulumi keeps in the state.
        cure = "run `pulumi config set reconciler:snapshots s3://BUCKET/FOLDER`, and `pulumi up` before a destroy"
        self.account = Account(
            settings.connection,
            clock,
            Places(Path(FOLDER), settings.snapshots, settings.audit, cure, settings.manifests),
            lambda call: self._calls.counts.update([call.operation]),
            lambda progress: console.status(progress_line(progress), at_once=progress.at_once),
            self.engine.stop,
            lambda text: console.log_once(text, warning=True),
            settings.hide,
            rate=settings.rate,
            full=is_on(_FULL),
        )

    def account_of(self, inputs: Inputs) -> Account:
        """The account with the role that these inputs name, and with the places of their stage."""
        stage = inputs.stage
        return self.account.assuming(inputs.assume_role, stage.snapshots, stage.audit, stage.manifests)

    def context(self, project_arn: str, inputs: Inputs, *, guarded: bool = False) -> Context:
        """What an apply to a dataset of this project needs; `guarded`: for making it equal to the inputs' manifest.

        Guards are overridden by RECONCILER_ALLOW for this run, by the stack's settings for one manifest.

        Raises:
            BadInput: the ARN is malformed, its account is not allowed, or RECONCILER_ALLOW is invalid.
        """
        region, account = allowed_region(self.settings.connection, project_arn), self.account_of(inputs)
        if not guarded:
            return account.context(region, inputs.policy)
        return account.context(region, inputs.policy, self.overrides(inputs), self.sibling(inputs))

    def overrides(self, inputs: Inputs) -> dict[str, str]:
        """The guards that are overridden for the manifest of these inputs, with the reasons.

        Raises:
            BadInput: RECONCILER_ALLOW is invalid.
        """
        digest = inputs.content_digest
        allow = {guard: reason for manifest, guard, reason in self.settings.allow if manifest == digest}
        project = project_beside(Path(inputs.manifest))
        declared = project.allowed(inputs.dataset_type, lambda: digest) if project else {}
        return declared | allow | read_variable(os.environ)

    def judge(self, target: Target, inputs: Inputs, dataset: DatasetDeclaration, left: LeftLive | None) -> Judge:
        """By what changes are judged: what the state says that the last apply left, or a newer record."""
        copies = self.account_of(inputs).live_copies(ProjectArn.parse(target.project_arn).region)
        return judge_by(copies, dataset, lambda: (left, left_in(self.last_record(target, inputs))))

    def sibling(self, inputs: Inputs) -> Sibling:
        """The project's other dataset: as this resource named it, as one checked before has it, or project.yaml."""
        named, other = self._siblings.get(call_urn()), ""
        if inputs.project_arn is not None:
            other = resource_id(inputs.project_arn, inputs.dataset_type.other)
        if other and self._replaced.get(call_urn()) == other and not self.claims.holder(other, call_urn()):
            return Sibling(live=tuple)  # the dataset that this one replaces: it is deleted at the end
        named = named or self._checked.get(other)
        return sibling_of(inputs.manifest, inputs.dataset_type, inputs.policy, named, inputs.stage.images)

    def replaces(self, resource_id: str, datasets: Mapping[str, str]) -> None:
        """This call's resource is replaced, and the dataset with this id is deleted when the new one is loaded.

        `datasets` are all that it was for and that may not be deleted yet: ARN -> the ARN of its project.
        """
        self._replaced[call_urn()] = resource_id
        self._left[call_urn()] = datasets

    def replaced(self) -> Mapping[str, str]:
        """The datasets that this call's resource was for before it was replaced in this process."""
        return self._left.get(call_urn(), {})

    def keeps(self) -> bool:
        """Whether the program says `destroy: keep` for this call's resource; False where it was not checked."""
        return self._destroy.get(call_urn()) is Destroy.KEEP

    def knows(self, inputs: Inputs, sibling: str | None) -> None:
        """Remember this call's manifest for its sibling, the sibling's if the program named it, and `destroy`."""
        self._destroy[call_urn()] = inputs.policy.destroy
        if inputs.project_arn is not None:
            self._checked[resource_id(inputs.project_arn, inputs.dataset_type)] = inputs.manifest
        if sibling:
            self._siblings[call_urn()] = sibling

    def last_record(self, target: Target, inputs: Inputs) -> Record | None:
        """The newest record of an apply to a dataset that can be read; None if there is none."""
        project = ProjectArn.parse(target.project_arn)
        log = self.account_of(inputs).records_within_reach(project.region)
        return log.last_apply(project.name, target.project_arn, target.dataset_type)

    def undone_apply(self, target: Target, inputs: Inputs) -> str:
        """Whose apply an apply to this dataset undoes, if it is not one of this stack; else empty."""
        return undone_apply(self.last_record(target, inputs), call_urn())

    def says_listed(self, counted: Statistics | None) -> None:
        """Say on the row of this call's resource that live was not listed, where it was not."""
        if counted and counted.copied:
            self.console.status(not_listed_words(counted.listed), at_once=True)

    def calls_of_this_thread(self) -> Counter[str]:
        """How many calls this thread has made so far, by operation: it works on one resource at a time."""
        return Counter(self._calls.counts)

    def checked(self, preview: Preview | None) -> None:
        """A program run has checked this call's resource; `preview` is what it will show, None in a real update."""
        self._previews[call_urn()] = preview

    def refreshing(self) -> None:
        """A refresh reads this call's resource: the next Diff belongs to the refresh, not to a program run."""
        self._previews.pop(call_urn(), None)

    def is_program_run(self) -> bool:
        """Whether this call's resource was last checked, not read: a refresh reads and checks nothing."""
        return call_urn() in self._previews

    def is_real_up(self) -> bool:
        """Whether this call's resource was last checked by a real `pulumi up`, not by a preview."""
        return self.is_program_run() and self.preview() is None

    def preview(self) -> Preview | None:
        """What Check found for this call's resource in a preview; None in a real update and in a refresh."""
        return self._previews.get(call_urn())

    def shares_manifest(self, project_arn: str, manifest: str) -> bool:
        """Whether a different resource of this program, for the same project, has this call's manifest."""
        return self._manifests.setdefault((project_arn, os.path.realpath(manifest)), call_urn()) != call_urn()


class _Calls(local):
    """Counts of calls by operation; each thread has its own."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()


_PROCESS: Final[list[Runtime]] = []


def configure(get: Get, names: Iterable[str]) -> None:
    """Take the stack's configuration, which is the same for as long as the process lives; `names` are the keys set.

    A state that a different version of Python wrote names the provider in other bytes; then the engine's server
    configures it once more, and what this process knows already stays.

    Raises:
        CallFailed: it is malformed; the call that configured the process ends with the sentence.
    """
    with failing_call():
        if not _PROCESS:
            clock = SystemClock()
            _PROCESS.append(Runtime(read_settings(get, names), clock, Console(clock.now)))
            for remark in current().settings.remarks:
                current().console.log_once(remark, warning=True)


def current() -> Runtime:
    """The process's runtime; the engine configures a provider before any other call."""
    return _PROCESS[0]


@contextmanager
def failing_call() -> Iterator[None]:
    """A block that ends the call with a sentence, without a traceback, for every error that a user can cause."""
    with _PROCESS[0].engine.in_flight() if _PROCESS else nullcontext():
        try:
            yield
        except errors.USER_CAUSED as error:
            fail(failure_text(error))
        except ModuleNotFoundError as error:  # boto3 is loaded when AWS is first asked
            fail(errors.missing_extra(f"the provider needs {error.name}", "pulumi"))


def failure_text(error: Exception) -> str:
    """What one of `USER_CAUSED` says to the user; secrets of the stack's configuration are taken out."""
    words = str(errors.with_cure(error))
    return current().settings.hide(words) if _PROCESS else words
