"""The one resource of pulumi-aws that this repository's program uses: `aws:rekognition/project:Project`, over boto3.

Inputs and outputs are named as pulumi-aws 7 names them (pulumi_aws/rekognition/project.py); behaviour follows
hashicorp/terraform-provider-aws internal/service/rekognition/project.go: the id is the project's name, a create waits
for CREATED, a delete until the project is gone, everything but tags forces a replacement. Other types of `aws` are
refused by name.
"""

from __future__ import annotations

import secrets
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from localengine.errors import InitFailedError, ProviderError, RefusedError
from localengine.protocol import urn as urns
from localengine.protocol.properties import UNKNOWN, Properties, equal, plain_bag
from localengine.providers.aws_settings import AwsSettings
from localengine.providers.provider import AWS_TYPES, Difference, Failure, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_rekognition.literals import CustomizationFeatureType
    from mypy_boto3_rekognition.type_defs import ProjectDescriptionTypeDef

    from localengine.state.deployment import Resource

(TYPE,) = AWS_TYPES
_INPUTS = {"name", "feature", "autoUpdate", "region", "tags"}
_FORCING = ("name", "feature", "autoUpdate", "region")
_FEATURES: tuple[CustomizationFeatureType, ...] = ("CUSTOM_LABELS", "CONTENT_MODERATION")
PATIENCE_SECONDS = 600.0
POLL_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)


class AwsProvider:
    """A provider of Rekognition projects. Waits use `sleep` and `clock`."""

    def __init__(
        self, sleep: Callable[[float], object] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stopped = threading.Event()
        self._sleep = sleep or self._stopped.wait
        self._clock = clock
        self._settings = AwsSettings({})
        self._clients: dict[str, RekognitionClient] = {}
        self._lock = threading.Lock()

    def check_config(self, urn: str, olds: Properties, news: Properties) -> None:
        """Refuse settings that would be ignored."""
        del urn, olds
        AwsSettings(plain_bag(news))

    def diff_config(self, urn: str, olds: Properties, news: Properties) -> None:
        """A changed configuration never replaces resources here."""
        del urn, olds, news

    def configure(self, urn: str, provider_id: str, inputs: Properties) -> None:
        """Take the settings; clients are made when they are needed."""
        del urn, provider_id
        self._settings = AwsSettings(plain_bag(inputs))

    def check(self, urn: str, olds: Properties, news: Properties) -> tuple[Properties, list[Failure]]:
        """The inputs with a name: the given one, the earlier one, or the resource's name with a random suffix."""
        for key in sorted(set(news) - _INPUTS - {"__defaults"}):
            raise RefusedError(f"the input `{key}` of {TYPE}")
        inputs: Properties = {key: value for key, value in news.items() if key != "__defaults"}
        if "name" in inputs:
            return inputs | {"__defaults": []}, _faults(inputs)
        kept = olds.get("name") if "name" in _names(olds.get("__defaults")) else None
        made = f"{urns.name_of(urn)}-{secrets.token_hex(4)[:7]}"
        return inputs | {"name": kept or made, "__defaults": ["name"]}, _faults(inputs)

    def diff(self, old: Resource, news: Properties, ignored: tuple[str, ...]) -> Difference:
        """Which inputs differ from the earlier inputs, or from the project that exists."""
        del ignored  # their values are the old ones already
        before = plain_bag(old.inputs)
        changed = [key for key in sorted(_INPUTS) if not equal(_known(old, before, key), news.get(key))]
        forcing = tuple(key for key in changed if key in _FORCING)
        same_name = before.get("name") == news.get("name")
        return Difference(bool(changed), forcing, tuple(changed), delete_before_replace=same_name)

    def create(self, urn: str, inputs: Properties) -> tuple[str, Properties]:
        """Create the project and wait until it exists."""
        del urn
        name = str(inputs["name"])
        client = self._client(inputs)
        arguments = {
            "Feature": inputs.get("feature"),
            "AutoUpdate": inputs.get("autoUpdate"),
            "Tags": inputs.get("tags"),
        }
        given = {key: value for key, value in arguments.items() if value}
        with _aws_errors(f"creating Rekognition Project ({name})"):
            arn = client.create_project(ProjectName=name, **given)["ProjectArn"]  # type: ignore[arg-type]  # checked above
        try:
            project = self._wait_created(client, name)
        except ProviderError as error:
            outputs = inputs | {"arn": arn, "id": name}
            raise InitFailedError(name, outputs, None, [error.message]) from None
        return name, self._outputs(client, project, inputs)

    def update(self, old: Resource, news: Properties, ignored: tuple[str, ...]) -> Properties:
        """Only tags change in place."""
        del ignored
        client = self._client(news)
        arn = str(old.outputs.get("arn"))
        before, after = _tags(old.outputs), _tags(news)
        gone = sorted(set(before) - set(after))
        with _aws_errors(f"updating the tags of Rekognition Project ({old.id})"):
            if gone:
                client.untag_resource(ResourceArn=arn, TagKeys=gone)
            if after:
                client.tag_resource(ResourceArn=arn, Tags=after)
        return self._read(client, old.id, news) or {}

    def read(self, old: Resource) -> Reading:
        """The project as it exists; an empty id when the service does not list it."""
        found = self._read(self._client(plain_bag(old.inputs)), old.id, plain_bag(old.inputs))
        return Reading(old.id, found) if found else Reading("", {})

    def delete(self, old: Resource) -> None:
        """Delete the project and wait until it is gone; a project that is already gone is not an error."""
        client = self._client(plain_bag(old.inputs))
        with _aws_errors(f"deleting Rekognition Project ({old.id})", missing_is_fine=True):
            client.delete_project(ProjectArn=str(old.outputs.get("arn")))
        self._wait(f"deleting Rekognition Project ({old.id})", lambda: self._find(client, old.id) is None)

    def cancel(self) -> None:
        """Nothing to do: a running create or delete is waited for."""

    def end_calls(self) -> None:
        """End running waits."""
        self._stopped.set()

    def close(self, grace: float) -> None:
        """End running waits."""
        del grace
        self._stopped.set()

    def _client(self, inputs: Mapping[str, object]) -> RekognitionClient:
        region = str(inputs.get("region") or "")
        with self._lock:
            if region not in self._clients:
                self._clients[region] = self._settings.client(region or None)
            return self._clients[region]

    def _find(self, client: RekognitionClient, name: str) -> ProjectDescriptionTypeDef | None:
        """The project of this name, whatever its feature; the service compares names exactly."""
        with _aws_errors(f"reading Rekognition Project ({name})", missing_is_fine=True):
            for page in client.get_paginator("describe_projects").paginate(
                ProjectNames=[name], Features=list(_FEATURES)
            ):
                for project in page["ProjectDescriptions"]:
                    return project
        return None

    def _read(self, client: RekognitionClient, name: str, inputs: Properties) -> Properties | None:
        project = self._find(client, name)
        return self._outputs(client, project, inputs) if project else None

    def _outputs(
        self, client: RekognitionClient, project: ProjectDescriptionTypeDef, inputs: Mapping[str, object]
    ) -> Properties:
        arn = project["ProjectArn"]
        with _aws_errors(f"reading the tags of {arn}"):
            tags = client.list_tags_for_resource(ResourceArn=arn)["Tags"]
        outputs: Properties = {
            "arn": arn,
            "id": arn.split("/")[1],
            "name": arn.split("/")[1],
            "feature": project.get("Feature", "CUSTOM_LABELS"),
            "region": arn.split(":")[3],
            "tagsAll": dict(tags),
        }
        if tags or inputs.get("tags"):
            outputs["tags"] = dict(tags)
        if project.get("AutoUpdate") and inputs.get("autoUpdate"):
            outputs["autoUpdate"] = project.get("AutoUpdate")
        return outputs

    def _wait_created(self, client: RekognitionClient, name: str) -> ProjectDescriptionTypeDef:
        found: list[ProjectDescriptionTypeDef] = []

        def created() -> bool:
            project = self._find(client, name)
            if project is not None and project.get("Status") == "CREATED":
                found.append(project)
            return bool(found)

        self._wait(f"creating Rekognition Project ({name})", created)
        return found[0]

    def _wait(self, what: str, reached: Callable[[], bool]) -> None:
        deadline = self._clock() + PATIENCE_SECONDS
        delays = iter(POLL_SECONDS)
        while not reached():
            if self._stopped.is_set() or self._clock() >= deadline:
                raise ProviderError(f"{what}: still in progress when the wait ended")
            self._sleep(next(delays, POLL_SECONDS[-1]))


@contextmanager
def _aws_errors(what: str, *, missing_is_fine: bool = False) -> Iterator[None]:
    """Turn a boto3 exception into a ProviderError: the operation, the service's error code and its message."""
    try:
        yield
    except ClientError as error:
        details = error.response.get("Error", {})
        if missing_is_fine and details.get("Code") == "ResourceNotFoundException":
            return
        raise ProviderError(f"{what}: {details.get('Code')}: {details.get('Message')}") from None
    except BotoCoreError as error:
        raise ProviderError(f"{what}: {error}") from None


def _faults(inputs: Mapping[str, object]) -> list[Failure]:
    feature, auto_update = inputs.get("feature"), inputs.get("autoUpdate")
    faults = []
    if feature not in (None, UNKNOWN, *_FEATURES):
        faults.append(Failure("feature", f"must be one of {', '.join(_FEATURES)}"))
    if auto_update not in (None, UNKNOWN, "ENABLED", "DISABLED"):
        faults.append(Failure("autoUpdate", "must be ENABLED or DISABLED"))
    if auto_update is not None and feature in (None, "CUSTOM_LABELS"):
        faults.append(Failure("autoUpdate", "must not be set for CUSTOM_LABELS"))
    return faults


def _known(old: Resource, before: Mapping[str, object], key: str) -> object:
    """The value that a new input is compared with: the live one if the input was set, else the earlier input."""
    if key not in before:
        return old.outputs.get("tags") if key == "tags" else None
    return plain_bag(old.outputs).get(key, before[key])


def _names(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _tags(properties: Mapping[str, object]) -> dict[str, str]:
    tags = properties.get("tags")
    return {str(key): str(value) for key, value in tags.items()} if isinstance(tags, dict) else {}
