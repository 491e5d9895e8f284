"""Text on a screen: safe, aligned, in colour only on a terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localengine.engine.events import Message, Op, Severity, Summary
from localengine.protocol.properties import RESOURCE_REFERENCE, SIGNATURE, UNKNOWN, secret
from localengine.views.palette import Paint, display_type, quoted, safe
from localengine.views.property_text import Printer, primitive
from localengine.views.summary_text import duration, summary_lines
from localengine.views.tree_view import joined_streams
from tests.localengine.sandbox import REPOSITORY

if TYPE_CHECKING:
    from tests.localengine.sandbox import Sandbox

PLAIN = Paint(on=False)


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_no_text_can_move_a_cursor(text: str) -> None:
    """Every character of a shown text is printable, a newline or a tab, and a quoted text is one line."""
    assert all(char in "\n\t" or char.isprintable() for char in safe(text))
    assert quoted(text).isprintable()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "<null>"),
        (True, "true"),
        (3, "3"),
        (3.0, "3"),
        (1e21, "1000000000000000000000"),
        (0.25, "0.25"),
        ("a\x1b[2J\u202e", '"a\\x1b[2J\\u202e"'),
        ("x" * 151, '"' + "x" * 150 + '..."'),
        ("1\n2\n3\n4", '"1\\n2\\n3\\n..."'),
        (UNKNOWN, "[unknown]"),
        (secret("word"), "[secret]"),
        ({SIGNATURE: RESOURCE_REFERENCE, "urn": "urn:x"}, "[resource urn:x]"),
        ({}, "{}"),
        ([], "[]"),
    ],
)
def test_values_read_as_pulumi_prints_them(value: object, text: str) -> None:
    """Every kind of value has the form that Pulumi prints."""
    assert primitive(value) == text


def test_a_difference_shows_what_was_added_changed_and_removed() -> None:
    """Names are aligned, signs mark changes, long texts are compared by line, and the SDK's names are hidden."""
    old = {"__provider": "x", "map": {"a": 1, "b": 2}, "text": "1\n2\n3\n4\n5\n6", "kind": 1, "empty": ""}
    new = {"__provider": "y", "map": {"a": 1, "c": 3}, "text": "1\n2\n3\n4\n5\nsix", "kind": [1], "empty": "full"}
    assert Printer(PLAIN, 1).difference(old, new) == [
        '  + empty: "full"',
        "  - kind : 1",
        "  + kind : [",
        "      + [0]: 1",
        "    ]",
        "  ~ map  : {",
        "        a: 1",
        "      - b: 2",
        "      + c: 3",
        "    }",
        "  ~ text : ",
        "        ...",
        "        4",
        "        5",
        "      - 6",
        "      + six",
    ]


def test_equal_bags_are_shown_whole_and_unsigned() -> None:
    """An update without changed inputs shows all inputs without signs, as in Pulumi."""
    assert Printer(PLAIN, 1, Op.UPDATE).difference({"a": 1}, {"a": 1}) == ["    a: 1"]


def test_a_summary_counts_every_verb() -> None:
    """Operations are in Pulumi's order and words, with a total if there are several."""
    changes = {Op.SAME: 2, Op.REPLACE: 1, Op.CREATE: 3}
    assert summary_lines(Summary(changes=changes, seconds=0.2, preview=True), 1, PLAIN) == [
        "Resources:",
        "    + 3 to create",
        "    +-1 to replace",
        "    4 changes. 2 unchanged",
        "    1 errored",
        "",
    ]


@pytest.mark.parametrize(("seconds", "text"), [(0.1, "1s"), (59.2, "1m0s"), (65, "1m5s"), (3601, "1h0m1s")])
def test_durations_are_whole_seconds(seconds: float, text: str) -> None:
    """A duration is rounded up to whole seconds."""
    assert duration(seconds) == text


def test_types_lose_the_file_they_repeat() -> None:
    """The file of a type is hidden only if it repeats the name."""
    assert display_type("aws:rekognition/project:Project") == "aws:rekognition:Project"
    assert display_type("pulumi-python:dynamic/demo:Thing") == "pulumi-python:dynamic/demo:Thing"


def test_messages_of_one_stream_are_one_and_passing_ones_are_gone() -> None:
    """Diagnostics join the messages of a stream and omit ephemeral messages."""

    def message(text: str, **more: object) -> Message:
        return Message(severity=Severity.INFO, text=text, **more)  # type: ignore[arg-type]  # stream or ephemeral

    messages = [
        message("a", stream=7),
        message("once"),
        message("b", stream=7),
        message("passing", ephemeral=True),
        message("twice"),
    ]
    assert [message.text for message in joined_streams(messages)] == ["ab", "once", "twice"]


def on_a_terminal(lab: Sandbox, *arguments: str, answer: bytes = b"") -> tuple[int, str]:
    """Run a command on a pseudo-terminal, answering its question."""
    main, side = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "localengine", *arguments, "--cwd", str(lab.program)],
        cwd=REPOSITORY,
        env={**lab.environment(), "TERM": "xterm"},
        stdin=side,
        stdout=side,
        stderr=side,
    )
    os.close(side)
    shown = b""
    try:
        while select.select([main], [], [], 60)[0]:
            shown += os.read(main, 65536)
            if answer and b"[yes/no]" in shown:
                os.write(main, answer)
                answer = b""
    except OSError:  # Linux ends a closed terminal with an error
        pass
    os.close(main)
    return process.wait(60), shown.decode().replace("\r\n", "\n")


def test_a_terminal_is_asked_and_gets_colours(lab: Sandbox) -> None:
    """A terminal gets the preview, the question and the update in colour; a pipe gets no colour."""
    lab.declare({"name": "a"})
    code, shown = on_a_terminal(lab, "up", answer=b"yes\n")
    assert code == 0
    assert "Do you want to perform this update?" in shown
    assert "\x1b[38;5;2m+ 2 created\x1b[0m" in shown
    assert lab.names() == ["a"]
    assert "\x1b" not in lab.run("preview").out


def test_a_no_on_the_terminal_changes_nothing(lab: Sandbox) -> None:
    """After the answer no, the exit code is 1 and nothing is created."""
    lab.declare({"name": "a"})
    code, shown = on_a_terminal(lab, "up", answer=b"no\n")
    assert code == 1
    assert "confirmation declined, not proceeding with the update" in shown
    assert lab.names() == []


def test_output_that_nobody_reads_does_not_stop_an_up(lab: Sandbox) -> None:
    """`up` still finishes if its output is closed (`up | head -1`)."""
    lab.declare({"name": "a"})
    process = lab.start("up", "--yes", "--skip-preview")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        error = process.stderr.read()
    assert process.wait(60) == 0, error
    assert lab.names() == ["a"]
