"""A program with projects of Amazon Rekognition, declared with pulumi-aws as spec.json says."""

import json
from pathlib import Path

import pulumi
import pulumi_aws as aws

for spec in json.loads(Path("spec.json").read_text()):
    provider = aws.Provider(f"{spec['resource']}-provider", **spec["provider"]) if "provider" in spec else None
    options = pulumi.ResourceOptions(provider=provider, **spec.get("options", {}))
    project = aws.rekognition.Project(spec["resource"], opts=options, **spec.get("arguments", {}))
    pulumi.export(spec["resource"], project.arn)
