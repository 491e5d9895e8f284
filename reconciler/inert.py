"""Text from manifests and the service, made safe to show: nothing in it can move a cursor, colour or reorder a line.

Knows which characters act instead of showing. Refuses to know Markdown and HTML: those views escape for themselves,
on top of this.
"""

import re
from typing import Final

__all__ = ["SHOWN_CHARACTERS", "inert"]

# A key may have 2,048 characters; a line that people read is shorter.
SHOWN_CHARACTERS: Final = 300

# Control characters (C0, DEL, C1), line and paragraph separators, bidirectional overrides and isolates, zero-width and
# other invisible format characters, tags, lone surrogates, the byte order mark.
# Source: Unicode categories Cc, Cf, Cs, Zl, Zp, but for the signs in Cf that are seen (Prepended_Concatenation_Mark).
_ACTING: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u070f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)


def inert(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    """The text with every acting character written as an escape, and its middle cut out beyond `limit` characters."""
    shown = _ACTING.sub(_escape, text)
    if len(shown) <= limit:
        return shown
    head = limit * 2 // 3
    return f"{shown[:head]}...{shown[len(shown) - (limit - head - 3) :]}"


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
