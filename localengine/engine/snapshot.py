"""The state while a command changes it.

A snapshot begins as the stored resources (the base) and ends as the new ones: what the command has settled comes first,
in that order, then what it has not touched. After every change the whole is handed to `save`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from localengine.state.deployment import Resource

Save = Callable[[list[Resource]], None]


class Snapshot:
    """The resources of one stack, base and new."""

    def __init__(self, base: Iterable[Resource], save: Save | None) -> None:
        self._base = {resource.urn: resource for resource in base}
        self._new: dict[str, Resource] = {}
        self._gone: set[str] = set()
        self._save = save
        self._saved = self._current()
        self._guard = threading.RLock()

    def old(self, urn: str) -> Resource | None:
        """The stored resource, whatever the command has done since."""
        return self._base.get(urn)

    def settled(self, urn: str) -> Resource | None:
        """The resource as this command registered it; None when it has not."""
        with self._guard:
            return self._new.get(urn)

    def base(self) -> list[Resource]:
        """The stored resources in their order."""
        return list(self._base.values())

    def unsettled(self) -> list[Resource]:
        """Stored resources that this command neither registered nor deleted."""
        with self._guard:
            return [item for urn, item in self._base.items() if urn not in self._gone and urn not in self._new]

    def settle(self, resource: Resource) -> None:
        """`resource` is now as given; it takes the place of the stored one."""
        with self._guard:
            self._new[resource.urn] = resource
            self._write()

    def amend(self, resource: Resource) -> None:
        """Change a stored resource where it stands, without settling it."""
        with self._guard:
            self._base[resource.urn] = resource
            self._write()

    def drop(self, urn: str) -> None:
        """The resource exists no more."""
        with self._guard:
            self._new.pop(urn, None)
            self._gone.add(urn)
            self._write()

    def replace_base(self, resources: Iterable[Resource]) -> None:
        """Begin again from other stored resources: what a refresh leaves."""
        with self._guard:
            self._base = {resource.urn: resource for resource in resources}
            self._new, self._gone = {}, set()
            self._write()

    def resources(self) -> list[Resource]:
        """All resources as they are now."""
        with self._guard:
            return self._current()

    def _current(self) -> list[Resource]:
        rest = [item for urn, item in self._base.items() if urn not in self._gone and urn not in self._new]
        return [*self._new.values(), *rest]

    def _write(self) -> None:
        current = self._current()
        if self._save is not None and current != self._saved:
            self._save(current)
            self._saved = current
