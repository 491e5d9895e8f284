"""The main job, end to end, on this machine alone: `make demo`.

A copy of this repository's Pulumi program runs against the emulator: preview, up, an empty preview; an edit behind our
back that `pulumi up` reverts, one that it refuses to overwrite and that `reconciler pull` takes into git; and a change
of a manifest as in a pull request. Nothing outside of a temporary folder is written and nothing is left running.

The engine is `localengine` by default; with `--engine pulumi` the real Pulumi CLI, with its state in the same folder.
Of each command the lines that matter are shown; with `VERBOSE=1` in the environment, all.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, Final

import boto3

ROOT: Final = Path(__file__).resolve().parent.parent
PROGRAM: Final = ("Pulumi.yaml", "__main__.py", "datasets")
STACK: Final = "demo"
ROOM: Final = 4  # lines of a command that are shown
DRIFT: Final = 7  # Pulumi's exit code for changes where none were expected
FAILURES: Final = (1, 255)  # of a failed step: the local engine's, and that of Pulumi's CLI
# `pulumi up` in a script, a preview as in a pull request, and the drift run of a scheduled job.
PREVIEW: Final = ("preview", "--non-interactive")
UP: Final = ("up", "--yes", "--skip-preview", "--non-interactive")
DRIFT_RUN: Final = ("refresh", "--preview-only", "--expect-no-changes", "--non-interactive")


class Demo:
    """One run: the folder, the emulator's address, and the engine's command."""

    def __init__(self, folder: Path, endpoint: str, engine: Sequence[str]) -> None:
        self.folder = folder
        self.endpoint = endpoint
        self.engine = list(engine)
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.verbose = os.environ.get("VERBOSE", "") not in {"", "0"}

    def say(self, text: str) -> None:
        """A line of the story."""
        print(f"\n\033[1m# {text}\033[0m" if self.colour else f"\n# {text}", flush=True)

    def run(self, *arguments: str, expected: int = 0, show: str = "") -> None:
        """Run the engine and show what it prints; any other exit code than the expected one ends the demo.

        `show` is a regular expression: the lines that matter, unless all are shown.
        """
        self._show([*self.engine, *arguments, "--stack", STACK], f"pulumi {' '.join(arguments)}", (expected,), show)

    def refused(self, *arguments: str, show: str) -> None:
        """Run the engine and show what it refuses."""
        self._show([*self.engine, *arguments, "--stack", STACK], f"pulumi {' '.join(arguments)}", FAILURES, show)

    def reconcile(self, *arguments: str, show: str) -> None:
        """Run the command line and show what it prints."""
        self._show([sys.executable, "-m", "reconciler", *arguments], f"reconciler {' '.join(arguments)}", (0,), show)

    def _show(self, command: Sequence[str], shown: str, expected: Sequence[int], show: str) -> None:
        print(f"$ {shown}", flush=True)
        said = self.folder / "said.txt"
        with said.open("wb") as file:
            target = None if self.verbose else file
            process = subprocess.Popen(command, cwd=self.folder, stdout=target, stderr=target and subprocess.STDOUT)
            code = _finished(process, self._wait)
        lines = said.read_text(errors="replace").splitlines()
        if code not in expected:
            raise SystemExit("\n".join([*lines, f"the demo expected exit code {expected[0]} and got {code}"]))
        if not self.verbose:
            _excerpt(lines, show)
        if code:
            print(f"(exit code {code}, as expected)", flush=True)

    def _wait(self, seconds: int) -> None:
        """Say on a terminal that a command is still running; 0 seconds takes the line away."""
        if self.colour and not self.verbose:
            print(f"\r  {seconds} s ..." if seconds else "\r\033[K", end="", flush=True)


def _excerpt(lines: Sequence[str], show: str) -> None:
    """Print the lines that matter, each once."""
    matter = list(dict.fromkeys(line.strip() for line in lines if re.search(show, line)))
    for line in matter[:ROOM]:
        print(f"    {line}")


def main() -> None:
    """Tell the story."""
    parser = argparse.ArgumentParser(description="The main job on an emulator, end to end.")
    parser.add_argument("--engine", choices=["local", "pulumi"], default="local", help="default: %(default)s")
    engine = _engine(parser.parse_args().engine)
    signal.signal(signal.SIGTERM, _stop)
    print("About a minute, on this machine alone: no AWS account, nothing left behind. VERBOSE=1 shows all output.")
    with tempfile.TemporaryDirectory(prefix="labels-as-code-") as name, _emulator() as endpoint:
        demo = Demo(Path(name), endpoint, engine)
        _copy_program(demo)
        _story(demo)


def _story(demo: Demo) -> None:
    demo.say("1. Four datasets are declared in datasets/. A preview shows what `pulumi up` would do, entry by entry.")
    demo.run(*PREVIEW, show=r"Image_0000[67]\.jpg|\d+ to create$")
    demo.say("2. `pulumi up` creates the projects and datasets, sends the entries and waits until the service is done.")
    demo.run(*UP, show=r"^    \d+ added in")
    demo.say("3. Nothing is left to do.")
    demo.run("preview", "--expect-no-changes", "--non-interactive", show="unchanged$")
    demo.say("4. Somebody edits blood-cells in the console. Its project.yaml says `theirs: overwrite`: git wins.")
    _edit_behind_our_back(demo, "blood-cells", "TEST")
    demo.say("5. The scheduled drift run finds it.")
    demo.run(*DRIFT_RUN, expected=DRIFT, show=r"^    (warning:|~ s3:)")
    demo.say("6. `pulumi up` repairs it, and the drift run reports nothing.")
    demo.run(*UP, show=r"^    \d+ updated in")
    demo.run(*DRIFT_RUN, show="unchanged$")
    demo.say("7. ground-truth-lab keeps the default, `theirs: refuse`: `pulumi up` does not overwrite an edit unseen.")
    _edit_behind_our_back(demo, "ground-truth-lab", "TRAIN")
    demo.refused(*UP, show=r"guard theirs|--allow ")
    demo.say("8. `reconciler pull` takes the edit into git. Nothing is left to do.")
    demo.reconcile("pull", "--project", "ground-truth-lab", show="changed in")
    demo.reconcile("plan", "--project", "ground-truth-lab", "--exit-code", show="no changes")
    demo.say("9. A pull request renames a label in one entry and adds an image; its preview is what a reviewer reads.")
    _edit_the_manifest(demo)
    demo.run(*PREVIEW, "--diff", show=r"^(\d+ to add|[~+] s3:|labels, in images)")
    demo.say("Done: 433 entries in 4 datasets; 2 console edits reverted, 2 taken into git. Live is what git says.")
    print("Next: your own dataset, with `reconciler init` (docs/getting-started.md); a review (docs/review.md).")


def _engine(name: str) -> list[str]:
    if name == "local":
        return [sys.executable, "-m", "localengine"]
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        raise SystemExit("the Pulumi CLI is not installed; run `make demo` without ENGINE=pulumi, or install it")
    return [pulumi]


def _copy_program(demo: Demo) -> None:
    """Copy this repository's program to the folder, with a stack that talks to the emulator."""
    for part in PROGRAM:
        source, target = ROOT / part, demo.folder / part
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    settings = (demo.folder / "Pulumi.yaml").read_text()
    (demo.folder / "Pulumi.yaml").write_text(settings.replace("virtualenv: .venv", f"virtualenv: {sys.prefix}"))
    stack = (ROOT / "Pulumi.local.yaml").read_text()
    (demo.folder / f"Pulumi.{STACK}.yaml").write_text(stack.replace("http://127.0.0.1:5557", demo.endpoint))
    os.environ |= {
        "AWS_ENDPOINT_URL_REKOGNITION": demo.endpoint,
        "PULUMI_BACKEND_URL": demo.folder.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    if demo.engine[0] != sys.executable:
        subprocess.run([*demo.engine, "stack", "select", "--create", STACK], cwd=demo.folder, check=True)


def _edit_behind_our_back(demo: Demo, name: str, kind: str) -> None:
    """Change an entry and take the labels off another, directly at the service."""
    client = _client(demo)
    [project] = client.describe_projects(ProjectNames=[name])["ProjectDescriptions"]
    arn = next(one["DatasetArn"] for one in project["Datasets"] if one["DatasetType"] == kind)
    changed, bare = (json.loads(line) for line in client.list_dataset_entries(DatasetArn=arn)["DatasetEntries"][:2])
    for value in changed.values():
        if isinstance(value, dict) and value.get("annotations"):
            value["annotations"][0]["left"] += 12
        elif isinstance(value, dict) and "class-name" in value:
            value["class-name"] = {"LH": "RH", "RH": "LH"}[value["class-name"]]
    body = "\n".join(json.dumps(line) for line in (changed, {"source-ref": bare["source-ref"]})).encode()
    client.update_dataset_entries(DatasetArn=arn, Changes={"GroundTruth": body})
    while client.describe_dataset(DatasetArn=arn)["DatasetDescription"]["Status"] == "UPDATE_IN_PROGRESS":
        time.sleep(0.2)
    print(f"edited behind our back: {changed['source-ref']} and {bare['source-ref']}")


def _edit_the_manifest(demo: Demo) -> None:
    manifest = demo.folder / "datasets" / "ground-truth-lab" / "train.yaml"
    text = manifest.read_text().replace("labels: [LH]", "labels: [RH]", 1)
    manifest.write_text(f"{text.rstrip()}\n  - image: IMG_9999.JPG\n    labels: [LH]\n")
    print(f"edited {manifest.relative_to(demo.folder)}")


def _client(demo: Demo) -> Any:  # noqa: ANN401 - boto3 makes its clients' classes at run time
    return boto3.client("rekognition", region_name="us-east-1", endpoint_url=demo.endpoint)


@contextmanager
def _emulator() -> Iterator[str]:
    """The emulator in a separate process, on a port that the system chose."""
    command = [sys.executable, "-m", "rekognition_emulator", "--port", "0"]
    # A separate group: Ctrl-C must not end the service while the engine finishes what it began.
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )
    try:
        yield _endpoint(process)
    finally:
        process.terminate()
        process.wait(timeout=10)


def _endpoint(process: "subprocess.Popen[str]") -> str:
    """The address that the emulator prints when it is ready."""
    for line in process.stdout or ():
        name, _, value = line.strip().removeprefix("export ").partition("=")
        if name == "AWS_ENDPOINT_URL_REKOGNITION":
            return value
    raise SystemExit("the emulator did not start")


def _waited(process: "subprocess.Popen[bytes]", wait: Callable[[int], None]) -> int:
    """The exit code; `wait` hears of each second, and of the end as 0."""
    seconds = 0
    while process.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        seconds += 1
        wait(seconds)
    wait(0)
    return process.wait()


def _finished(process: "subprocess.Popen[bytes]", wait: Callable[[int], None]) -> int:
    """The exit code. After Ctrl-C, which reaches the engine too, the engine gets time to stop in order."""
    try:
        return _waited(process, wait)
    except (KeyboardInterrupt, SystemExit) as stop:
        if isinstance(stop, SystemExit):
            process.terminate()
        try:
            process.wait(timeout=60)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.kill()
            process.wait()
        raise


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(143)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        sys.exit(130)
