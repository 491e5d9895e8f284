"""How datasets of two sides are brought together, and what differs in how they are declared.

Two declarations are of one dataset if project and type are the same. Pulumi knows a dataset by its folder, so the same
dataset under a new folder is a new resource to it; and a setting that changes is an update, even if no entry is sent.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from reconciler.manifest.project.policy import as_written
from reconciler.model import DatasetDeclaration, DatasetType, ProjectDeclaration
from reconciler.policy import SETTINGS, Destroy, Extra, Policy, value_of
from reconciler.run import DangerLevel, DeclarationChange
from reconciler.text import Name, Sentence, counted, joined, listed, sentence

PROJECT_FILE: Final = "project.yaml"
Declared = tuple[ProjectDeclaration, DatasetDeclaration]
Pair = tuple[Declared | None, Declared | None]

# What a value that a setting gets means for data, as the start of a sentence's end.
_EFFECTS: Final[Mapping[object, tuple[DangerLevel, str]]] = {
    Extra.REPLACE: ("danger", "from now on a live entry without a line deletes the dataset and loads a new one"),
    Extra.UNLABEL: ("check", "from now on a live entry without a line loses its labels"),
    Destroy.DELETE: ("check", "from now on the dataset is deleted with its resource, after a snapshot"),
}
_ELSEWHERE: Final = "; the project is looked for there"
_WHERE: Final = (
    ("account", "account", "any", _ELSEWHERE),
    ("region", "region", "any", _ELSEWHERE),
    ("assumeRole", "assume_role", "none", "; calls are made with it"),
)
_GUARDS: Final[tuple[DangerLevel, str]] = ("check", "")
_NONE: Final[tuple[DangerLevel, str]] = ("note", "")
_NOT_DECLARED: Final[Mapping[Destroy, tuple[DangerLevel, str]]] = {
    Destroy.REFUSE: ("check", "refuses to delete it while it has entries"),
    Destroy.DELETE: ("danger", "deletes it, after a snapshot"),
    Destroy.KEEP: ("check", "leaves it in AWS"),
}


def paired(before: Sequence[Declared], after: Sequence[Declared]) -> list[Pair]:
    """Datasets of both sides by project and type: those of the second side, then what only the first has."""
    left = list(before)
    pairs: list[Pair] = []
    for new in after:
        old = next((one for one in left if is_same(one, new)), None)
        pairs.append((old, new))
        if old:
            left.remove(old)
    pairs += [(old, None) for old in left]
    return sorted(pairs, key=_order)


def declaration_changes(before: Declared | None, after: Declared | None) -> tuple[DeclarationChange, ...]:
    """What differs between two declarations of one dataset; None: that side does not declare it."""
    if before is None:
        return ()
    if after is None:
        level, what = _NOT_DECLARED[before[1].policy.destroy]
        policy = f"policy `destroy: {before[1].policy.destroy.value}`"
        words = (f"no longer declared: `pulumi up` {what} ({policy})",)
        return (DeclarationChange(setting="dataset", level=level, words=words),) if is_declared(before[0]) else ()
    sides = is_declared(before[0]), is_declared(after[0])
    if all(sides):
        return (*_project_changes(before, after), *policy_changes(before[1].policy, after[1].policy))
    if not any(sides):
        return ()
    words = ("project.yaml added",) if sides[1] else ("project.yaml removed: the dataset is no longer declared",)
    return (DeclarationChange(setting=PROJECT_FILE, level="note" if sides[1] else "danger", words=words),)


def project_change(one: Declared, before: Sequence[Declared]) -> tuple[DeclarationChange, ...]:
    """The project that the resource of a dataset had before, where it is a different one."""
    name = _in_state(one)
    for other in before:
        if _in_state(other) == name and is_declared(other[0]) and is_declared(one[0]) and not is_same(other, one):
            old, new = (_project_words(project) for project in (other[0], one[0]))
            words = sentence("project: ", old, " -> ", new, "; `pulumi up` replaces the dataset of ", Name(name))
            return (DeclarationChange(setting="project", level="danger", words=words),)
    return ()


def _project_words(project: ProjectDeclaration) -> Sentence:
    """A project's ARN, or its name and where it is."""
    where = " of ".join(place for place in (project.region, project.account) if place and not project.project_arn)
    return sentence(Name(project.project_arn or project.name), f" in {where}" if where else "")


def _in_state(declared: Declared) -> str:
    return declared[0].dataset_in_state(declared[1].dataset_type)


def policy_changes(before: Policy, after: Policy) -> Iterator[DeclarationChange]:
    """The settings of the policy that differ, with what that means for data."""
    for name in SETTINGS:
        old, new = value_of(before, name), value_of(after, name)
        if old != new:
            level, effect = _GUARDS if name == "guards" else _EFFECTS.get(new, _NONE)
            words = sentence(f"{name}: ", _value(old), " -> ", _value(new), f"; {effect}" if effect else "")
            yield DeclarationChange(setting=name, level=level, words=words)


def is_declared(project: ProjectDeclaration) -> bool:
    """Whether the project's folder has a project.yaml, so that a Pulumi program declares its datasets."""
    return (project.folder / PROJECT_FILE).exists()


def is_same(one: Declared, other: Declared) -> bool:
    """Whether two declarations are of one dataset."""
    if one[1].dataset_type is not other[1].dataset_type:
        return False
    before, after = one[0], other[0]
    if not (is_declared(before) or is_declared(after)):
        return True  # two folders of manifests without a project, as the user named them
    if before.project_arn and after.project_arn:
        return before.project_arn == after.project_arn
    places = ((before.account, after.account), (before.region, after.region))
    return before.name == after.name and not any(one and other and one != other for one, other in places)


def _order(pair: Pair) -> tuple[str, bool]:
    project, dataset = pair[1] or pair[0] or (None, None)
    return project.name if project else "", dataset is not None and dataset.dataset_type is DatasetType.TEST


def _project_changes(before: Declared, after: Declared) -> Iterator[DeclarationChange]:
    """What differs besides the policy: the resource's name, the manifest, the project, the labels."""
    (old, one), (new, other) = before, after
    names = [_in_state(one) for one in (before, after)]
    if names[0] != names[1]:
        moved = sentence("same dataset, new name in the Pulumi state: ", Name(names[0]), " -> ", Name(names[1]))
        yield DeclarationChange(setting="resource", level="check", words=moved)
    paths = [_written(project, dataset) for project, dataset in ((old, one), (new, other))]
    if paths[0] != paths[1]:
        yield DeclarationChange(setting="manifest", words=("manifest: ", Name(paths[0]), " -> ", Name(paths[1])))
    if old.managed and not new.managed:
        words: Sentence = ("managed: true -> false; `pulumi up` deletes the project that it made",)
        yield DeclarationChange(setting="managed", level="danger", words=words)
    elif new.managed and not old.managed:
        words = ("managed: false -> true; `pulumi up` creates the project",)
        yield DeclarationChange(setting="managed", level="check", words=words)
    if old.project_arn != new.project_arn:
        arns = [Name(arn) if arn else "by name" for arn in (old.project_arn, new.project_arn)]
        yield DeclarationChange(
            setting="projectArn", level="check", words=sentence("project: ", arns[0], " -> ", arns[1])
        )
    for name, attribute, nothing, effect in _WHERE:
        was, becomes = getattr(old, attribute), getattr(new, attribute)
        if was != becomes:
            words = sentence(f"{name}: ", Name(was or nothing), " -> ", Name(becomes or nothing), effect)
            yield DeclarationChange(setting=name, level="check", words=words)
    if old.retired != new.retired:
        images = ([one.image for one in project.retired] for project in (old, new))
        yield DeclarationChange(setting="retired", words=_listed_changes("retired", *images))
    if old.labels != new.labels:
        yield DeclarationChange(setting="labels", words=_labels(old.labels, new.labels))


def _written(project: ProjectDeclaration, dataset: DatasetDeclaration) -> str:
    """The files of a manifest, or its folder, as project.yaml names them."""
    paths = [part.path for part in dataset.files] or [dataset.manifest]
    return ", ".join(str(path.relative_to(project.folder)) for path in paths)


def _labels(before: Sequence[str] | None, after: Sequence[str] | None) -> Sentence:
    """The closed lists of labels, which may have hundreds: what was added and removed."""
    if before is None or after is None:
        sizes = ["any" if labels is None else counted(len(labels), "label", "labels") for labels in (before, after)]
        return (f"labels: {sizes[0]} -> {sizes[1]}",)
    return _listed_changes("labels", before, after)


def _listed_changes(setting: str, before: Sequence[str], after: Sequence[str]) -> Sentence:
    """What was added to a list and removed from it."""
    old, new = set(before), set(after)
    added, removed = [one for one in after if one not in old], [one for one in before if one not in new]
    parts = [sentence(word, listed(some)) for word, some in (("added ", added), ("removed ", removed)) if some]
    return sentence(f"{setting}: ", joined(parts, ", ") or "written differently")


def _value(value: object) -> str | Name:
    if isinstance(value, int):  # a time
        return f"{value} s"
    written = as_written(value)
    return written if isinstance(written, str) else Name(json.dumps(written, sort_keys=True))
