"""What `make demo` shows."""

import os
import subprocess
import sys

import pytest

from tests.program.workspace import REPOSITORY

ONE_SCREEN = 60  # lines


@pytest.mark.slow  # a minute: test_story.py runs the same job in the quick run
def test_the_demo_tells_its_story_on_few_lines() -> None:
    """The demo ends well, prints at most 60 lines and nothing of what it left out."""
    environment = {name: value for name, value in os.environ.items() if name != "VERBOSE"}
    command = [sys.executable, "docs/demo.py"]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) <= ONE_SCREEN
    assert "    ~ s3://acme-vision/blood-cells/BloodImage_00007.jpg  1 box moved: WBC (12 px) [theirs]" in lines
    assert "    2 datasets, no changes" in lines
    assert not done.stderr
