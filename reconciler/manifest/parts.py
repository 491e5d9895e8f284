"""The files of one manifest: one, those of a list, or those of a folder."""

from typing import Final

from reconciler.model import DatasetDeclaration, Part

# How the name of a manifest ends; in a folder, other files are left alone.
SUFFIXES: Final = (".jsonl", ".manifest", ".yaml", ".yml")


def parts_of(dataset: DatasetDeclaration) -> tuple[Part, ...]:
    """The files of a dataset in their order: as listed, those of a folder by their names; none in an empty folder."""
    named = dataset.files or (Part(dataset.manifest, dataset.shown),)
    return tuple(part for one in named for part in _files(one))


def _files(named: Part) -> tuple[Part, ...]:
    """The file itself, or the manifests at any depth of a folder."""
    folder = named.path
    try:
        if not folder.is_dir():
            return (named,)
    except ValueError:  # a NUL in the name
        return (named,)
    found = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    hidden = (path for path in found if any(name.startswith(".") for name in path.parts))
    skipped = frozenset(hidden)
    return tuple(
        Part(folder / path, f"{named.shown.rstrip('/')}/{path.as_posix()}") for path in found if path not in skipped
    )
