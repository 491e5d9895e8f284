"""The files that a user writes for Pulumi: `Pulumi.yaml` and `Pulumi.<stack>.yaml`.

Reads the project, chooses the stack and resolves its configuration with decrypted secrets. Formats: Pulumi
documentation, "Project file reference" and "Stack settings file reference".
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from localengine.errors import EngineError, Exit, RefusedError
from localengine.state.passphrase import Crypter

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROJECT_KEYS = {"name", "runtime", "main", "description", "config", "author", "website", "license", "template"}
_STACK_KEYS = {"config", "encryptionsalt", "secretsprovider"}
_RUNTIME_OPTIONS = {"toolchain", "virtualenv", "typechecker"}


@dataclass(frozen=True, slots=True)
class Project:
    """The content of `Pulumi.yaml`: the name, the program's folder, the virtual environment, project-level config."""

    name: str
    root: Path
    program: Path
    virtualenv: Path | None
    config: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Config:
    """A stack's configuration: full keys (`namespace:key`) to texts, and which of them are secret."""

    values: Mapping[str, str]
    secret_keys: frozenset[str]

    def namespace(self, name: str) -> dict[str, str]:
        """The values of one namespace, without the prefix."""
        prefix = f"{name}:"
        return {key.removeprefix(prefix): value for key, value in self.values.items() if key.startswith(prefix)}


def read_project(start: Path) -> Project:
    """The project whose `Pulumi.yaml` is in `start` or above it; EngineError when there is none or it is wrong."""
    for folder in (start, *start.parents):
        for name in ("Pulumi.yaml", "Pulumi.yml"):
            if (folder / name).is_file():
                return _project(folder / name)
    raise EngineError(f"no Pulumi.yaml project file found in {start} or above it (try --cwd)")


def _project(path: Path) -> Project:
    content = _load(path)
    _refuse_unknown(path.name, content, _PROJECT_KEYS)
    name, runtime = content.get("name"), content.get("runtime")
    options: object = {}
    if isinstance(runtime, dict):
        options = runtime.get("options") or {}
        runtime = runtime.get("name")
    if not isinstance(name, str) or not name:
        raise EngineError(f"{path.name}: `name` is missing")
    if runtime != "python":
        raise RefusedError(f"the runtime {runtime!r} of {path.name} (only python)")
    if not isinstance(options, dict):
        raise EngineError(f"{path.name}: `runtime.options` must be a mapping")
    _refuse_unknown(f"{path.name} runtime.options", options, _RUNTIME_OPTIONS)
    if options.get("toolchain", "pip") != "pip":
        raise RefusedError(f"the toolchain {options['toolchain']!r} of {path.name} (only pip)")
    root = path.parent
    program = root / str(content.get("main") or ".")
    virtualenv = root / str(options["virtualenv"]) if options.get("virtualenv") else None
    config = content.get("config") or {}
    return Project(name, root, program.resolve(), virtualenv, config if isinstance(config, dict) else {})


def choose_stack(project: Project, asked: str | None, known: list[str]) -> str:
    """The stack of the command: `asked`, PULUMI_STACK, or the only stack.

    `known` are the stacks that have a state. EngineError with Pulumi's exit code 6 when the stack does not exist:
    Pulumi keeps a list of stacks in its backend, here a stack exists when its settings or its state do.
    """
    files = [path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in project.root.glob("Pulumi.*.yaml")]
    existing = sorted({*files, *known})
    wanted = asked or os.environ.get("PULUMI_STACK") or ""
    if wanted:
        name = wanted.rsplit("/", 1)[-1]
        if name not in existing:
            raise EngineError(f"no stack named '{wanted}' found", Exit.NO_SUCH_STACK)
        return name
    if len(existing) == 1:
        return existing[0]
    found = f" (there are {', '.join(existing)})" if existing else ""
    raise EngineError(f"no stack selected; name one with --stack{found}", Exit.NO_SUCH_STACK)


def read_config(project: Project, stack: str) -> tuple[Config, Crypter]:
    """The stack's configuration, and the crypter for its secrets and those of the state."""
    path = project.root / f"Pulumi.{stack}.yaml"
    content = _load(path) if path.is_file() else {}
    _refuse_unknown(path.name, content, _STACK_KEYS)
    if content.get("secretsprovider", "passphrase") != "passphrase":
        raise RefusedError(f"the secrets provider {content['secretsprovider']!r} of {path.name} (only passphrase)")
    salt = content.get("encryptionsalt")
    crypter = Crypter(_passphrase(), str(salt) if salt else None)
    own = content.get("config") or {}
    if not isinstance(own, dict):
        raise EngineError(f"{path.name}: `config` must be a mapping")
    texts = _texts(path).get("config") if path.is_file() else {}
    return _resolve(project, own, texts if isinstance(texts, dict) else {}, crypter), crypter


def _passphrase() -> str:
    file = os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    if file and "PULUMI_CONFIG_PASSPHRASE" not in os.environ:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise EngineError(f"PULUMI_CONFIG_PASSPHRASE_FILE: {error.strerror}: {file}") from None
    return os.environ.get("PULUMI_CONFIG_PASSPHRASE", "")


def _resolve(project: Project, own: Mapping[str, object], texts: Mapping[str, object], crypter: Crypter) -> Config:
    values: dict[str, str] = {}
    secret: set[str] = set()
    for key, value in project.config.items():
        default = _project_default(value)
        if default is not None:
            values[_full(project, key)] = default
    for key, value in own.items():
        full = _full(project, key)
        values[full], hidden = _value(value, texts.get(key), crypter)
        secret -= {full}
        secret |= {full} if hidden else set()
    return Config(dict(sorted(values.items())), frozenset(secret))


def _full(project: Project, key: object) -> str:
    text = str(key)
    return text if ":" in text else f"{project.name}:{text}"


def _project_default(value: object) -> str | None:
    if isinstance(value, dict):
        found = value.get("value", value.get("default"))
        return None if found is None else _text(found)
    return None if value is None else _text(value)


def _value(value: object, text: object, crypter: Crypter) -> tuple[str, bool]:
    """A configuration value as text, and whether it is secret; a structured value is JSON text."""
    if isinstance(value, dict) and set(value) == {"secure"}:
        return crypter.decrypt(str(value["secure"])), True
    if isinstance(value, (dict, list)):
        shown, hidden = _decrypted(value, crypter)
        return _text(shown), hidden
    return (str(text) if isinstance(text, str) else _text(value)), False


def _decrypted(value: object, crypter: Crypter) -> tuple[object, bool]:
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            return crypter.decrypt(str(value["secure"])), True
        pairs = {str(key): _decrypted(item, crypter) for key, item in value.items()}
        return {key: item for key, (item, _) in pairs.items()}, any(hidden for _, hidden in pairs.values())
    if isinstance(value, list):
        items = [_decrypted(item, crypter) for item in value]
        return [item for item, _ in items], any(hidden for _, hidden in items)
    return value, False


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False, default=str)


def _load(path: Path) -> dict[str, object]:
    return _parsed(path, yaml.SafeLoader)


def _texts(path: Path) -> dict[str, object]:
    """The same file with every scalar as text: `012` stays `012`."""
    return _parsed(path, yaml.BaseLoader)


def _parsed(path: Path, loader: type[yaml.SafeLoader | yaml.BaseLoader]) -> dict[str, object]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - SafeLoader or BaseLoader, nothing else
    except yaml.YAMLError as error:
        raise EngineError(f"{path.name} is not valid YAML: {' '.join(str(error).split())}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise EngineError(f"{path.name} cannot be read: {error}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise EngineError(f"{path.name}: a mapping is expected")
    return content


def _refuse_unknown(where: str, content: Mapping[str, object], known: set[str]) -> None:
    for key in content:
        if key not in known:
            raise RefusedError(f"`{key}` in {where}")
