"""One resource for each manifest under `datasets/`, in the stage that has the name of the stack."""

import pulumi

from reconciler import Dataset, datasets_from

for dataset in datasets_from():
    pulumi.export(dataset.pulumi_resource_name, dataset.dataset_arn)

# A project that this program does not find by name, in an account of its own: its ARN and its role are settings.
config = pulumi.Config("twostages")
if config.get("smearsProject"):
    smears = Dataset(
        "smears-train",
        project_arn=config.require("smearsProject"),
        dataset_type="TRAIN",
        manifest="smears.yaml",
        assume_role=config.get("smearsRole"),
    )
    pulumi.export("smears", smears.dataset_arn)
