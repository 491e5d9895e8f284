"""SARIF 2.1.0, for code scanning: one run, a rule for each code, a result for each problem.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0; GitHub Docs, "SARIF support for code
scanning" (at most 5,000 results are shown, so the errors come first, and 10 MB when compressed, which they never take).
"""

import json
import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

from reconciler.review.model import Review
from reconciler.views.annotations.problems import MOST, Problem, problems_of

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_ESCAPED: Final = re.compile(rb"[^A-Za-z0-9/._~!$&'()*+,;=@-]")


def view(review: Review, files: Callable[[str], str] = str) -> str:
    """The log as indented JSON; results beyond the limit are counted in a notification."""
    problems = problems_of(review, files)
    shown = problems[:MOST]
    codes = {code: number for number, code in enumerate(dict.fromkeys(one.code for one in shown))}
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "reconciler", "rules": [_rule(code, shown) for code in codes]}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, codes) for one in shown],
        "invocations": [{"executionSuccessful": review.error is None}],
    }
    if len(problems) > len(shown):
        text = f"{len(problems) - len(shown):,} more problems are not in this file"
        run["invocations"][0]["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": text}}]
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(code: str, problems: list[Problem]) -> dict[str, Any]:
    first = next(one for one in problems if one.code == code)
    rule: dict[str, Any] = {"id": code, "defaultConfiguration": {"level": first.level}}
    return rule | ({"help": {"text": first.cure}} if first.cure else {})


def _result(problem: Problem, codes: Mapping[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": codes[problem.code],
        "level": problem.level,
        # `[text](address)` would be a link in SARIF.
        "message": {"text": problem.text.replace("](", "] (")},
    }
    if problem.place.file:
        where: dict[str, Any] = {"artifactLocation": {"uri": _uri(problem.place.file)}}
        if problem.place.line:
            where["region"] = {"startLine": problem.place.line, "startColumn": max(problem.place.column, 1)}
        result["locations"] = [{"physicalLocation": where}]
        # Lines move; what was found stays the same.
        known = f"{problem.place.file}\n{problem.code}\n{problem.message}".encode("utf-8", "replace")
        result["partialFingerprints"] = {"problem/v1": sha256(known).hexdigest()}
    return result


def _uri(file: str) -> str:
    """A relative reference: a name with a colon in its first part would begin with a scheme."""
    escaped = _ESCAPED.sub(lambda match: b"%%%02X" % match[0][0], file.removeprefix("./").encode("utf-8", "replace"))
    return f"file://{escaped.decode()}" if escaped.startswith(b"/") else escaped.decode()
