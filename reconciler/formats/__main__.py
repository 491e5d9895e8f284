"""`python -m reconciler.formats FORMAT --images s3://bucket/folder/ FILE... > train.jsonl`: annotations to a manifest.

Lines go to standard output, findings to standard error. With a finding of class error nothing is written and the exit
code is 3; else it is 0.

Knows arguments, files and streams. Refuses to know any format.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from reconciler.errors import BadInput, Exit
from reconciler.formats import FORMATS, Converted
from reconciler.inert import inert
from reconciler.model import Finding, Severity

__all__ = ["main"]

# A fixed date keeps the output the same from one run to the next; `--created` says a better one.
_CREATED: Final = "2000-01-01T00:00:00"


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert the files that the arguments name; returns the exit code."""
    asked = _parser().parse_args(arguments)
    lines: list[bytes] = []
    findings: list[Finding] = []
    try:
        for one in FORMATS[asked.format](_read(asked.files), images=asked.images, created=asked.created):
            if isinstance(one, Converted):
                lines.append(one.line)
            else:
                findings.append(one)
    except BadInput as fault:
        sys.stderr.write(f"error: {inert(str(fault))}\n")
        return Exit.BAD_INPUT
    for finding in findings:
        sys.stderr.write(f"{_shown(finding)}\n")
    if any(finding.severity is Severity.ERROR for finding in findings):
        return Exit.BAD_INPUT
    sys.stdout.buffer.writelines(line + b"\n" for line in lines)
    sys.stdout.buffer.flush()
    return Exit.DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reconciler.formats",
        description="Turn annotations of another format into the lines of a manifest, on standard output.",
    )
    parser.add_argument("format", choices=sorted(FORMATS), help="the annotations' format")
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="annotation files, in the manifest's order")
    parser.add_argument(
        "--images", required=True, metavar="S3-ADDRESS", help="where the images lie, s3://bucket/folder/"
    )
    parser.add_argument("--created", default=_CREATED, metavar="DATE", help="creation-date of every line (%(default)s)")
    return parser


def _read(files: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file, one in memory at a time.

    Raises:
        BadInput: a file cannot be read.
    """
    for file in files:
        try:
            content = file.read_bytes()
        except OSError as fault:
            raise BadInput(f"{file} cannot be read: {fault.strerror}") from fault
        yield str(file), content


def _shown(finding: Finding) -> str:
    return f"{inert(str(finding.place))}: {finding.severity}: {inert(finding.message)}; {inert(finding.cure)}"


if __name__ == "__main__":
    sys.exit(main())
