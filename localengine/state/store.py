"""The state file: its location, its lock, reading and writing it.

Each stack has one JSON file, replaced after every step (written beside, synced, renamed), so that it is complete even
after a crash. The lock is an operating system lock: it ends with the process that holds it.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from localengine.errors import EngineError
from localengine.state.deployment import VERSION, State, from_document, to_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localengine.state.passphrase import Crypter

FOLDER = ".localengine"
VARIABLE = "LOCALENGINE_STATE"


def state_folder(program: Path, asked: str | None) -> Path:
    """The folder of the state files: the option, LOCALENGINE_STATE, or `.localengine` beside the program."""
    chosen = asked or os.environ.get(VARIABLE)
    return Path(chosen).expanduser().resolve() if chosen else program / FOLDER


def known_stacks(folder: Path) -> list[str]:
    """The stacks that have a state file."""
    return sorted(path.stem for path in folder.glob("*.json"))


class Store:
    """The state file of one stack."""

    def __init__(self, folder: Path, stack: str, crypter: Crypter) -> None:
        self.path = folder / f"{stack}.json"
        self._stack = stack
        self._crypter = crypter

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the stack for one command; EngineError at once when a different command holds the lock."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("w", encoding="ascii") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise EngineError(
                    f"the stack '{self._stack}' is currently locked by a different command; wait until it ends"
                ) from None
            yield

    def load(self) -> State:
        """The stored state; empty if the stack was never deployed."""
        document = self.document()
        deployment = document.get("deployment")
        if not isinstance(deployment, dict):
            return State()
        reader = self._reader(deployment)
        return from_document(deployment, lambda sealed: json.loads(reader.decrypt(str(sealed))))

    def document(self) -> dict[str, object]:
        """The file as `pulumi stack export` prints it, with secrets encrypted."""
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {"version": VERSION, "deployment": to_document(State(), self._hide, _now())}
        except (OSError, ValueError) as error:
            raise EngineError(f"the state file {self.path} cannot be read: {error}") from None
        if not isinstance(content, dict) or content.get("version") != VERSION:
            raise EngineError(f"the state file {self.path} is not a Pulumi deployment of version {VERSION}")
        return content

    def save(self, state: State) -> None:
        """Replace the stored state atomically."""
        sealed: list[str] = []

        def hide(value: object) -> object:
            sealed.append("one")
            return self._hide(value)

        deployment = to_document(state, hide, _now())
        if sealed:
            deployment["secrets_providers"] = {"type": "passphrase", "state": {"salt": self._crypter.state}}
        self._replace(json.dumps({"version": VERSION, "deployment": deployment}, indent=4, ensure_ascii=False))

    def _replace(self, text: str) -> None:
        folder = self.path.parent
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=folder)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
                handle.write(text + "\n")
                handle.flush()
                os.fsync(handle.fileno())
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _reader(self, deployment: dict[str, object]) -> Crypter:
        """The crypter for a stored deployment's ciphertexts.

        The deployment has the salt of its ciphertexts. A stack file without a salt uses it too; one with a different
        salt keeps its own for later writes.
        """
        providers = deployment.get("secrets_providers")
        state = providers.get("state") if isinstance(providers, dict) else None
        if not isinstance(state, dict) or not isinstance(state.get("salt"), str):
            return self._crypter
        reader = self._crypter.with_salt(state["salt"])
        if not self._crypter.has_salt:
            self._crypter = reader
        return reader

    def _hide(self, value: object) -> object:
        return self._crypter.encrypt(json.dumps(value, ensure_ascii=False))


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
