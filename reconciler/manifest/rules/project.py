"""The rules of project.yaml and of the folders under `datasets/`."""

from typing import Final

from reconciler.rule import error

_MODEL: Final = "botocore service-2.json"

# Folders.
NO_DATASETS: Final = error("datasets-missing", "there is no such folder", "create it with one folder per project")
NOT_A_FOLDER: Final = error(
    "datasets-not-a-folder", "this is a file", "name the folder that holds one folder per project"
)
NO_PROJECT: Final = error(
    "project-yaml-missing",
    "the folder holds {example} but no project.yaml",
    "add project.yaml (`managed: true` alone is enough), or move the file elsewhere",
)
OTHER_NAME: Final = error("project-yaml-name", "a file with this name is not read", "rename {example} to project.yaml")
TOO_LARGE: Final = error("project-yaml-too-large", "project.yaml has more than {limit:,} bytes", "shorten it")

# The project.
NAME: Final = error(
    "project-name-illegal",
    'the project name "{name}" is illegal',
    "use 1 to 255 of a-z, A-Z, 0-9, underscore, dot, hyphen; `project:` sets another name than the folder's",
    f"{_MODEL}, ProjectName",
)
ARN: Final = error(
    "project-arn-illegal",
    '"{arn}" is not a valid ARN of a Custom Labels project',
    "copy it from DescribeProjects: arn:aws:rekognition:REGION:ACCOUNT:project/NAME/NUMBER",
    f"{_MODEL}, ProjectArn",
)
MANAGED_AND_ARN: Final = error(
    "managed-and-project-arn", "`managed` is set, but the project of `projectArn` exists", "remove `managed`"
)
NAME_AND_ARN: Final = error(
    "project-and-project-arn",
    'the project is named "{name}" and `projectArn` names "{other}"',
    "remove `project`: `projectArn` names exactly one project",
)
MANAGED_KEEP: Final = error(
    "managed-and-keep",
    "`destroy: keep` with a managed project: a project cannot be deleted while it has datasets",
    "set `managed: false`, or `destroy` to refuse or delete",
    "API Reference, DeleteProject",
)
SAME_PROJECT: Final = error(
    "project-twice",
    'the project "{name}" is declared here and in {other}',
    "declare a project in one folder; `project:` gives a folder another name",
)

# Datasets and their manifests.
NO_DATASET: Final = error(
    "no-dataset",
    "the project has no dataset: there is neither `train` nor `test`, nor a file of a default name",
    "add train.jsonl or train.yaml beside project.yaml, or name a manifest under `train`",
)
TWO_DEFAULTS: Final = error(
    "two-default-manifests",
    "both {first} and {second} could be the {dataset} manifest",
    "name one of them under `{dataset}`, or remove one",
)
NO_DEFAULT: Final = error(
    "no-default-manifest",
    "`{dataset}` names no manifest, and no file has a default name",
    "add `manifest:`, or a file {names}",
)
ABSOLUTE: Final = error("path-absolute", 'the path "{path}" is absolute', "write it relative to project.yaml's folder")
OUTSIDE: Final = error(
    "path-leaves-folder",
    '"{path}" lies outside the project\'s folder{how}',
    "put the file beside project.yaml: a folder holds everything of its project",
)

# Policy and labels.
CHOICE: Final = error("policy-value", '`{name}` is "{text}"{guess}', "use one of: {known}")
PATIENCE: Final = error(
    "patience-form", '`patience` "{text}" is not a duration', "write it like 30m, 90s, 2h or 1h30m, more than zero"
)
GUARD: Final = error(
    "guard-value", 'the guard `{name}` is "{text}"', "write a percentage such as 50% where it has one, on, or off"
)
NO_LABELS: Final = error("labels-empty", "the closed list `labels` is empty", "name the labels, or leave `labels` out")
LABEL_LENGTH: Final = error(
    "label-too-long", "a label has {count:,} characters", "use 1 to {limit} characters", f"{_MODEL}, DatasetLabel"
)
SAME_LABEL: Final = error("label-declared-twice", 'the label "{label}" appears twice', "remove one of the two")
MANY_LABELS: Final = error(
    "labels-too-many",
    "`labels` names {count:,} labels; the limit is {limit}",
    "declare fewer labels",
    "Custom Labels Developer Guide, Guidelines and quotas",
)
