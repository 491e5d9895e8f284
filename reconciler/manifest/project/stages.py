"""`datasets/stages.yaml`: what differs between the stages of one repository, such as accounts and buckets."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import permutations
from os.path import lexists
from pathlib import Path, PurePosixPath
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors import BadInput
from reconciler.manifest.findings import Collector
from reconciler.manifest.project.folders import document_in, inside, refuse
from reconciler.manifest.project.project_yaml import ACCOUNT, REGION
from reconciler.manifest.project.role import account_of, elsewhere, is_role
from reconciler.manifest.rules import yaml as rules
from reconciler.manifest.yaml.nodes import Fields, MappingNode, Node
from reconciler.model import Prefixes, ProjectDeclaration
from reconciler.text import did_you_mean, inert

STAGES_FILE: Final = "stages.yaml"
# The most characters of a stage in a header.
_HEADER: Final = 400
_SCHEME: Final = "s3://"


class Stage(Struct, frozen=True):
    """One stage: `account`, `region` and `assume_role` as in project.yaml, which they go before; empty: not set.

    `images` maps prefixes of the manifests' keys. `snapshots`, `audit` and `manifests` are places, as the options
    --snapshots, --audit and --manifest-bucket.
    """

    name: str = ""
    account: str = ""
    region: str = ""
    assume_role: str = ""
    images: Prefixes = ()
    snapshots: str = ""
    audit: str = ""
    manifests: str = ""

    def __str__(self) -> str:
        """The stage and what it maps, as the header of a plan says it."""
        pairs = ", ".join(f"{of} -> {to}" for of, to in self.images)
        return inert(f"stage {self.name}{f': {pairs}' if pairs else ''}", _HEADER)


NO_STAGE: Final = Stage()


class StageSetting(Struct, frozen=True):
    """A row of the table of a stage's settings: the field, how it is read, its form and meaning for the docs.

    `overridden_by` are the key of the stack's configuration and the option that go before it.
    """

    field: str
    read: Callable[[Node, str, Fields], Any]
    form: str
    help: str
    overridden_by: tuple[str, str] = ("", "")


def _account(node: Node, name: str, fields: Fields) -> str:
    return _matching(node, name, fields, lambda text: re.fullmatch(ACCOUNT, text) is not None)


def _region(node: Node, name: str, fields: Fields) -> str:
    return _matching(node, name, fields, lambda text: re.fullmatch(REGION, text) is not None)


def _matching(node: Node, name: str, fields: Fields, is_legal: Callable[[str], bool]) -> str:
    text = fields.text(node, f"`{name}`") or ""
    if text and not is_legal(text):
        fields.wrong(rules.WHERE, node, name=name, text=text)
    return text


def _role(node: Node, name: str, fields: Fields) -> str:
    role = fields.text(node, f"`{name}`") or ""
    if role and not is_role(role):
        fields.wrong(rules.ROLE, node, arn=role)
        return ""
    return role


def _place(node: Node, name: str, fields: Fields) -> str:
    return fields.text(node, f"`{name}`") or ""


def _images(node: Node, name: str, fields: Fields) -> Prefixes:
    """Pairs of prefixes by which no two keys become one."""
    if not isinstance(node, MappingNode):
        fields.mapping(node, f"`{name}`", (), "write {s3://FROM/: s3://TO/}")
        return ()
    pairs: dict[str, str] = {}
    nodes: dict[str, Node] = {}
    for of, target in node.members.items():
        to = fields.text(target, "a prefix") or ""
        for text, where in ((of, node.names[of]), (to, target)):
            if text and not (text.startswith(_SCHEME) and text.endswith("/") and len(text.split("/")) > 3):
                fields.wrong(rules.STAGE_PREFIX, where, text=text)
        pairs[of], nodes[of] = to, target
    for one, other, of in overlaps(tuple(pairs.items())):
        fields.wrong(rules.STAGE_PREFIXES, node.names[of] if one == of else nodes[of], one=one, other=other)
    return tuple(sorted(pairs.items()))


def overlaps(pairs: Prefixes) -> Iterator[tuple[str, str, str]]:
    """Two prefixes of one side of which one begins with the other, and the left side of the pair of the first."""
    for (of, to), (other, to_other) in permutations(pairs, 2):
        if of.startswith(other):
            yield of, other, of
        if to.startswith(to_other) and (to != to_other or of > other):
            yield to, to_other, of


STAGE_SETTINGS: Final[Mapping[str, StageSetting]] = {
    "account": StageSetting("account", _account, '`"111122223333"`', "the account that the credentials must be of"),
    "region": StageSetting(
        "region", _region, "`eu-west-1`", "where projects are looked for by name", ("aws:region", "--region")
    ),
    "assumeRole": StageSetting(
        "assume_role",
        _role,
        "`arn:aws:iam::111122223333:role/labels`",
        "the role that all calls for the projects are made with",
        ("aws:assumeRoles", ""),
    ),
    "images": StageSetting(
        "images", _images, "`{s3://acme-dev/: s3://acme-prod/}`", "prefixes of the images' keys, and what they become"
    ),
    "snapshots": StageSetting(
        "snapshots",
        _place,
        "`s3://acme-keep/prod`",
        "where entries are kept before they are deleted or overwritten",
        ("reconciler:snapshots", "--snapshots"),
    ),
    "audit": StageSetting(
        "audit",
        _place,
        "`s3://acme-keep/audit`",
        "where each record is also written",
        ("reconciler:audit", "--audit"),
    ),
    "manifestBucket": StageSetting(
        "manifests",
        _place,
        "`acme-manifests`",
        "the bucket, or `s3://BUCKET/FOLDER`, through which a large new dataset is loaded",
        ("reconciler:manifestBucket", "--manifest-bucket"),
    ),
}


def read_stages(datasets: Path, shown: str) -> Mapping[str, Stage]:
    """The stages of a folder of datasets by name; none where it has no stages.yaml. `shown` names the folder.

    Raises:
        InvalidDeclaration: with the findings.
    """
    if not lexists(datasets / STAGES_FILE):
        return {}
    collector = Collector(str(PurePosixPath(shown, STAGES_FILE)))
    path = inside(datasets, STAGES_FILE, collector.report)
    root = None if path is None else document_in(path, collector)
    stages = dict(_stages(root, Fields(collector.report_at))) if root else {}
    refuse([collector])
    return stages


def _stages(root: Node, reader: Fields) -> Iterator[tuple[str, Stage]]:
    cure = 'write a name and its settings, such as prod: {account: "111122223333"}'
    if not isinstance(root, MappingNode):
        reader.mapping(root, STAGES_FILE, (), cure)
        return
    for name, node in root.members.items():
        mapping = reader.mapping(node, f"the stage `{name}`", STAGE_SETTINGS, cure)
        members = mapping.members if mapping else {}
        known = [one for one in members if one in STAGE_SETTINGS]
        read = {STAGE_SETTINGS[one].field: STAGE_SETTINGS[one].read(members[one], one, reader) for one in known}
        stage = Stage(name=name, **read)
        if stage.account and stage.assume_role and account_of(stage.assume_role) != stage.account:
            mine, other = f"account {account_of(stage.assume_role)}", f"account {stage.account}"
            reader.wrong(rules.ROLE_ELSEWHERE, members["assumeRole"], mine=mine, other=other)
        yield name, stage


def chosen_stage(datasets: Path, shown: str, name: str, how: str) -> Stage:
    """The stage of this name; without a stages.yaml none. `how` says what chose it: `--stage`, or the stack.

    Raises:
        InvalidDeclaration: stages.yaml has findings. BadInput: it has no such stage; the message lists those it has.
    """
    stages = read_stages(datasets, shown)
    file = inert(str(PurePosixPath(shown, STAGES_FILE)))
    if not lexists(datasets / STAGES_FILE):
        return NO_STAGE
    if name not in stages:
        known = ", ".join(map(inert, stages))
        raise BadInput(f"{file} has no stage {inert(name)} ({how}){did_you_mean(name, stages)}; it has: {known}")
    return stages[name]


def staged(project: ProjectDeclaration, stage: Stage) -> ProjectDeclaration:
    """The project as it is in a stage.

    Raises:
        BadInput: `projectArn` names a project of a different account or Region.
    """
    if stage == NO_STAGE:
        return project
    found = {name: getattr(stage, name) or getattr(project, name) for name in ("account", "region", "assume_role")}
    if project.project_arn:
        _refuse_elsewhere(project, project.project_arn, stage)
    datasets = tuple(replace(one, images=stage.images) for one in project.datasets)
    return replace(project, **found, datasets=datasets)


def _refuse_elsewhere(project: ProjectDeclaration, arn: str, stage: Stage) -> None:
    _arn, partition, _service, region, account, _project = arn.split(":", 5)
    for name, of_stage, other in (("account", stage.account, account), ("Region", stage.region, region)):
        if of_stage not in ("", other):
            raise BadInput(
                f"{inert(project.shown)}/project.yaml: `projectArn` is in {name} {other}, and the stage "
                f"{inert(stage.name)} of {STAGES_FILE} says {of_stage}; name the project by `project` and "
                "`managed: false`"
            )
    if stage.assume_role and (wrong := elsewhere(stage.assume_role, partition, account)):
        raise BadInput(
            f"{inert(project.shown)}/project.yaml: `projectArn` is in {wrong[1]}, and the role of the stage "
            f"{inert(stage.name)} of {STAGES_FILE} is of {wrong[0]}; name the project by `project` and `managed: false`"
        )


def stage_properties(stage: Stage) -> dict[str, Any]:
    """What the inputs of a resource keep of its stage, without what is not set."""
    places = {"snapshots": stage.snapshots, "audit": stage.audit, "manifestBucket": stage.manifests}
    kept = {"name": stage.name, "images": dict(stage.images), **places}
    return {name: value for name, value in kept.items() if value}


def parse_stage(value: object) -> Stage:
    """The stage of a resource's inputs.

    Raises:
        ValueError: it is not what `stage_properties` gives, or its images could not be mapped back.
    """
    given: Mapping[str, Any] = value if isinstance(value, Mapping) else {"": value}
    texts = {name: given.get(name, "") for name in ("name", "snapshots", "audit", "manifestBucket")}
    images = given.get("images", {})
    if not isinstance(images, Mapping) or {*given} - {"images", *texts}:
        raise ValueError("it must be a mapping with name, images, snapshots, audit and manifestBucket")
    pairs = tuple(sorted(images.items()))
    if not all(isinstance(text, str) for text in (*texts.values(), *(one for pair in pairs for one in pair))):
        raise ValueError("every value must be a text, `images` a mapping of prefixes")
    if wrong := next(overlaps(pairs), None):
        raise ValueError(f"the prefixes {wrong[0]} and {wrong[1]} overlap: the keys of two images could become one")
    name, snapshots, audit, manifests = texts.values()
    return Stage(name=name, images=pairs, snapshots=snapshots, audit=audit, manifests=manifests)
