"""The state while a command changes it.

It starts as the stored resources (the base) and ends as the new ones: first the resources that the command has
registered, in that order, then those it has not changed, then old objects that are still to be deleted. After every
change the whole state is passed to `save`, with the running operations: an operation that runs when the engine is
killed stays in the state as a pending operation (pulumi/pulumi pkg/backend/snapshot.go).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from localengine.state.deployment import Operation, Resource, State

Save = Callable[[State], None]


class WorkingState:
    """The resources of one stack while a command changes them."""

    def __init__(self, state: State, save: Save | None) -> None:
        self._base: dict[str, Resource] = {}
        self._replaced: list[Resource] = []
        self._new: dict[str, Resource] = {}
        self._gone: set[str] = set()
        self._begin(state.resources)
        # As in Pulumi, the next write drops pending operations, except creations: those objects may exist.
        self._orphans = tuple(item for item in state.pending if item.type == "creating")
        self._running: list[Operation] = []
        self._save = save
        self._saved = state
        self._lock = threading.RLock()
        self.pending_before = state.pending
        # Set when the user ends the command at once: operations that run at that time stay pending.
        self.abandoned = False

    def old(self, urn: str) -> Resource | None:
        """The stored resource, without the changes of this command."""
        return self._base.get(urn)

    def settled(self, urn: str) -> Resource | None:
        """The resource as this command has stored it; None when it has not."""
        with self._lock:
            return self._new.get(urn)

    def base(self) -> list[Resource]:
        """The stored resources in order, without old objects that are still to be deleted."""
        return list(self._base.values())

    def replaced(self) -> list[Resource]:
        """The old objects that are still to be deleted, from this or an earlier command."""
        with self._lock:
            return list(self._replaced)

    def unsettled(self) -> list[Resource]:
        """Stored resources that this command neither registered nor deleted."""
        with self._lock:
            return [item for urn, item in self._base.items() if urn not in self._gone and urn not in self._new]

    def settle(self, resource: Resource) -> None:
        """Store `resource` in place of the one in the base."""
        with self._lock:
            self._new[resource.urn] = resource
            self._write_end_of(resource)

    def supersede(self, resource: Resource) -> None:
        """Store `resource` beside the old object of its URN, which is still to be deleted."""
        with self._lock:
            self._replaced.append(replace(self._base[resource.urn], delete=True))
            self._new[resource.urn] = resource
            self._write_end_of(resource)

    def amend(self, resource: Resource) -> None:
        """Change a resource of the base, without settling it."""
        with self._lock:
            if resource.delete:
                self._replaced = [resource if _same(item, resource) else item for item in self._replaced]
            else:
                self._base[resource.urn] = resource
            self._write_end_of(resource)

    def rename(self, old: str, new: str) -> None:
        """Rename the stored resource `old` to `new`, and every reference to it."""
        with self._lock:
            renamed = [item.with_urn(old, new) for item in self._base.values()]
            self._base = {item.urn: item for item in renamed}

    def drop(self, resource: Resource) -> None:
        """Remove a resource that no longer exists."""
        with self._lock:
            if resource.delete:
                self._replaced.remove(resource)
            else:
                self._new.pop(resource.urn, None)
                self._gone.add(resource.urn)
            self._write_end_of(resource)

    @contextmanager
    def running(self, kind: str, resource: Resource) -> Iterator[None]:
        """Keep an operation in the state while it runs; the block stores its result."""
        operation = Operation(kind, resource)
        with self._lock:
            self._running.append(operation)
            self._write()
        try:
            yield
        finally:
            if not self.abandoned:
                self._write_end_of(resource)

    def _write_end_of(self, resource: Resource) -> None:
        """Write the state without the operations on `resource`."""
        with self._lock:
            own = (resource.urn, resource.delete)
            self._running = [item for item in self._running if (item.resource.urn, item.resource.delete) != own]
            self._write()

    def replace_base(self, resources: Iterable[Resource]) -> None:
        """Replace the base with the resources after a refresh."""
        with self._lock:
            self._begin(resources)
            self._write()

    def forget_creations(self) -> None:
        """Drop the pending creations of earlier commands."""
        with self._lock:
            self._orphans = ()
            self._write()

    def _begin(self, resources: Iterable[Resource]) -> None:
        listed = list(resources)
        self._base = {item.urn: item for item in listed if not item.delete}
        self._replaced = [item for item in listed if item.delete]
        self._new, self._gone = {}, set()

    def _current(self) -> State:
        current = needs_first([*self._new.values(), *self.unsettled()])
        return State((*current, *self._replaced), (*self._orphans, *self._running))

    def _write(self) -> None:
        current = self._current()
        if self._save is not None and current != self._saved:
            self._save(current)
            self._saved = current


def needs_first(resources: Iterable[Resource]) -> list[Resource]:
    """The resources in their order, but each behind what it needs: Pulumi refuses a state in any other order.

    With `--target` a resource may be registered whose needs this command leaves as they are.
    """
    waiting = {resource.urn: resource for resource in resources}
    placed: list[Resource] = []

    def place(resource: Resource) -> None:
        del waiting[resource.urn]
        for urn in sorted(resource.needs):
            if urn in waiting:
                place(waiting[urn])
        placed.append(resource)

    while waiting:
        place(next(iter(waiting.values())))
    return placed


def _same(one: Resource, other: Resource) -> bool:
    """Whether two entries are the same old object."""
    return (one.urn, one.id) == (other.urn, other.id)
