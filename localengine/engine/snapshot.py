"""The state while a command changes it.

A snapshot begins as the stored resources (the base) and ends as the new ones: what the command has settled comes first,
in that order, then what it has not touched, then the old objects that are still to be deleted. After every change the
whole is handed to `save`, with the operations that are under way: what is begun and not ended when the engine dies
stays in the state as a pending operation (pulumi/pulumi pkg/backend/snapshot.go).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from localengine.state.deployment import Operation, Resource, State

Save = Callable[[State], None]


class Snapshot:
    """The resources of one stack, base and new."""

    def __init__(self, state: State, save: Save | None) -> None:
        self._base: dict[str, Resource] = {}
        self._replaced: list[Resource] = []
        self._new: dict[str, Resource] = {}
        self._gone: set[str] = set()
        self._begin(state.resources)
        # As in Pulumi, the next write forgets what was pending, but for the creations: those objects may exist.
        self._orphans = tuple(item for item in state.pending if item.type == "creating")
        self._running: list[Operation] = []
        self._save = save
        self._saved = state
        self._guard = threading.RLock()
        self.pending_before = state.pending
        # Set when the user ends the command at once: what runs then stays in the state as it was begun.
        self.abandoned = False

    def old(self, urn: str) -> Resource | None:
        """The stored resource, whatever the command has done since."""
        return self._base.get(urn)

    def settled(self, urn: str) -> Resource | None:
        """The resource as this command registered it; None when it has not."""
        with self._guard:
            return self._new.get(urn)

    def base(self) -> list[Resource]:
        """The stored resources in their order, without old objects that wait for their deletion."""
        return list(self._base.values())

    def replaced(self) -> list[Resource]:
        """The old objects that wait for their deletion: of this command, or of one before it."""
        with self._guard:
            return list(self._replaced)

    def unsettled(self) -> list[Resource]:
        """Stored resources that this command neither registered nor deleted."""
        with self._guard:
            return [item for urn, item in self._base.items() if urn not in self._gone and urn not in self._new]

    def settle(self, resource: Resource) -> None:
        """`resource` is now as given; it takes the place of the stored one."""
        with self._guard:
            self._new[resource.urn] = resource
            self._write_end_of(resource)

    def supersede(self, resource: Resource) -> None:
        """`resource` is new beside the stored object of its URN, which is still to be deleted."""
        with self._guard:
            self._replaced.append(replace(self._base[resource.urn], delete=True))
            self._new[resource.urn] = resource
            self._write_end_of(resource)

    def amend(self, resource: Resource) -> None:
        """Change a stored resource where it stands, without settling it."""
        with self._guard:
            if resource.delete:
                self._replaced = [resource if _same(item, resource) else item for item in self._replaced]
            else:
                self._base[resource.urn] = resource
            self._write_end_of(resource)

    def rename(self, old: str, new: str) -> None:
        """The stored resource `old` is called `new` from now on, by itself and by all that refer to it."""
        with self._guard:
            renamed = [item.with_urn(old, new) for item in self._base.values()]
            self._base = {item.urn: item for item in renamed}

    def drop(self, resource: Resource) -> None:
        """The resource exists no more."""
        with self._guard:
            if resource.delete:
                self._replaced.remove(resource)
            else:
                self._new.pop(resource.urn, None)
                self._gone.add(resource.urn)
            self._write_end_of(resource)

    @contextmanager
    def running(self, kind: str, resource: Resource) -> Iterator[None]:
        """Keep an operation in the state while it runs; what it leads to is stored inside the block."""
        operation = Operation(kind, resource)
        with self._guard:
            self._running.append(operation)
            self._write()
        try:
            yield
        finally:
            if not self.abandoned:
                self._write_end_of(resource)

    def _write_end_of(self, resource: Resource) -> None:
        """Write the state, in which nothing runs on `resource` any more."""
        with self._guard:
            own = (resource.urn, resource.delete)
            self._running = [item for item in self._running if (item.resource.urn, item.resource.delete) != own]
            self._write()

    def replace_base(self, resources: Iterable[Resource]) -> None:
        """Begin again from other stored resources: what a refresh leaves."""
        with self._guard:
            self._begin(resources)
            self._write()

    def forget_creations(self) -> None:
        """Creations that an earlier command did not see end are no longer kept."""
        with self._guard:
            self._orphans = ()
            self._write()

    def _begin(self, resources: Iterable[Resource]) -> None:
        listed = list(resources)
        self._base = {item.urn: item for item in listed if not item.delete}
        self._replaced = [item for item in listed if item.delete]
        self._new, self._gone = {}, set()

    def _current(self) -> State:
        resources = (*self._new.values(), *self.unsettled(), *self._replaced)
        return State(resources, (*self._orphans, *self._running))

    def _write(self) -> None:
        current = self._current()
        if self._save is not None and current != self._saved:
            self._save(current)
            self._saved = current


def _same(one: Resource, other: Resource) -> bool:
    """Whether two entries are about one old object."""
    return (one.urn, one.id) == (other.urn, other.id)
