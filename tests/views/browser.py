"""A browser for tests: Debian's Chromium, driven by the WebDriver protocol over HTTP, without another dependency.

Sources: W3C WebDriver (sessions, elements, execute, screenshot), ChromeDriver's `goog:chromeOptions` and
`goog:loggingPrefs`.
"""

import json
import shutil
import subprocess
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, build_opener

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER: Final = shutil.which("chromedriver")
MISSING: Final = "needs Chromium and its driver (Debian: apt-get install chromium chromium-driver)"
_FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
)
_SECONDS: Final = 30


class Browser:
    """One session."""

    def __init__(self, address: str, session: str) -> None:
        self._address = f"{address}/session/{session}"

    def open(self, page: Path) -> None:
        """Load a file, as a mail attachment is loaded."""
        self._call("POST", "/url", {"url": page.as_uri()})

    def run(self, script: str, *arguments: object) -> Any:  # noqa: ANN401 - JSON
        """The value that a script returns."""
        return self._call("POST", "/execute/sync", {"script": script, "args": arguments})

    def until(self, script: str) -> Any:  # noqa: ANN401 - JSON
        """The value of a script as soon as it is true."""
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            value = self.run(script)
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"not within {_SECONDS} s: {script}")

    def keys(self, text: str) -> None:
        """Type on the keyboard, wherever the focus is."""
        actions = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self._call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def size(self, width: int, height: int) -> None:
        """The window's size in pixels."""
        self._call("POST", "/window/rect", {"width": width, "height": height})

    def prefers(self, scheme: str) -> None:
        """A reader's preference: `light` or `dark`. Source: Chrome DevTools Protocol, Emulation.setEmulatedMedia."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        command = {"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}}
        self._call("POST", "/goog/cdp/execute", command)

    def screenshot(self) -> bytes:
        """A PNG of the window."""
        return b64decode(self._call("GET", "/screenshot"))

    def complaints(self) -> list[str]:
        """Errors and warnings in the console since the last look, refused loads included."""
        return [one["message"] for one in self._call("POST", "/se/log", {"type": "browser"})]

    def close(self) -> None:
        """End the session and its browser."""
        self._call("DELETE", "")

    def _call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        return request(method, self._address + path, body)


def request(method: str, address: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
    """One call of the protocol."""
    data = None if method != "POST" else json.dumps(body or {}).encode()
    with build_opener().open(Request(address, data, method=method), timeout=60) as reply:  # noqa: S310 - loopback
        return json.load(reply)["value"]


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A fresh Chromium; driver and browser end with the block."""
    log = profile / "driver.log"
    with log.open("wb") as file:
        driver = subprocess.Popen([str(DRIVER), "--port=0"], stdout=file, stderr=file)
    try:
        address = f"http://127.0.0.1:{_port(log)}"
        options = {"binary": CHROMIUM, "args": [*_FLAGS, f"--user-data-dir={profile / 'data'}"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        made = request("POST", f"{address}/session", {"capabilities": {"alwaysMatch": wanted}})
        one = Browser(address, made["sessionId"])
        try:
            yield one
        finally:
            one.close()
    finally:
        driver.terminate()
        driver.wait(timeout=10)


def _port(log: Path) -> str:
    """The driver says on which port it listens."""
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        _, found, rest = log.read_text().partition("started successfully on port ")
        if found and "\n" in rest:
            return rest.partition("\n")[0].strip(". ")
        time.sleep(0.05)
    raise AssertionError(log.read_text())
