"""TagResource, UntagResource, ListTagsForResource on projects and datasets.

Source: API Reference of the three operations; Service Authorization Reference (they apply to datasets too).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rekognition_emulator.errors import ServiceError

if TYPE_CHECKING:
    from rekognition_emulator.operations.lifecycle import Lifecycle
    from rekognition_emulator.state.context import Reply, Request, ServiceContext
    from rekognition_emulator.state.records import Caller


class Tags:
    """The operations on tags, for projects and datasets."""

    def __init__(self, context: ServiceContext, lifecycle: Lifecycle) -> None:
        self.context = context
        self.lifecycle = lifecycle

    def tag_resource(self, request: Request, caller: Caller) -> Reply:
        """Add or overwrite tags.

        Raises:
            ServiceError: ResourceNotFoundException, ServiceQuotaExceededException for too many tags.
        """
        arn = self._existing(request["ResourceArn"], caller)
        tags = self.context.store.tags(arn) | request["Tags"]
        if len(tags) > self.context.limits.tags:
            raise ServiceError("ServiceQuotaExceededException")
        self.context.store.save_tags(arn, tags)
        return {}

    def untag_resource(self, request: Request, caller: Caller) -> Reply:
        """Remove tags; unknown keys are ignored."""
        arn = self._existing(request["ResourceArn"], caller)
        tags = {key: value for key, value in self.context.store.tags(arn).items() if key not in request["TagKeys"]}
        self.context.store.save_tags(arn, tags)
        return {}

    def list_tags_for_resource(self, request: Request, caller: Caller) -> Reply:
        """All tags of a resource."""
        return {"Tags": self.context.store.tags(self._existing(request["ResourceArn"], caller))}

    def _existing(self, arn: str, caller: Caller) -> str:
        if self.context.store.project(arn):  # first, because a project may be called "dataset"
            return self.lifecycle.project(arn, caller).arn
        return self.lifecycle.dataset(arn, caller).arn
