"""The child processes of one command: each in its own group, all ended with the command.

A watchdog process (watchdog.py) ends them when this process is killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

GRACE_SECONDS = 5.0

Reader = Callable[[str], None]


class ChildProcesses:
    """All children of a command. `close` ends every one that still runs."""

    def __init__(self) -> None:
        self._children: list[ChildProcess] = []
        self._lock = threading.Lock()
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("watchdog.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
            text=True,
        )

    def start(self, command: Sequence[str], cwd: Path, env: Mapping[str, str], *, stdin: bool) -> ChildProcess:
        """Start a process in its own group; with `stdin`, its standard input stays open until this process ends."""
        child = ChildProcess(command, cwd, env, stdin=stdin)
        with self._lock:
            self._children.append(child)
        self._send(f"+{child.group}")
        return child

    def stop(self, child: ChildProcess, grace: float = GRACE_SECONDS) -> None:
        """End a child's whole group: SIGINT, `grace` seconds, SIGKILL."""
        child.stop(grace)
        with self._lock:
            if child not in self._children:
                return
            self._children.remove(child)
        self._send(f"-{child.group}")

    def end_all(self, grace: float = GRACE_SECONDS) -> None:
        """End every child: signal all, then wait for each."""
        children = list(self._children)
        for child in children:
            child.signal(signal.SIGINT)
        for child in children:
            self.stop(child, grace)

    def close(self) -> None:
        """End every child, then the watchdog."""
        self.end_all()
        if self._watchdog.stdin is not None:
            self._watchdog.stdin.close()
        self._watchdog.wait()

    def _send(self, line: str) -> None:
        if self._watchdog.stdin is not None and not self._watchdog.stdin.closed:
            self._watchdog.stdin.write(line + "\n")
            self._watchdog.stdin.flush()


class ChildProcess:
    """One process and its group."""

    def __init__(self, command: Sequence[str], cwd: Path, env: Mapping[str, str], *, stdin: bool) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self.group = self._process.pid
        self._readers: list[threading.Thread] = []

    def first_line(self) -> str:
        """The first line of standard output; empty if the process ended before it."""
        stdout = self._process.stdout
        return stdout.readline().strip() if stdout else ""

    def read_rest(self, out: Reader, err: Reader) -> None:
        """Pass every further line to `out` and `err` from threads, so that the process never blocks on a pipe."""
        for stream, reader in ((self._process.stdout, out), (self._process.stderr, err)):
            thread = threading.Thread(target=_pump, args=(stream, reader), daemon=True)
            thread.start()
            self._readers.append(thread)

    def wait(self, seconds: float) -> int | None:
        """The exit status if the process ends within `seconds`, after all its output is read; else None."""
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        for thread in self._readers:
            thread.join(1.0)
        return status

    def signal(self, number: int) -> bool:
        """Signal the group; False if it has ended."""
        try:
            os.killpg(self.group, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def stop(self, grace: float) -> None:
        """SIGINT, `grace` seconds, SIGKILL; returns after the process has ended and its pipes are closed."""
        if self._process.poll() is None:
            self.signal(signal.SIGINT)
            if self.wait(grace) is None:
                self.signal(signal.SIGKILL)
        self.signal(signal.SIGKILL)
        self._process.wait()
        for thread in self._readers:
            thread.join(1.0)
        if self._process.stdin:
            self._process.stdin.close()


def _pump(stream: IO[str] | None, reader: Reader) -> None:
    if stream is None:
        return
    with stream:
        for line in stream:
            reader(line.rstrip("\n"))
