"""Processes that begin with the SDKs loaded: hundreds of them would load these for longer than they work.

A server without threads, one for each test process, loads what an engine, its program and its providers share, and
forks for each command: a process with arguments, folder, environment and streams of its own. An engine that began so
begins its program and its providers so too. All else starts as always: a different interpreter, what a sitecustomize
changes, a different system than Linux, and everything where branches are measured, as CI does.
"""

from __future__ import annotations

import atexit
import gc
import io
import json
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

_READY: Final = b"ready\n"
_SHARED: Final = (
    *("google.protobuf.json_format", "google.rpc.status_pb2", "msgspec", "pulumi.dynamic.dynamic", "sqlite3", "yaml"),
    *("localengine.command", "localengine.views.console"),
    *(f"reconciler.provider.{name}" for name in ("apply", "check", "diff", "preview", "process", "program")),
)
_HURRIES: Final = 'take no time."""\nfrom tests.support.quick_clock import hurry\nhurry()\n'
_COMMANDS: Final = ("-m localengine", "-m reconciler", "-u -m pulumi.dynamic", "language_host.py")


def run(command: list[str], cwd: Path, env: dict[str, str], timeout: float) -> subprocess.CompletedProcess[str]:
    """Run a command without input to its end, and read its output as text."""
    pipe = subprocess.PIPE
    with Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, cwd=cwd, env=env, text=True) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


class Popen(subprocess.Popen[Any]):
    """A process that the server forks, if it may; it is waited for, read and ended like any other."""

    _line: socket.socket | None = None

    def _execute_child(self, args: Any, *rest: Any) -> None:  # noqa: ANN401 - those of subprocess
        executable, _preexec, _close, _pass, cwd, env, _info, _flags, shell, *more = rest
        pipes, settings = more[:6], more[6:]
        if executable or shell or not _may_be_forked(args, os.environ if env is None else env):
            super()._execute_child(args, *rest)  # type: ignore[misc]  # its stubs leave it out
            return
        asked = {
            "arguments": [str(one) for one in args[1:]],
            "cwd": os.fspath(cwd or Path.cwd()),
            "env": dict(os.environ if env is None else env),
            "session": settings[-2],
            "group": settings[-1],
        }
        theirs = (pipes[0], pipes[3], pipes[5])
        self._line = _asked(asked, [number if one == -1 else one for number, one in enumerate(theirs)])
        self.pid = int(_answer(self._line))
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]  # likewise

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        if self._line is None:
            return super()._try_wait(wait_flags)  # type: ignore[misc,no-any-return]  # likewise
        if wait_flags and not select.select([self._line], [], [], 0)[0]:
            return 0, 0
        with self._line as line:
            return self.pid, int(_answer(line) or signal.SIGKILL)

    def _internal_poll(self, *given: Any, **named: Any) -> int | None:  # noqa: ANN401 - those of subprocess
        if self._line is None:
            return super()._internal_poll(*given, **named)  # type: ignore[misc,no-any-return]  # likewise
        with suppress(subprocess.TimeoutExpired):
            self._wait(0)  # type: ignore[attr-defined]  # likewise
        return self.returncode


def _may_be_forked(command: Any, env: Any) -> bool:  # noqa: ANN401 - those of subprocess
    if sys.platform != "linux" or any(name.startswith("COVERAGE_") for name in (*env, *os.environ)):
        return False
    if Path(command[0]).parent != Path(sys.executable).parent:
        return False
    sites = [Path(path, "sitecustomize.py") for path in env.get("PYTHONPATH", "").split(os.pathsep) if path]
    if any(not site.read_text().endswith(_HURRIES) for site in sites if site.exists()):
        return False  # it may change what is loaded already
    return any(words in " ".join(map(str, command[1:4])) for words in _COMMANDS)


def _asked(document: dict[str, Any], streams: list[int]) -> socket.socket:
    """Ask the server for a process; the answers are its number and, when it ended, its status."""
    line = socket.socket(socket.AF_UNIX)
    line.connect(_server())
    body = json.dumps(document).encode() + b"\n"
    sent = socket.send_fds(line, [body], streams)
    line.sendall(body[sent:])
    return line


def _answer(line: socket.socket) -> str:
    read = b""
    while not read.endswith(b"\n") and (more := line.recv(1)):
        read += more
    return read.decode().strip()


@cache
def _server() -> str:
    """The address of this process's server, which ends with this process."""
    if __name__ == "__main__":  # in an engine that the server forked
        return sys.orig_argv[-1]
    address = str(Path(tempfile.mkdtemp(prefix="prepared-")) / "line")
    process = subprocess.Popen(
        [sys.executable, __file__, address],
        env={name: value for name, value in os.environ.items() if name in ("HOME", "PATH", "TMPDIR")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin
    assert process.stdout
    assert process.stdout.readline() == _READY
    process.stdout.close()
    atexit.register(process.wait)
    atexit.register(process.stdin.close)
    return address


def _prepare() -> dict[str, str]:
    """Load what the processes share, the service's model too; gives the variables that this sets."""
    before = dict(os.environ)
    import boto3  # noqa: PLC0415 - for the server alone
    import botocore.loaders  # noqa: PLC0415 - likewise

    for name in _SHARED:
        import_module(name)
    botocore.loaders.create_loader = cache(botocore.loaders.create_loader)
    boto3.Session("nobody", "nothing", region_name="us-east-1").client("rekognition")
    gc.freeze()
    return {name: value for name, value in os.environ.items() if name not in before}


def _serve(address: str) -> list[str]:
    """Fork for each command; gives the arguments in the process that is to be it, and none when all is over."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen(64)
    woken, waker = socket.socketpair()
    waker.settimeout(0)
    signal.signal(signal.SIGCHLD, lambda *_arguments: None)
    signal.set_wakeup_fd(waker.fileno())
    os.write(1, _READY)
    lines: dict[int, socket.socket] = {}
    while True:
        ready = select.select([0, listening.fileno(), woken.fileno()], [], [])[0]
        if 0 in ready:
            shutil.rmtree(Path(address).parent)
            return []
        if woken.fileno() in ready:
            woken.recv(4096)
            _report_ends(lines)
        if listening.fileno() in ready:
            line, _ = listening.accept()
            asked, streams = _heard(line)
            if not (pid := os.fork()):
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _become(asked, streams, line)
                return list(asked["arguments"])
            lines[pid] = line
            for stream in streams:
                os.close(stream)


def _heard(line: socket.socket) -> tuple[dict[str, Any], list[int]]:
    body, streams, _flags, _address = socket.recv_fds(line, 1 << 16, 3)
    while not body.endswith(b"\n"):
        body += line.recv(1 << 16)
    asked: dict[str, Any] = json.loads(body)
    return asked, streams


def _report_ends(lines: dict[int, socket.socket]) -> None:
    while lines:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with lines.pop(pid) as line, suppress(OSError):  # who asked may have ended
            line.sendall(f"{status}\n".encode())


def _become(asked: dict[str, Any], streams: list[int], line: socket.socket) -> None:
    """Take on session, streams, folder and environment, and then tell who asked."""
    if asked["session"]:
        os.setsid()
    elif asked["group"] >= 0:
        os.setpgid(0, asked["group"])
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    line.sendall(f"{os.getpid()}\n".encode())
    line.detach()
    os.closerange(3, 1024)


def _open_streams(*, unbuffered: bool) -> None:
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        old, size = getattr(sys, name), 0 if unbuffered and number else -1
        raw = open(number, "wb" if number else "rb", buffering=size, closefd=False)  # noqa: SIM115 - open to the end
        text = io.TextIOWrapper(raw, old.encoding, old.errors, None, name == "stderr", write_through=unbuffered)
        setattr(sys, name, text)
        setattr(sys, f"__{name}__", text)


def _do(arguments: list[str], variables: dict[str, str]) -> None:
    """Do what Python does with these arguments, after loading what sets these variables."""
    os.environ.update(variables | os.environ)
    _server()  # its address is among the arguments of the server
    _open_streams(unbuffered=arguments[0] == "-u")
    sys.orig_argv = [sys.executable, *arguments]
    given = arguments[arguments[0] == "-u" :]
    is_module = given[0] == "-m"
    sys.argv = given[is_module:]
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:] = [str(Path.cwd() if is_module else Path(sys.argv[0]).parent), *paths, *sys.path]
    if any(Path(path, "sitecustomize.py").exists() for path in paths):
        import_module("sitecustomize")
    if sys.argv[0] == "localengine":
        subprocess.Popen = Popen  # type: ignore[misc]  # what this engine begins
    if is_module:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    del sys.path[0]
    by_loading = _prepare()
    if forked := _serve(sys.argv[1]):
        _do(forked, by_loading)
