"""A program of its own: every argument of `Dataset`, every output read by name."""

import pulumi

from reconciler import Dataset, datasets_from

project = pulumi.Config().require("project")
train = Dataset(
    "train",
    project_arn=pulumi.Output.from_input(project),
    dataset_type="TRAIN",
    manifest="manifests/train.jsonl",
    labels=["cat", "dog"],
    policy={"extra": "unlabel", "patience": "45m", "destroy": "delete", "guards": {"updates": "40%"}},
    opts=pulumi.ResourceOptions(protect=False),
)
test = Dataset("test", project_arn=project, dataset_type="TEST", manifest="manifests/test.yaml")
others = datasets_from("labels")

pulumi.export("arn", train.dataset_arn)
pulumi.export("live", {name: train.live[name] for name in ("digest", "entries", "labelled", "marked", "liveOnly")})
pulumi.export("others", [other.dataset_arn for other in others])
