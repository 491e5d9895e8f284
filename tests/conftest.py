"""What every test shares: no AWS account, no home, nobody's configuration."""

import gc
import os
from functools import cache
from pathlib import Path
from typing import Any

import botocore.loaders
import pytest
from hypothesis import HealthCheck, settings

# No test judges speed: an example may take as long as a busy machine needs.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
# How often the quick run tries a law; `make test-full` tries each as often as it asks for.
_QUICK_EXAMPLES = 50
settings.register_profile("quick", settings.get_profile("untimed"), max_examples=_QUICK_EXAMPLES)

# Each run of the command makes a session of its own, and most of its time goes into reading botocore's service models
# again. All clients of one session share a loader, so all sessions of the tests may.
botocore.loaders.create_loader = cache(botocore.loaders.create_loader)

# Folders whose tests are long, the longest first.
_LONG = ("program", "compatibility", "reliability", "localengine", "samples")
_REMOVED = ("AWS_", "PULUMI_", "RECONCILER_", "LOCALENGINE_")


def _folder(item: pytest.Item) -> str:
    """The folder under `tests/` that a test is in."""
    return item.path.relative_to(Path(__file__).parent).parts[0]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long tests come first, so that none is left to run alone. Without the slow ones a law is tried a few times."""
    folders = [*_LONG, *dict.fromkeys(_folder(item) for item in items)]
    items.sort(key=lambda item: folders.index(_folder(item)))
    if "not slow" not in config.option.markexpr:
        return
    settings.load_profile("quick")  # for laws that do not say how often
    for item in items:
        law: Any = getattr(item, "obj", None)
        asked: settings | None = getattr(law, "_hypothesis_internal_use_settings", None)  # what @settings leaves there
        if asked and asked.max_examples > _QUICK_EXAMPLES:
            law._hypothesis_internal_use_settings = settings(asked, max_examples=_QUICK_EXAMPLES)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: the garbage collector need not look at it each time."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dummy credentials only: a test that escapes the emulator can reach no account."""
    for name in list(os.environ):
        if name.startswith(_REMOVED):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder with real data."""
    return Path(__file__).parent / "data"
