"""Pulumi's gRPC messages without the rest of its SDK, which the engine's process does not use and is slow to load."""

import sys
from importlib.util import find_spec
from types import ModuleType


def load_messages_only() -> None:
    """Have `pulumi.runtime.proto` load in this process without `pulumi` itself. Without the SDK nothing happens."""
    spec = find_spec("pulumi")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for name in ("pulumi", "pulumi.runtime"):
            sys.modules[name] = ModuleType(name)
            sys.modules[name].__path__ = [folder + name.removeprefix("pulumi").replace(".", "/")]
