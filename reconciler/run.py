"""One dataset in one run: its declaration, both sides, and what is known of it so far."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from reconciler.apply.outcome import Failure, Outcome
from reconciler.entries.image_names import Images
from reconciler.errors import ReconcilerError
from reconciler.images.results import ImageCheck
from reconciler.ledger import LIVE, Ledger, Whose
from reconciler.limits import DEFAULT_RATE
from reconciler.manifest import Findings
from reconciler.model import DatasetDeclaration, Observation, ProjectDeclaration
from reconciler.plan.leakage import Sibling, nothing
from reconciler.policy import Compare
from reconciler.text import Sentence

if TYPE_CHECKING:
    from reconciler.plan import Plan


class Base(Struct, frozen=True):
    """The same manifest in the base revision (its entries are the ledger's desired side), and in earlier ones.

    `earlier` gives the digests that a key had in earlier revisions of the base (of what a line means, or of its content
    in strict mode); None: nothing is known of them. `complete` is False where some earlier revisions are not at hand:
    then what is in none of the others may come from one of those. `unread` is a sentence where the base could not be
    read completely: then nothing follows from it.
    """

    revision: str
    ledger: Ledger
    earlier: Callable[[str], Collection[bytes]] | None = None
    complete: bool = True
    unread: str = ""

    def said_earlier(self, key: str, live: bytes | None) -> Collection[bytes] | None:
        """The digests of a key in earlier revisions; None where nothing can be concluded from them."""
        if self.earlier is None:
            return None
        known = self.earlier(key)
        return known if self.complete or live in known else None

    def whose(self, ledger: Ledger, key: str, mode: Compare) -> Whose:
        """Whose change a difference is, where no apply is recorded and the base stands in for it."""
        desired, live = ledger.digests(key, mode)
        base, earlier = self.ledger.digests(key, mode)[0], self.said_earlier(key, live)
        if live in {None, base} or (earlier is not None and live in earlier):
            return Whose.OURS
        if earlier is None:
            return Whose.UNKNOWN
        return Whose.THEIRS if desired == base else Whose.BOTH


DangerLevel = Literal["danger", "check", "note"]


class DeclarationChange(Struct, frozen=True):
    """A difference in how a dataset is declared, which is an update for Pulumi even if no entry changes.

    `setting` is the setting of the policy, or one of dataset (no longer declared), resource (its name in the Pulumi
    state), project, manifest, managed, projectArn, account, region, assumeRole, retired, labels, project.yaml. `level`
    is how dangerous it is.
    """

    setting: str
    words: Sentence
    level: DangerLevel = "note"


class DatasetRun(Struct):
    """One dataset in one run: its ledger holds the desired side, and live once it was listed.

    `plan` was made from `ledger`; None where the dataset could not be planned, and `error` or `skipped` says why.
    `project_arn` is None while the project is not known to exist; `base` is what a base revision says, where one was
    asked for; `settings` are differences in how the dataset is declared, from the base or the other side; `remark` is
    what else should be known before an apply; `images` what a check of the images found; `drift` why live has drifted,
    None where that was not judged. `calls` and `seconds` are what was spent on it;
    `rate` is how many calls per second are made of each operation.
    """

    project: ProjectDeclaration
    dataset: DatasetDeclaration
    ledger: Ledger
    findings: Findings | None = None
    project_arn: str | None = None
    seen: Observation = field(default_factory=Observation)
    plan: "Plan | None" = None
    outcome: Outcome | None = None
    error: ReconcilerError | None = None
    skipped: str | None = None
    base: Base | None = None
    remark: str = ""
    drift: tuple[str, ...] | None = None
    images: ImageCheck | None = None
    settings: tuple[DeclarationChange, ...] = ()
    calls: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    rate: float = DEFAULT_RATE

    def __post_init__(self) -> None:
        self.ledger.retired = Images((one.image for one in self.dataset.retired), self.dataset.images)

    @property
    def title(self) -> str:
        """`blood-cells train`."""
        return f"{self.project.name} {self.dataset.dataset_type.word}"

    @property
    def bucket(self) -> str | None:
        """The bucket of the manifest's images, where it was read."""
        return self.findings.bucket if self.findings else None

    @property
    def failure(self) -> Failure | None:
        """Why this dataset failed, or None."""
        return Failure.of(self.error) if self.error else self.outcome.error if self.outcome else None


def sibling_in(datasets: Iterable[DatasetRun], one: DatasetRun, *, listed: bool = False) -> Sibling:
    """The other dataset of a project among those of a run, whose manifests were read.

    Its ledger has its live entries once it is planned, or where all are `listed`; else the service is asked for them.
    """
    for other in datasets:
        if other is not one and other.project == one.project and other.error is None:
            live = partial(other.ledger.keys, LIVE) if listed or other.plan else nothing
            return Sibling(
                other.dataset.shown, other.ledger.keys, live, other.dataset.policy.extra.leftover, other.ledger.retired
            )
    return Sibling()
