"""The Pulumi program: a resource for each manifest under `datasets/`, or the folder `reconciler:datasets` names."""

import pulumi

from reconciler import datasets_from

for dataset in datasets_from():
    pulumi.export(dataset.pulumi_resource_name, dataset.dataset_arn)
