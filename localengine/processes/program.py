"""The user's Pulumi program as a child process, run by language_host.py."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localengine.processes.child_processes import ChildProcess, ChildProcesses
    from localengine.state.stack import Config, Project

ORGANIZATION = "organization"


@dataclass(frozen=True, slots=True)
class ProgramRun:
    """The settings that a program receives: project, stack, configuration, and whether this is a preview."""

    project: Project
    stack: str
    config: Config
    dry_run: bool
    parallel: int


def start_program(child_processes: ChildProcesses, run: ProgramRun, address: str) -> ChildProcess:
    """Start the program against the monitor and engine at `address`."""
    settings = {
        "monitor": address,
        "engine": address,
        "project": run.project.name,
        "stack": run.stack,
        "parallel": run.parallel,
        "dry_run": run.dry_run,
        "organization": ORGANIZATION,
        "root_directory": str(run.project.root),
    }
    driver = str(Path(__file__).with_name("language_host.py"))
    command = [interpreter(run.project), "-u", driver, json.dumps(settings)]
    return child_processes.start(command, run.project.program, environment(run), stdin=False)


def interpreter(project: Project) -> str:
    """The Python of the project's virtual environment where that exists; else the one that runs the engine."""
    if project.virtualenv and (found := project.virtualenv / "bin" / "python").exists():
        return str(found)
    return sys.executable


def environment(run: ProgramRun) -> dict[str, str]:
    """The program's environment: the user's, the virtual environment first, and the configuration."""
    env = dict(os.environ)
    python = Path(interpreter(run.project))
    env["PATH"] = os.pathsep.join([str(python.parent), env.get("PATH", os.defpath)])
    env["VIRTUAL_ENV"] = str(python.parent.parent)
    env["PULUMI_CONFIG"] = json.dumps(dict(run.config.values))
    env["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(sorted(run.config.secret_keys))
    return env
