"""The program of the local engine's tests: it declares the resources in spec.json."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pulumi.dynamic
from lab_provider import LabProvider  # type: ignore[import-not-found]  # beside the program, where it runs


class Thing(pulumi.dynamic.Resource, module="lab", name="Thing"):
    """A resource whose inputs control its provider."""

    made: pulumi.Output[str]

    def __init__(self, name: str, inputs: dict[str, object], opts: pulumi.ResourceOptions) -> None:
        super().__init__(LabProvider(), name, {"name": name, "made": None, **inputs}, opts)


class Box(pulumi.ComponentResource):
    """A component."""

    def __init__(self, name: str) -> None:
        super().__init__("lab:index:Box", name)
        self.register_outputs({"size": 1})


things: dict[str, Thing] = {}


def options(spec: dict[str, Any]) -> pulumi.ResourceOptions:
    """The options in a spec."""
    given = dict(spec.get("options", {}))
    if "depends_on" in given:
        given["depends_on"] = [things[name] for name in given["depends_on"]]
    if "parent" in given:
        given["parent"] = Box(given["parent"])
    return pulumi.ResourceOptions(**given)


def inputs(spec: dict[str, Any]) -> dict[str, object]:
    """The inputs in a spec: plain ones, other resources' outputs, secrets, assets."""
    found = dict(spec.get("inputs", {}))
    for key, source in spec.get("from", {}).items():
        found[key] = things[source].made
    for key in spec.get("secret", []):
        found[key] = pulumi.Output.secret(found[key])
    if "asset" in spec:
        found["asset"] = pulumi.FileAsset(spec["asset"])
    return found


def act(action: str) -> None:
    """Run an action that is not the declaration of a resource."""
    if action == "RunError":
        raise pulumi.RunError("the manifest has 2 errors\nline 2: no such label")
    if action == "raise":
        raise ValueError("a defect of the program")
    if action == "invoke":
        pulumi.runtime.invoke("aws:index/getRegion:getRegion", {})
    if action == "transform":
        pulumi.runtime.register_resource_transform(lambda _: None)
    if action == "talk":
        print("printed by the program")  # noqa: T201 - what a program may do
        pulumi.log.info("said by the program\nin two lines")
        pulumi.log.warn("a warning \x1b[31min red")
        pulumi.log.debug("nobody hears this")
    if action == "aws":
        import pulumi_aws  # noqa: PLC0415 - slow to import

        pulumi_aws.s3.Bucket("bucket")
    if action == "config":
        config = pulumi.Config()
        pulumi.export("config", {key: config.get(key) for key in ("plain", "nested", "hidden", "default")})
        pulumi.export("hidden", config.get_secret("hidden"))
    if action == "identity":
        pulumi.export("identity", [pulumi.get_project(), pulumi.get_stack(), pulumi.get_organization()])


for spec in json.loads(Path("spec.json").read_text()):
    if "do" in spec:
        act(spec["do"])
        continue
    thing = things[spec["name"]] = Thing(spec["name"], inputs(spec), options(spec))
    pulumi.export(spec["name"], thing.made)
