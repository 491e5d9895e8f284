"""The provider class that the engine stores by name: `reconciler.provider.dynamic:DatasetProvider`.

Pulumi pickles the provider object into each resource's state. A class without instance state in an importable module is
pickled by its path, 66 bytes; refresh and destroy import that path, so neither the module nor the class may ever be
renamed. Everything else is in functions that are imported when they are called.
"""

import gc
from typing import Any, Final

from pulumi import dynamic as sdk

# Objects made before the collector looks for circles among them, as in `reconciler.cli`: what is loaded lives as long
# as the process, and looking at it again and again took a quarter of the time of loading.
_LOOK_AFTER: Final = 50_000


class DatasetProvider(sdk.ResourceProvider):
    """Passes the engine's calls for a Dataset on. It has no attributes: they would be stored in every state."""

    serialize_as_secret_always = False

    def configure(self, req: sdk.ConfigureRequest) -> None:
        """Take the stack's configuration; the engine calls this once per process, before anything else."""
        gc.set_threshold(_LOOK_AFTER)
        try:
            from reconciler.provider import process as runtime  # noqa: PLC0415 - see the module docstring
        except ModuleNotFoundError as error:
            from reconciler.errors import missing_extra  # noqa: PLC0415 - likewise
            from reconciler.provider.sdk.failure import fail  # noqa: PLC0415 - likewise

            fail(missing_extra(f"the provider needs {error.name}", "pulumi"))

        # The SDK has no public way to list the keys that are set; without the list a misspelt one is not seen.
        runtime.configure(req.config.get, getattr(req.config, "_props", {}))

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> sdk.CheckResult:
        """Validate inputs and manifest, add digests, and in a preview the pending changes."""
        from reconciler.provider import check as checking  # noqa: PLC0415

        return checking.check(_olds, news)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> sdk.DiffResult:
        """Whether an update is due, by one rule for program runs and refresh."""
        from reconciler.provider import diff as drift  # noqa: PLC0415

        return drift.diff(_id, _olds, _news)

    def create(self, props: dict[str, Any]) -> sdk.CreateResult:
        """Adopt or create the dataset and load it."""
        from reconciler.provider import apply as applying  # noqa: PLC0415

        return applying.create(props)

    def read(self, id_: str, props: dict[str, Any]) -> sdk.ReadResult:
        """Live in figures, beside what the last apply recorded; an empty id when the dataset does not exist."""
        from reconciler.provider import diff as drift  # noqa: PLC0415

        return drift.read(id_, props)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> sdk.UpdateResult:
        """Make live equal to desired."""
        from reconciler.provider import apply as applying  # noqa: PLC0415

        return applying.update(_id, _olds, _news)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete the dataset as `policy.destroy` says."""
        from reconciler.provider import apply as applying  # noqa: PLC0415

        applying.delete(_id, _props)
