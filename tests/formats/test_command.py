"""`python -m reconciler.formats`: files in, a manifest on standard output, findings on standard error."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.formats.__main__ import main

Voc = Callable[..., bytes]
ASKED = ("voc", "--images", "s3://b/c")


def test_lines_go_out_and_findings_go_beside(data: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """A box left out does not stop the others: exit code 0, one line a file, the finding on standard error."""
    files = [str(data / f"BloodImage_{image}.xml") for image in ("00000", "00338")]
    code = main([*ASKED, *files])

    out, err = capsysbinary.readouterr()
    assert code == 0
    assert [line.startswith(b'{"source-ref":"s3://b/c/BloodImage_') for line in out.splitlines()] == [True, True]
    assert out.endswith(b"}\n")
    assert err.startswith(files[1].encode())
    assert b": marked: the box 'RBC', 0 x 0 pixels at 504, 337, is left out" in err


def test_an_error_writes_nothing(tmp_path: Path, voc: Voc, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Half a manifest looks like a whole one, so there is none: exit code 3."""
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_bytes(voc())
    bad.write_bytes(b"<annotation>")

    assert main([*ASKED, str(good), str(bad)]) == 3
    out, err = capsysbinary.readouterr()
    assert out == b""
    assert b"bad.xml:1:13: error: this is no well-formed XML: no element found" in err


def test_a_missing_file_and_a_wrong_address_are_sentences(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """No traceback, exit code 3."""
    assert main([*ASKED, str(tmp_path / "none.xml")]) == 3
    assert b"none.xml cannot be read: No such file or directory" in capsysbinary.readouterr().err
    assert main(["voc", "--images", "c:\\images", str(tmp_path / "none.xml")]) == 3
    assert b"give an address such as s3://bucket/folder/" in capsysbinary.readouterr().err


def test_hostile_text_cannot_act_on_the_terminal(
    tmp_path: Path, voc: Voc, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Labels and file names come from strangers."""
    file = tmp_path / "a\x1b[2J.xml"
    file.write_bytes(voc(("\u202eRBC\x85", 5, 5, 5, 5)))

    main([*ASKED, str(file)])
    err = capsysbinary.readouterr().err.decode()
    assert not {"\x1b", "\u202e", "\x85"} & set(err)


def test_it_runs_as_a_module(data: Path) -> None:
    """The command as the samples' SOURCE.md gives it."""
    command = [sys.executable, "-m", "reconciler.formats", *ASKED, str(data / "BloodImage_00007.xml")]
    done = subprocess.run(command, capture_output=True, check=False, cwd=Path(__file__).parents[2])
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b"\n") == 1
