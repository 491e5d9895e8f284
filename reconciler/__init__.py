"""Labels as code: Amazon Rekognition Custom Labels datasets kept equal to the manifests in git.

`Dataset` is the Pulumi resource and `datasets_from` declares one for each manifest under a folder; both are imported
on first use, so that importing this package costs neither Pulumi nor boto3. They need the extra `pulumi`.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.provider.program import datasets_from
    from reconciler.provider.resource import Dataset

__all__ = ["Dataset", "datasets_from"]

_MODULES = {"Dataset": "reconciler.provider.resource", "datasets_from": "reconciler.provider.program"}


def _refuse_namesake() -> None:
    """End the process if the distribution `reconciler` is installed too: it has a package of this name.

    Two distributions that share a package overwrite each other's files. SystemExit, because the command and a program
    should both show the sentence and no traceback. Source: the index's page of `reconciler`, a tool for data frames.
    """
    names = (name for folder in sys.path for name in _names_in(folder))
    if any(name.startswith("reconciler-") and name.endswith(".dist-info") for name in names):
        raise SystemExit(
            "the distribution reconciler, a different program, is installed in this environment, and its package has "
            "the same name as that of rekognition-labels-as-code; remove both and install one: pip uninstall "
            "reconciler rekognition-labels-as-code, then pip install rekognition-labels-as-code"
        )


def _names_in(folder: str) -> Sequence[str]:
    try:
        return os.listdir(folder or os.curdir)  # noqa: PTH208 - pathlib would be half of the time of `reconciler --help`
    except OSError:  # a folder that is not there, or an archive
        return ()


_refuse_namesake()


def __getattr__(name: str) -> object:
    """Import the public names when they are asked for (PEP 562).

    Raises:
        AttributeError: for any other name. ImportError: Pulumi's SDK is not installed.
    """
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(_MODULES[name]), name)
    except ModuleNotFoundError as error:
        if error.name != "pulumi":
            raise
        from reconciler.errors import missing_extra  # noqa: PLC0415 - importing this package loads nothing

        raise ImportError(missing_extra(f"reconciler.{name} needs Pulumi's SDK", "pulumi")) from None
