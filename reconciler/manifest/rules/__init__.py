"""The table of findings of project.yaml and manifests: one row for each code."""

from collections.abc import Iterator
from types import ModuleType

from reconciler.rule import Rule

__all__ = ["all_rules", "rules_of"]


def rules_of(*modules: ModuleType) -> Iterator[Rule]:
    """The rules of modules, in the order in which they are written."""
    for module in modules:
        yield from dict.fromkeys(value for value in vars(module).values() if isinstance(value, Rule))


def all_rules() -> list[Rule]:
    """The rules of project.yaml and manifests."""
    from reconciler.entries import image_names, misread  # noqa: PLC0415 - only who asks for all needs all
    from reconciler.manifest.rules import files, images, lines, yaml  # noqa: PLC0415 - likewise

    return list(rules_of(yaml, files, lines, misread, image_names, images))
