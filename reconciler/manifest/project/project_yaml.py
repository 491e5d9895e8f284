"""`project.yaml`: what a folder declares about its Custom Labels project."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct

from reconciler.errors import BadInput
from reconciler.guards import parse_allow
from reconciler.limits import DATASET_LABELS, LABEL_CHARACTERS, PROJECT_NAME_PATTERN
from reconciler.manifest.project.policy import read_policy
from reconciler.manifest.project.role import elsewhere, is_role
from reconciler.manifest.rules import all_rules
from reconciler.manifest.rules import yaml as rules
from reconciler.manifest.yaml.entry import defaults_of
from reconciler.manifest.yaml.nodes import Fields, MappingNode, Node, Scalar, SequenceNode
from reconciler.model import (
    Allowance,
    DatasetType,
    Finding,
    Place,
    ProjectDeclaration,
    Retirement,
    Severity,
    Suppression,
)
from reconciler.policy import Destroy, Policy
from reconciler.text import did_you_mean

PROJECT_KEYS: Final = (
    "project",
    "managed",
    "projectArn",
    "account",
    "region",
    "assumeRole",
    "train",
    "test",
    "labels",
    "images",
    "size",
    "created",
    "policy",
    "resource",
    "allow",
    "retired",
    "suppress",
)
ALLOW_KEYS: Final = ("guard", "reason", "manifests")
RETIRED_KEYS: Final = ("image", "reason", "dataset")
SUPPRESS_KEYS: Final = ("code", "reason", "until", "pattern")
DATASET_KEYS: Final = ("manifest", "policy")
_KINDS: Final = tuple(kind.word for kind in DatasetType)
_NAME: Final = re.compile(PROJECT_NAME_PATTERN)
# Source: botocore service-2.json, ProjectArn.
_ARN: Final = re.compile(
    r"arn:([a-z\d-]+):rekognition:([a-z\d-]+):(\d{12}):project/([a-zA-Z0-9_.\-]{1,255})/[0-9]+", re.ASCII
)
ACCOUNT: Final = "[0-9]{12}"
REGION: Final = "[a-z]{2}(?:-[a-z]+)+-[0-9]"


class DeclaredDataset(Struct, frozen=True):
    """A dataset as written: its files' nodes (none: the default name), the node that declares it, and its policy."""

    manifests: tuple[Scalar, ...]
    node: Node | None
    policy: Policy


class DeclaredProject(Struct, frozen=True):
    """A project as written, and the node that names it; `project` has no datasets yet.

    `datasets` holds those that have a key, `policy` is for those that have none.
    """

    project: ProjectDeclaration
    datasets: Mapping[DatasetType, DeclaredDataset]
    policy: Policy
    node: Node


def read_project(root: Node, folder: Path, shown: str, fields: Fields) -> DeclaredProject | None:
    """Read the file of a folder; everything wrong is reported, and then something harmless takes its place.

    `shown` is the folder's name as the user gave it.
    """
    mapping = fields.mapping(root, "project.yaml", PROJECT_KEYS, "write keys such as `managed: true`")
    if mapping is None:
        return None
    members = mapping.members
    name, arn = _identity(mapping, folder.name, fields)
    managed = _managed(members, fields)
    policy = read_policy(members["policy"], Policy(), fields) if "policy" in members else Policy()
    datasets = {
        kind: _dataset(members[kind.word], kind, policy, fields) for kind in DatasetType if kind.word in members
    }
    _refuse_managed_keep(mapping, datasets, fields, managed=managed)
    labels = _labels(members["labels"], fields) if "labels" in members else None
    allow = tuple(_allowances(members["allow"], fields)) if "allow" in members else ()
    resource = _resource(members["resource"], fields) if "resource" in members else ""
    retired = tuple(_retired(members["retired"], f"{shown}/project.yaml", fields)) if "retired" in members else ()
    suppress = tuple(_suppressed(members["suppress"], f"{shown}/project.yaml", fields)) if "suppress" in members else ()
    where = _where(members, arn, fields, managed=managed)
    role = _role(members["assumeRole"], arn, where[0], fields, managed=managed) if "assumeRole" in members else ""
    given = labels, resource, allow, *where, retired, role, suppress, defaults_of(members, fields)
    project = ProjectDeclaration(folder, shown, name, managed, arn, (), *given)
    return DeclaredProject(project, datasets, policy, members.get("projectArn") or members.get("project") or mapping)


def _identity(mapping: MappingNode, folder: str, fields: Fields) -> tuple[str, str | None]:
    """The project's name and ARN. The name is that in the ARN, else `project`, else the folder's."""
    written = mapping.members.get("project")
    name = None if written is None else fields.text(written, "`project`")
    node = mapping.members.get("projectArn")
    if node is not None:
        return _arn(node, name, written, fields)
    if name is None and written is None:
        name = folder
    if name is not None and not _NAME.fullmatch(name):
        fields.wrong(rules.NAME, written or mapping, name=name)
    return name or "", None


def _arn(node: Node, name: str | None, written: Node | None, fields: Fields) -> tuple[str, str | None]:
    arn = fields.text(node, "`projectArn`")
    match = _ARN.fullmatch(arn or "")
    if match is None:
        if arn is not None:
            fields.wrong(rules.ARN, node, arn=arn)
        return "", None
    if written is not None and name not in (None, match[4]):
        fields.wrong(rules.NAME_AND_ARN, written, name=name, other=match[4])
    return match[4], arn


def _managed(members: Mapping[str, Node], fields: Fields) -> bool:
    """Whether the program declares the project: unless `projectArn` or `managed: false` says that it exists."""
    node = members.get("managed")
    if node is None:
        return "projectArn" not in members
    flag = fields.flag(node, "`managed`")
    if "projectArn" in members:
        fields.wrong(rules.MANAGED_AND_ARN, node)
        return False
    return flag is not False


def _where(members: Mapping[str, Node], arn: str | None, fields: Fields, *, managed: bool) -> tuple[str, str]:
    """The account and the Region that are written, each empty where it is not, or wrong."""
    match = _ARN.fullmatch(arn or "")
    found = []
    for name, pattern, group in (("account", ACCOUNT, 3), ("region", REGION, 2)):
        node = members.get(name)
        text = fields.text(node, f"`{name}`") if node else None
        if node and text is not None and managed:
            fields.wrong(rules.MANAGED_WHERE, node, name=name)
        elif node and text is not None and not re.fullmatch(pattern, text):
            fields.wrong(rules.WHERE, node, name=name, text=text)
        elif node and text is not None and match and match[group] != text:
            fields.wrong(rules.WHERE_AND_ARN, node, name=name, text=text, other=match[group])
        found.append(text or "")
    return found[0], found[1]


def _role(node: Node, arn: str | None, account: str, fields: Fields, *, managed: bool) -> str:
    """The ARN of a role of the project's account; empty where it is not, or wrong."""
    role, project = fields.text(node, "`assumeRole`") or "", _ARN.fullmatch(arn or "")
    if role and managed:
        fields.wrong(rules.MANAGED_ROLE, node)
    elif role and not is_role(role):
        fields.wrong(rules.ROLE, node, arn=role)
    elif role and (wrong := elsewhere(role, project[1] if project else "", project[3] if project else account)):
        fields.wrong(rules.ROLE_ELSEWHERE, node, mine=wrong[0], other=wrong[1])
    return role if is_role(role) else ""


def _resource(node: Node, fields: Fields) -> str:
    """The name in the Pulumi state; empty where it is illegal."""
    name = fields.text(node, "`resource`")
    if name is not None and not _NAME.fullmatch(name):
        fields.wrong(rules.RESOURCE, node, name=name)
        return ""
    return name or ""


def _dataset(node: Node, kind: DatasetType, policy: Policy, fields: Fields) -> DeclaredDataset:
    """The short form is the manifest's name, or a list of files; the long form is a mapping."""
    if not isinstance(node, MappingNode):
        return DeclaredDataset(_named(node, f"`{kind.word}`", fields), node, policy)
    cure = "write the manifest's name, a list of files, or {manifest: ..., policy: {...}}"
    mapping = fields.mapping(node, f"`{kind.word}`", DATASET_KEYS, cure)
    members = {} if mapping is None else mapping.members
    if "policy" in members:
        policy = read_policy(members["policy"], policy, fields)
    manifests = _named(members["manifest"], "`manifest`", fields) if "manifest" in members else ()
    return DeclaredDataset(manifests, node, policy)


def _named(node: Node, what: str, fields: Fields) -> tuple[Scalar, ...]:
    """The nodes that are names: the one, or those of a list."""
    if isinstance(node, SequenceNode) and not node.items:
        fields.wrong(rules.NO_FILES, node, dataset=what.strip("`"))
    found = list[Scalar]()
    for item in node.items if isinstance(node, SequenceNode) else (node,):
        if fields.text(item, what) is not None and isinstance(item, Scalar):
            found.append(item)
            if item.text in [other.text for other in found[:-1]]:
                fields.wrong(rules.SAME_FILE, item, path=item.text)
    return tuple(found)


def _refuse_managed_keep(
    mapping: MappingNode, datasets: Mapping[DatasetType, DeclaredDataset], fields: Fields, *, managed: bool
) -> None:
    """Deleting a managed project would fail for ever while one of its datasets is kept."""
    for node in (mapping, *(dataset.node for dataset in datasets.values())) if managed else ():
        policy = node.members.get("policy") if isinstance(node, MappingNode) else None
        destroy = policy.members.get("destroy") if isinstance(policy, MappingNode) else None
        if isinstance(destroy, Scalar) and destroy.text == Destroy.KEEP:
            fields.wrong(rules.MANAGED_KEEP, destroy)


def _allowances(node: Node, fields: Fields) -> Iterator[Allowance]:
    """Overrides of guards, each for manifests of these digests."""
    cure = "write {guard: GUARD, reason: WHY, manifests: {train: DIGEST}}; a plan that is blocked prints it"
    for item in fields.items(node, "`allow`") or ():
        mapping = fields.mapping(item, "an item of `allow`", ALLOW_KEYS, cure)
        if mapping is None:
            continue
        texts = {
            name: fields.text(value, f"`{name}`") for name, value in mapping.members.items() if name != "manifests"
        }
        where = mapping.members.get("manifests")
        digests = fields.mapping(where, "`manifests`", _KINDS, cure) if where else None
        known = (
            {kind: fields.text(digest, f"`{kind}`") or "" for kind, digest in digests.members.items()}
            if digests
            else {}
        )
        try:
            allowed = parse_allow([f"{texts.get('guard') or ''}={texts.get('reason') or ''}"], "`allow`")
        except BadInput as error:
            fields.wrong(rules.ALLOW, item, reason=str(error), cure=cure)
            continue
        if not known:
            fields.wrong(rules.ALLOW, item, reason="`allow`: an override needs the manifests that it is for", cure=cure)
        yield from (Allowance(guard, reason, known) for guard, reason in allowed.items())


class _Item(NamedTuple):
    """What an item of a list is: its name, its keys, of which the first are needed, and how to write it."""

    where: str
    keys: tuple[str, ...]
    needed: int
    cure: str


_RETIRED: Final = _Item(
    "an item of `retired`",
    RETIRED_KEYS,
    2,
    "write {image: ADDRESS, KEY OR PATTERN, reason: WHY}; `reconciler rm` does",
)
_SUPPRESSED: Final = _Item(
    "an item of `suppress`",
    SUPPRESS_KEYS,
    3,
    "write {code: CODE, reason: WHY, until: YYYY-MM-DD}, and `pattern` for some of them",
)


def _texts(item: Node, row: _Item, fields: Fields) -> tuple[Mapping[str, Node], dict[str, str | None]]:
    """The members of an item and their texts; what is wrong with them or missing is told."""
    mapping = fields.mapping(item, row.where, row.keys, row.cure)
    members = mapping.members if mapping else {}
    texts = {name: fields.text(value, f"`{name}`") for name, value in members.items() if name in row.keys}
    for name in row.keys[: row.needed] if mapping else ():
        if name not in members:
            fields.wrong(rules.MISSING_KEY, item, where=row.where, name=name)
    return members, texts


def _retired(node: Node, shown: str, fields: Fields) -> Iterator[Retirement]:
    """Images that left the project."""
    for item in fields.items(node, "`retired`") or ():
        members, texts = _texts(item, _RETIRED, fields)
        kind = texts.get("dataset")
        if kind is not None and kind not in _KINDS:
            fields.wrong(
                rules.CHOICE, members["dataset"], name="dataset", text=kind, guess="", expected="train or test"
            )
        elif (image := texts.get("image")) and (reason := texts.get("reason")):
            place = Place(shown, item.line, item.column)
            yield Retirement(image, reason, DatasetType(kind.upper()) if kind else None, place)


def _suppressed(node: Node, shown: str, fields: Fields) -> Iterator[Suppression]:
    """Findings that are counted and not shown; what is refused cannot be suppressed."""
    for item in fields.items(node, "`suppress`") or ():
        members, texts = _texts(item, _SUPPRESSED, fields)
        code, until = texts.get("code"), texts.get("until")
        if code and (why := _not_suppressible(code)):
            fields.wrong(rules.SUPPRESS_CODE, members["code"], code=code, **why)
        elif until and not _is_day(until):
            fields.wrong(rules.SUPPRESS_UNTIL, members["until"], text=until)
        elif code and until and (reason := texts.get("reason")):
            yield Suppression(code, texts.get("pattern") or "", reason, until, Place(shown, item.line, item.column))


def _not_suppressible(code: str) -> dict[str, str]:
    """Why no finding with this code is suppressed, as details of the rule; none where it can be."""
    known = {rule.code: rule.severity for rule in all_rules()}
    if code not in known:
        guess = did_you_mean(code, [name for name, severity in known.items() if severity is not Severity.ERROR])
        return {"why": "is not a code of a finding", "guess": guess, "cure": "docs/findings.md has all codes"}
    if known[code] is Severity.ERROR:
        return {"why": "is of class error, which is never suppressed", "guess": "", "cure": "fix what it says"}
    return {}


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def expired(project: ProjectDeclaration, today: str) -> tuple[Finding, ...]:
    """A warning for each suppression whose last day is before today, both as YYYY-MM-DD."""
    late = (one for one in project.suppress if one.until < today)
    return tuple(rules.SUPPRESS_EXPIRED.finding(one.place, code=one.code, until=one.until) for one in late)


def _labels(node: Node, fields: Fields) -> tuple[str, ...] | None:
    """The closed list of labels."""
    items = fields.items(node, "`labels`")
    if items is None:
        return None
    if not items:
        fields.wrong(rules.NO_LABELS, node)
    if len(items) > DATASET_LABELS:
        fields.wrong(rules.MANY_LABELS, node, count=len(items), limit=DATASET_LABELS)
    labels: dict[str, Node] = {}
    for item in items:
        label = fields.text(item, "a label", rules.EMPTY_LABEL)
        if label is not None and len(label) > LABEL_CHARACTERS:
            fields.wrong(rules.LABEL_LENGTH, item, count=len(label), limit=LABEL_CHARACTERS)
        if label is not None and labels.setdefault(label, item) is not item:
            fields.wrong(rules.SAME_LABEL, item, label=label)
    return tuple(labels)
