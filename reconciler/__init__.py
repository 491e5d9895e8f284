"""Labels as code: Amazon Rekognition Custom Labels datasets kept equal to the manifests in git.

`Dataset` is the Pulumi resource and `datasets_from` declares one for each manifest under a folder; both are imported
on first use, so that importing this package costs neither Pulumi nor boto3.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.provider.program import datasets_from
    from reconciler.provider.resource import Dataset

__all__ = ["Dataset", "datasets_from"]


def __getattr__(name: str) -> object:
    """Import the public names when they are asked for (PEP 562).

    Raises:
        AttributeError: for any other name.
    """
    if name == "Dataset":
        from reconciler.provider.resource import Dataset  # noqa: PLC0415 - lazy on purpose, see the module docstring

        return Dataset
    if name == "datasets_from":
        from reconciler.provider.program import datasets_from  # noqa: PLC0415 - likewise

        return datasets_from
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
