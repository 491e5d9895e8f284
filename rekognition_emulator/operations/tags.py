"""TagResource, UntagResource, ListTagsForResource on projects and datasets.

Source: API Reference of the three operations; Service Authorization Reference (they apply to datasets too).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rekognition_emulator.errors import ServiceError

if TYPE_CHECKING:
    from rekognition_emulator.operations.lifecycle import Lifecycle
    from rekognition_emulator.state.backend import Backend
    from rekognition_emulator.state.records import Caller

Request = dict[str, Any]
Reply = dict[str, Any]


class Tags:
    """The operations on tags."""

    def __init__(self, backend: Backend, lifecycle: Lifecycle) -> None:
        self.backend = backend
        self.lifecycle = lifecycle

    def tag_resource(self, request: Request, caller: Caller) -> Reply:
        """Add or overwrite tags.

        Raises:
            ServiceError: ServiceQuotaExceededException when the resource would have too many.
        """
        arn = self._known(request["ResourceArn"], caller)
        tags = self.backend.store.tags(arn) | request["Tags"]
        if len(tags) > self.backend.limits.tags:
            raise ServiceError("ServiceQuotaExceededException")
        self.backend.store.save_tags(arn, tags)
        return {}

    def untag_resource(self, request: Request, caller: Caller) -> Reply:
        """Remove tags; unknown keys are ignored."""
        arn = self._known(request["ResourceArn"], caller)
        tags = {key: value for key, value in self.backend.store.tags(arn).items() if key not in request["TagKeys"]}
        self.backend.store.save_tags(arn, tags)
        return {}

    def list_tags_for_resource(self, request: Request, caller: Caller) -> Reply:
        """All tags of a resource."""
        return {"Tags": self.backend.store.tags(self._known(request["ResourceArn"], caller))}

    def _known(self, arn: str, caller: Caller) -> str:
        if self.backend.store.project(arn):  # asked first: a project may be called "dataset"
            return self.lifecycle.project(arn, caller).arn
        return self.lifecycle.dataset(arn, caller).arn
