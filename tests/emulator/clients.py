"""Clients of the emulator that share no code with boto3's: where they are, and what they need to find it.

The AWS CLI is looked for as `aws` (or AWS_CLI), the JavaScript SDK as `@aws-sdk/client-rekognition` in NODE_PATH.
`.ci/run` fetches both where it can.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rekognition_emulator import Emulator

AWS = os.environ.get("AWS_CLI") or shutil.which("aws")
NODE = shutil.which("node")
JS_SDK = "@aws-sdk/client-rekognition"
NO_AWS = "the AWS CLI is not installed: put `aws` on the path, or name it in AWS_CLI"
NO_JS = f"node or {JS_SDK} is not there: install it with npm and set NODE_PATH to its node_modules"


def environment(emulator: Emulator) -> dict[str, str]:
    """The variables the emulator prints, and nothing of the user's AWS configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nobody = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return kept | emulator.environment | nobody | {"AWS_EC2_METADATA_DISABLED": "true"}


@cache
def is_version_2() -> bool:
    """Whether the AWS CLI is the one that takes blobs in base64 unless told otherwise."""
    shown = subprocess.run([str(AWS), "--version"], capture_output=True, text=True, check=True)
    return (shown.stdout or shown.stderr).startswith("aws-cli/2")


@cache
def has_js_sdk() -> bool:
    """Whether node finds the SDK."""
    if not NODE:
        return False
    found = subprocess.run([NODE, "-e", f"require('{JS_SDK}')"], capture_output=True, check=False)
    return found.returncode == 0
