"""The folder of datasets that is meant where none is named: the nearest one, from a folder upwards.

Looked at are the folder and those above it, up to the root of its git repository; outside of a repository, up to the
root of the file system.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from reconciler.errors import BadInput
from reconciler.text import inert

NAME: Final = "datasets"
# How many folders below are suggested where there is none above.
_SUGGESTED: Final = 3


def nearest_datasets(start: Path, cure: str, *, may_be_new: bool = False) -> Path:
    """The nearest `datasets/` that holds a `*/project.yaml`, as a path relative to `start`.

    Without one it is `datasets` in `start`, if that exists or `may_be_new`. `cure` says how to name a folder.

    Raises:
        BadInput: there is none, or two are equally near.
    """
    start = start.absolute()
    for folder in _upwards(start):
        found = [one for one in (folder, folder / NAME) if one.name == NAME and _holds_projects(one)]
        if len(found) > 1:
            outer, inner = (inert(os.path.relpath(one, start)) for one in found)
            raise BadInput(f"{outer} and {inner} both hold projects, and both are equally near; {cure}")
        if found:
            return Path(os.path.relpath(found[0], start))
    if may_be_new or (start / NAME).exists():
        return Path(NAME)
    last = inert(str(list(_upwards(start))[-1]))
    raise BadInput(
        f"there is no folder {NAME}/ with a */project.yaml here or above, up to {last}; {cure}{_below(start)}"
    )


def _upwards(start: Path) -> Iterator[Path]:
    for folder in (start, *start.parents):
        yield folder
        if (folder / ".git").exists():
            return


def _holds_projects(folder: Path) -> bool:
    with suppress(OSError):
        return any(folder.glob("*/project.yaml"))
    return False


def _below(start: Path) -> str:
    """The folders one level down, as a hint."""
    found = {one.parents[1] for one in start.glob(f"*/{NAME}/*/project.yaml")}
    names = [inert(str(one.relative_to(start))) for one in sorted(found)[:_SUGGESTED]]
    return f", such as {', '.join(names)}" if names else ""
