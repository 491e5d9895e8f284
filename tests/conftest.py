"""What every test shares: no AWS account, no home, nobody's configuration."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No test judges speed: an example may take as long as a busy machine needs.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

_REMOVED = ("AWS_", "PULUMI_", "RECONCILER_", "LOCALENGINE_")


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
