"""The resource that a Pulumi program declares: one Custom Labels dataset kept equal to one manifest."""

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from types import TracebackType
from typing import Any, Final

import pulumi
from pulumi.dynamic import Resource

from reconciler.policy import SETTINGS
from reconciler.provider.dynamic import DatasetProvider
from reconciler.provider.state import CLAIMS

_NAMES: Final = {
    "project_arn": "projectArn",
    "dataset_type": "datasetType",
    "dataset_arn": "datasetArn",
    "preview_plan": "previewPlan",
    "assume_role": "assumeRole",
}
_PYTHON_NAMES: Final = {pulumi_name: name for name, pulumi_name in _NAMES.items()}


class Dataset(Resource, module="rekognition", name="Dataset"):
    """An Amazon Rekognition Custom Labels dataset whose entries are those of a manifest.

    `pulumi preview` shows what differs entry by entry, `pulumi up` sends it and waits until the service is done. A
    dataset that the project already has for this type is adopted.
    """

    def __init__(  # noqa: PLR0913 - a resource's arguments
        self,
        resource_name: str,
        *,
        project_arn: pulumi.Input[str],
        dataset_type: pulumi.Input[str],
        manifest: pulumi.Input[str],
        labels: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        policy: pulumi.Input[Mapping[str, Any]] | None = None,
        assume_role: pulumi.Input[str] | None = None,
        stage: pulumi.Input[Mapping[str, Any]] | None = None,
        sibling: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        _claims: Mapping[str, str] | None = None,
    ) -> None:
        """Declare a dataset.

        Args:
            resource_name: the resource's name in the stack.
            project_arn: the ARN of the Custom Labels project, such as `aws.rekognition.Project(...).arn`.
            dataset_type: `TRAIN` or `TEST`; a project has one of each.
            manifest: path of the manifest (JSON Lines or YAML), relative to the Pulumi program.
            labels: the only labels that the manifest may use; None allows any.
            policy: {settings}, as in `project.yaml`.
            assume_role: the ARN of a role of the project's account: all calls for this dataset are made with it, also
                a refresh and a delete. It is assumed with the stack's credentials, after `aws:assumeRoles`.
            stage: `name`, `images` (prefixes of the manifest's keys, and what they become), `snapshots` and `audit`, as
                in stages.yaml.
            sibling: path of the manifest of the project's other dataset, with which guards compare this one. It is
                not stored. Without it a manifest that was checked before counts, or the live entries.
            opts: the resource's options.
            _claims: which resource of the whole program is for which dataset; `datasets_from` knows it.
        """
        quiet_interrupts()
        properties: dict[str, Any] = {
            "project_arn": project_arn,
            "dataset_type": dataset_type,
            "manifest": manifest,
            # Passed on unchecked: Check reports a wrong type in a sentence; here it would be a traceback.
            "policy": {} if policy is None else policy,
            # Outputs: named here so that they exist while they are not known yet.
            "dataset_arn": None,
            "live": None,
        }
        if labels is not None:
            properties["labels"] = list(labels) if isinstance(labels, tuple) else labels
        if assume_role is not None:
            properties["assume_role"] = assume_role
        if stage is not None:
            properties["stage"] = stage
        if sibling is not None:
            properties["sibling"] = sibling
        if _claims is not None:
            properties[CLAIMS] = dict(_claims)
        if pulumi.runtime.is_dry_run():
            properties["preview_plan"] = True
        super().__init__(DatasetProvider(), resource_name, properties, opts)

    def translate_input_property(self, prop: str) -> str:
        """Pulumi's name of a property (camelCase) for Python's."""
        return _NAMES.get(prop, prop)

    def translate_output_property(self, prop: str) -> str:
        """Python's name of a property (snake_case) for Pulumi's."""
        return _PYTHON_NAMES.get(prop, prop)

    @property
    @pulumi.getter(name="datasetArn")
    def dataset_arn(self) -> pulumi.Output[str]:
        """The dataset's ARN; a replaced dataset has a new one."""
        output: pulumi.Output[str] = pulumi.get(self, "dataset_arn")
        return output

    @property
    @pulumi.getter
    def live(self) -> pulumi.Output[Mapping[str, Any]]:
        """Live as last read: `digest`, `entries`, `labelled`, `marked`, `liveOnly`."""
        output: pulumi.Output[Mapping[str, Any]] = pulumi.get(self, "live")
        return output


@cache
def quiet_interrupts() -> None:
    """Print no traceback when the engine interrupts the program, as it does after a failed step."""
    previous = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            previous(kind, error, trace)

    sys.excepthook = hook


_SETTINGS: Final = ", ".join(f"`{name}`" for name in SETTINGS)
Dataset.__init__.__doc__ = (Dataset.__init__.__doc__ or "").replace("{settings}", _SETTINGS)
