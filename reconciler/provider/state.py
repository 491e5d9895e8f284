"""The properties of a Dataset, in and out: names, types, and the format of what is stored.

Inputs and outputs are a few hundred bytes whatever the dataset's size: ARNs, a path, digests, counts, the policy. No
entry is ever among them.

Numbers come back from the engine as floats (3 as 3.0), so counts are made whole again here. Values that are not known
yet come as `pulumi.output.Unknown` objects.
"""

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace
from pulumi.output import Unknown

from reconciler.aws.arns import DatasetArn, ProjectArn
from reconciler.errors import BadInput
from reconciler.ledger import Facts
from reconciler.manifest.project.policy import as_written, parse_settings
from reconciler.manifest.project.role import ROLE_FORM, elsewhere, is_role
from reconciler.manifest.project.stages import NO_STAGE, Stage, parse_stage, stage_properties
from reconciler.model import DatasetType
from reconciler.policy import SETTINGS, Policy, value_of
from reconciler.shell.drift import LeftLive, ReadBack, left_live
from reconciler.text import inert


class BadProperty(BadInput):
    """An input has a wrong value; `name` is the property's."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def shown(value: object) -> str:
    """A wrong value as a message shows it: inert, and shortened."""
    return inert(repr(value), 100)


def whole(value: object, default: int = 0) -> int:
    """A whole number, which may have come back from the engine as a float."""
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return int(value)
    return default


def parse_policy(value: object) -> Policy:
    """Read a policy as a program or `project.yaml` writes it.

    Raises:
        BadProperty: settings are unknown or have wrong values; the message has a line for each.
    """
    if not isinstance(value, Mapping):
        raise BadProperty("policy", f"policy must be a mapping, not {shown(value)}")
    policy, wrong = parse_settings(value, Policy())
    if wrong:
        raise BadProperty("policy", "\n".join(map(str, wrong)))
    return policy


def policy_properties(policy: Policy) -> dict[str, Any]:
    """A policy as the engine stores it; settings that came later only where they differ from the default."""
    default = Policy()
    return {
        name: as_written(value_of(policy, name))
        for name, row in SETTINGS.items()
        if row.stored or value_of(policy, name) != value_of(default, name)
    }


# The format of digests and outputs. A change in when two lines are the same entry is a new format: then an
# older state's digests are of no use, and desired and live are compared again.
STATE_FORMAT: Final = 1
# The program sets the first two; `check` takes them away, and in a preview adds the third, the plan. None is stored.
SIBLING: Final = "sibling"
PREVIEW_PLAN: Final = "previewPlan"
PENDING_CHANGES: Final = "pendingChanges"
# Which datasets the whole program is for (see claims.py); `check` takes it away.
CLAIMS: Final = "claims"
# At most this many pairs stored differently from how they were sent are remembered; 16 characters each.
MAX_SETTLED: Final = 500
# A state of 0.1.0 does not say when it was made.
_LONG_AGO: Final = "0000-00-00T00:00:00Z"
NOTHING: Final = Facts(0, 0, 0, 0, "")
_SEPARATOR: Final = "#"
_OWN: Final = "name a role of the project's own account"


def resource_id(project_arn: str, dataset_type: DatasetType) -> str:
    """The resource's id, for ever: `<projectArn>#train` or `#test`."""
    return f"{project_arn}{_SEPARATOR}{dataset_type.word}"


def split_id(text: str) -> tuple[str, DatasetType]:
    """The project's ARN and the type that an id names.

    Raises:
        BadInput: it is not the id of a Dataset.
    """
    project_arn, separator, word = text.rpartition(_SEPARATOR)
    if not separator or word not in {"train", "test"}:
        raise BadInput(f"{text!r} is not the id of a Dataset (<projectArn>#train or #test)")
    return project_arn, DatasetType(word.upper())


class Inputs(Struct, frozen=True):
    """What the program declares, and what `check` adds: digests of the desired entries and their number.

    `project_arn` is None while the project is not created yet. `unknown` names the other properties that are not known
    yet; until then they have their defaults (`dataset_type` TRAIN).
    """

    project_arn: str | None
    dataset_type: DatasetType
    manifest: str
    labels: tuple[str, ...] | None
    policy: Policy
    assume_role: str = ""
    stage: Stage = NO_STAGE
    desired_digest: str = ""
    content_digest: str = ""
    entries: int = 0
    state_format: int = STATE_FORMAT
    unknown: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, properties: Mapping[str, Any]) -> "Inputs":
        """Read inputs.

        Raises:
            BadProperty: a property is missing or has a wrong value.
        """
        unknown = frozenset(name for name, value in properties.items() if _is_unknown(value))
        known = {name: None if name in unknown else value for name, value in properties.items()}
        return cls(
            project_arn=_project_arn(known),
            dataset_type=_dataset_type("TRAIN" if "datasetType" in unknown else known.get("datasetType")),
            manifest=_text_or_none(known, "manifest") or "",
            labels=_labels(known.get("labels")),
            policy=parse_policy(known.get("policy") or {}),
            assume_role=_role(known),
            stage=_stage(known.get("stage")),
            desired_digest=str(known.get("desiredDigest") or ""),
            content_digest=str(known.get("contentDigest") or ""),
            entries=whole(known.get("entries")),
            state_format=whole(known.get("stateFormat"), STATE_FORMAT),
            unknown=unknown - {"projectArn"},
        )

    def settings(self) -> dict[str, object]:
        """What a person sets, beside the entries: a difference here is an update, even if it sends nothing."""
        policy = {name: value_of(self.policy, name) for name in SETTINGS}
        # Where manifests of first loads go changes nothing about a dataset that is there.
        own = {"assumeRole": self.assume_role, "stage": replace(self.stage, manifests="")}
        return {"manifest": self.manifest, "labels": self.labels, **own, **policy}

    def properties(self) -> dict[str, Any]:
        """The inputs as the engine stores them; the project's ARN only when it is known."""
        stored: dict[str, Any] = {
            "datasetType": self.dataset_type.value,
            "manifest": self.manifest,
            "policy": policy_properties(self.policy),
            "desiredDigest": self.desired_digest,
            "contentDigest": self.content_digest,
            "entries": self.entries,
            "stateFormat": self.state_format,
        }
        if self.project_arn is not None:
            stored["projectArn"] = self.project_arn
        if self.assume_role:
            stored["assumeRole"] = self.assume_role
        if self.stage != NO_STAGE:
            stored["stage"] = stage_properties(self.stage)
        if self.labels is not None:
            stored["labels"] = list(self.labels)
        return stored


class Outputs(Struct, frozen=True):
    """What the last apply recorded.

    `applied` are the inputs that it applied, `applied_live` is live as it read it back, `live` is live as last read
    (by a refresh, or the same as `applied_live`); their boxes are not stored. `live_only` counts entries that the
    applied manifest does not have. `unfinished` says why the last apply failed, empty when it succeeded. `settled`
    names pairs that the service stores differently from how they were sent. `base` is what that apply left, by which
    it is told whose a later change is. `replaced` are datasets that this resource was for before, which may not be
    deleted yet: ARN -> the ARN of its project.
    """

    applied: Inputs
    dataset_arn: str = ""
    applied_live: Facts = NOTHING
    live: Facts = NOTHING
    live_only: int = 0
    unfinished: str = ""
    settled: frozenset[str] = frozenset()
    base: LeftLive | None = None
    replaced: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, properties: Mapping[str, Any]) -> "Outputs":
        """Read stored outputs.

        Raises:
            BadInput: a newer version of this program wrote them, or they are not outputs of a Dataset, or are damaged.
        """
        written = _count(properties, "stateFormat") or STATE_FORMAT
        if written > STATE_FORMAT:
            raise BadInput(
                f"the state of this dataset has format {written}; this version supports format {STATE_FORMAT}; "
                "install the newer version of rekognition-labels-as-code that wrote it"
            )
        _count(properties, "entries")
        return cls(
            applied=Inputs.parse(properties),
            dataset_arn=str(properties.get("datasetArn") or ""),
            applied_live=_facts(properties, "appliedLive"),
            live=_facts(properties, "live"),
            live_only=_count(_members(properties, "appliedLive"), "liveOnly"),
            unfinished=str(properties.get("unfinished") or ""),
            settled=_settled(properties.get("settled")),
            base=left_live(properties.get("base")),
            replaced=_replaced(_members(properties, "replaced")),
        )

    @property
    def read_back(self) -> ReadBack:
        """What drift is judged by."""
        return ReadBack(self.applied_live, self.unfinished)

    @property
    def left(self) -> LeftLive | None:
        """What the last apply left live; of a state of 0.1.0 its digest is known."""
        digest, old = self.applied_live.digest, self.applied.state_format < STATE_FORMAT
        if self.base or not (digest and self.dataset_arn) or old:
            return self.base
        known = {"dataset": self.dataset_arn, "compare": self.applied.policy.compare.value, "digest": digest}
        return left_live(known | {"at": _LONG_AGO})

    def properties(self) -> dict[str, Any]:
        """As the engine stores them."""
        stored = self.applied.properties() | {
            "datasetArn": self.dataset_arn,
            "appliedLive": _figures(self.applied_live, self.live_only),
            "live": _figures(self.live, self.live_only),
            "unfinished": self.unfinished,
        }
        if self.settled:
            stored["settled"] = sorted(self.settled)[:MAX_SETTLED]
        if self.base:
            stored["base"] = self.base.stored()
        if self.replaced:
            stored["replaced"] = dict(self.replaced)
        return stored


def _damaged(name: str, value: object) -> BadInput:
    return BadInput(
        f"the state of this dataset is damaged: `{name}` is {shown(value)}; export it with `pulumi stack export --file "
        "state.json`, correct it and import it again with `pulumi stack import --file state.json`"
    )


def _members(properties: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A stored mapping; what is missing is empty."""
    stored = properties.get(name)
    if stored is not None and not isinstance(stored, Mapping):
        raise _damaged(name, stored)
    return stored or {}


def _count(stored: Mapping[str, Any], name: str) -> int:
    """A stored count; one that is missing is 0."""
    value = stored.get(name)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not (isfinite(value) and value >= 0):
        raise _damaged(name, value)
    return int(value)


def _settled(stored: object) -> frozenset[str]:
    if stored is None:
        return frozenset()
    if not isinstance(stored, list | tuple) or not all(isinstance(pair, str) for pair in stored):
        raise _damaged("settled", stored)
    return frozenset(stored)


def _replaced(stored: Mapping[str, Any]) -> Mapping[str, str]:
    """Datasets and their projects, whose ARNs are valid."""
    try:
        return {DatasetArn.parse(str(arn)).text: ProjectArn.parse(str(stored[arn])).text for arn in stored}
    except BadInput:
        raise _damaged("replaced", dict(stored)) from None


def _facts(properties: Mapping[str, Any], name: str) -> Facts:
    stored = _members(properties, name)
    entries, labelled, marked = (_count(stored, name) for name in ("entries", "labelled", "marked"))
    digests = (str(stored.get(digest) or "") for digest in ("digest", "labelsDigest"))
    return Facts(entries, labelled, 0, marked, *digests)


def _figures(facts: Facts, live_only: int) -> dict[str, Any]:
    """Facts about live as the engine stores them."""
    counts = {"entries": facts.entries, "labelled": facts.labelled, "marked": facts.marked, "liveOnly": live_only}
    return {"digest": facts.digest, **counts} | ({"labelsDigest": facts.labels_digest} if facts.labels_digest else {})


def _is_unknown(value: object) -> bool:
    if isinstance(value, Unknown):
        return True
    if isinstance(value, Mapping):
        return any(_is_unknown(member) for member in value.values())
    return isinstance(value, list) and any(_is_unknown(item) for item in value)


def _text_or_none(properties: Mapping[str, Any], name: str) -> str | None:
    value = properties.get(name)
    if value is None or isinstance(value, str):
        return value
    raise BadProperty(name, f"{name} must be a string, not {shown(value)}")


def sibling_path(value: object) -> str | None:
    """The manifest of the project's other dataset, as the program named it; None where it did not.

    Raises:
        BadProperty: it is not a path relative to the program.
    """
    if value is None or _is_unknown(value):
        return None
    if isinstance(value, str) and value and not Path(value).is_absolute():
        return value
    raise BadProperty(SIBLING, f"{SIBLING} must be a path relative to the Pulumi program, not {shown(value)}")


def _project_arn(properties: Mapping[str, Any]) -> str | None:
    arn = _text_or_none(properties, "projectArn")
    if arn is None:
        return None
    try:
        return ProjectArn.parse(arn).text
    except BadInput as error:
        raise BadProperty("projectArn", str(error)) from None


def _role(properties: Mapping[str, Any]) -> str:
    """The role that calls are made with; empty: none."""
    role, arn = _text_or_none(properties, "assumeRole") or "", _project_arn(properties)
    if not role:
        return ""
    if not is_role(role):
        raise BadProperty("assumeRole", f"assumeRole must be the ARN of a role ({ROLE_FORM}), not {shown(role)}")
    project = ProjectArn.parse(arn) if arn else None
    if project and (wrong := elsewhere(role, project.partition, project.account)):
        raise BadProperty("assumeRole", f"the role {role} is of {wrong[0]}, and the project is in {wrong[1]}; {_OWN}")
    return role


def _stage(value: object) -> Stage:
    try:
        return NO_STAGE if value is None else parse_stage(value)
    except ValueError as error:
        raise BadProperty("stage", f"stage {shown(value)} is invalid: {error}") from None


def _dataset_type(value: object) -> DatasetType:
    if isinstance(value, str) and value in set(DatasetType):
        return DatasetType(value)
    raise BadProperty("datasetType", f"datasetType must be TRAIN or TEST, not {shown(value)}")


def _labels(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, list | tuple) and value and all(isinstance(name, str) and name for name in value):
        return tuple(value)
    raise BadProperty("labels", f"labels must be a list of label names, not {shown(value)}")
