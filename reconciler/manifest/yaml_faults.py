"""What PyYAML and libyaml complain about, in one sentence of ours with the cure.

Knows the phrases of both scanners, which mean the same and read differently. Refuses to know the file.
"""

from typing import Final

__all__ = ["explained"]

_OPENED_HERE: Final = ("unexpected end of stream", "',' or")

# (phrase in the problem or its context, what is wrong, cure); the first that fits.
_SENTENCES: Final = (
    (
        "cannot start any token",
        "a character that can begin no value (a tab, or one of @ ` %)",
        "indent with blanks, and put text that begins with such a character in quotes",
    ),
    ("unexpected end of stream", "a quote is opened here and never closed", "close the quote"),
    ("',' or", "a bracket is opened here and never closed, or a comma is missing", "close the bracket, add the comma"),
    (
        "apping values are not allowed",
        "a colon stands where no key can be",
        "put text that holds `: ` in quotes, and check the indentation",
    ),
    (
        "sequence entries are not allowed",
        "a `-` stands where no list can begin",
        "begin the list on its own line, indented under its key",
    ),
    ("unknown escape", "an unknown escape in double quotes", "use single quotes, or double the backslash"),
    ("Unicode character escape", "an escape in double quotes names no character", "write the character itself"),
    ("arg not in range", "an escape in double quotes names no character", "write the character itself"),
    ("document start", "text stands after the end of the document", "keep one mapping in the file"),
    ("expected key", "the indentation fits no key above, or a value goes on after its end", "align it with its keys"),
    ("block end", "the indentation fits no key above, or a value goes on after its end", "align it with its keys"),
    ("node content", "a value was expected here", "write the value, or put text that begins with a sign in quotes"),
    ("expected ':'", "a key has no colon", "write `key: value`"),
    ("incompatible YAML", "the file asks for another version of YAML", "remove the %YAML line"),
)


def explained(exception: Exception) -> tuple[int, int, str, str]:
    """Line and column from 1 (0 when unknown), what is wrong, and the cure."""
    problem = str(getattr(exception, "problem", None) or exception)
    mark = getattr(exception, "problem_mark", None)
    if any(phrase in problem for phrase in _OPENED_HERE):
        mark = getattr(exception, "context_mark", None) or mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    for phrase, reason, cure in _SENTENCES:
        if phrase in problem:
            return line, column, reason, cure
    return line, column, problem.splitlines()[0], "check quotes, brackets and indentation"
