"""AWS's own line as `fmt` writes it in YAML: mappings and lists with a member or an item on a line, or in brackets.

As `common_entries`, it takes less than YAML allows, and raises `UncommonError` for everything else.
"""

from functools import lru_cache
from itertools import chain
from typing import Any, Final

from reconciler.manifest.yaml.common_text import (
    END,
    FLOW,
    NUMBER,
    TEXT,
    UncommonError,
    compiled,
    found,
    is_nothing,
    unquoted,
)
from reconciler.manifest.yaml.text import NUMBER as JSON_NUMBER
from reconciler.manifest.yaml.text import json_number

_KEY: Final = r"""(?:\w[\w./()+-]{0,200}|"[^"\\\n]{0,900}"|'[^'\n]{0,900}')"""
_MEMBER: Final = rf"( *)({_KEY}):(?: +|$)"
_TOKEN: Final = rf"([{{}}\[\],]|{_KEY}:(?= )|{NUMBER}(?= *[,}}\]])|{FLOW})( *)"
_PAIR: Final = rf"({_KEY})(: +)({NUMBER}(?= *[,}}])|{FLOW})( *)([,}}])( *)"
_CLOSES: Final = {"[": "]", "{": "}"}
_SCALAR: Final = rf"({NUMBER}(?={END}\Z)|{TEXT}){END}"
_CONSTANTS: Final = {"true": True, "false": False, "null": None}
# Further in than this, or with more brackets on a line, an entry is left to the code that knows how deep is too deep.
_DEEPEST: Final = 20
# Values and scalars of so many characters are remembered: many are alike.
_SHORT: Final = 200
_SHORT_TOKEN: Final = 40


def block_of(lines: list[str], column: int) -> dict[str, Any]:
    """The members of a mapping whose keys begin behind `column` blanks.

    Raises:
        UncommonError: they are not of the common form.
    """
    block = _Block([line for line in lines if not is_nothing(line)], column)
    members = block.mapping(column)
    if not block.is_at_end:
        raise UncommonError
    return members


class _Block:
    """Lines on their way to values."""

    def __init__(self, lines: list[str], column: int) -> None:
        self._lines, self._at, self._deepest = lines, 0, column + _DEEPEST

    @property
    def is_at_end(self) -> bool:
        """Whether no line is left."""
        return self._at == len(self._lines)

    def mapping(self, column: int) -> dict[str, Any]:
        """The members whose keys begin here."""
        members: dict[str, Any] = {}
        while not self.is_at_end:
            line = self._lines[self._at]
            match = compiled(_MEMBER).match(line)
            if match is None or len(match[1]) != column:
                break
            name = _key(match[2])
            if name in members:
                raise UncommonError
            self._at += 1
            value = line[match.end() :]
            members[name] = self._below(column) if not value or value[0] == "#" else _value(value)
        return members

    def _below(self, column: int) -> Any:  # noqa: ANN401 - any JSON value
        """The value below its key."""
        if self.is_at_end:
            raise UncommonError
        line = self._lines[self._at]
        inside = len(line) - len(line.lstrip(" "))
        is_list = line.startswith("- ", inside)
        if inside > self._deepest or inside < column + (not is_list):
            raise UncommonError
        return self._list(inside) if is_list else self.mapping(inside)

    def _list(self, column: int) -> list[Any]:
        """The items whose dashes are here."""
        items: list[Any] = []
        dash = " " * column + "- "
        while not self.is_at_end and self._lines[self._at].startswith(dash):
            item = self._lines[self._at][len(dash) :]
            if not item.startswith("{") and compiled(_MEMBER).match(item):
                self._lines[self._at] = " " * len(dash) + item
                items.append(self.mapping(len(dash)))
            else:
                self._at += 1
                items.append(_value(item))
        return items


def _key(token: str) -> str:
    return token[1:-1] if token[0] in "'\"" else token


def _value(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """The value that is written on one line."""
    return _short_value(text) if len(text) <= _SHORT else _one_line(text)


def _one_line(text: str) -> Any:  # noqa: ANN401 - any JSON value
    if text[:1] not in ("[", "{"):
        return _scalar(found(_SCALAR, text)[1])
    members = _pairs(text)
    if members is not None:
        return members
    pieces = compiled(_TOKEN).findall(text)
    tokens = [token for token, _blanks in reversed(pieces)]
    brackets = text.count("[") + text.count("{")
    if sum(map(len, chain.from_iterable(pieces))) < len(text) or brackets > _DEEPEST:
        raise UncommonError
    try:
        value = _flow(tokens)
    except IndexError:
        raise UncommonError from None
    if tokens:
        raise UncommonError
    return value


def _pairs(text: str) -> dict[str, Any] | None:
    """A mapping whose values are scalars; None for any other text."""
    pairs = compiled(_PAIR).findall(text, 1)
    if sum(map(len, chain.from_iterable(pairs))) + 1 < len(text) or text[0] != "{":
        return None
    ends = "".join([end for _name, _colon, _value, _blanks, end, _more in pairs])
    if ends != "," * (len(pairs) - 1) + "}":
        return None
    members = {_key(name): _scalar(value) for name, _colon, value, _blanks, _end, _more in pairs}
    return members if len(members) == len(pairs) else None


_short_value: Final = lru_cache(maxsize=1024)(_one_line)


def _flow(tokens: list[str]) -> Any:  # noqa: ANN401 - any JSON value
    """The value that begins with the last of the tokens, which are taken from the end."""
    first = tokens.pop()
    if first not in _CLOSES:
        return _scalar(first)
    members: dict[str, Any] = {}
    items: list[Any] = []
    separator = "," if tokens[-1] != _CLOSES[first] else tokens.pop()
    while separator == ",":
        if first == "{":
            name = tokens.pop()
            if name[-1] != ":" or _key(name[:-1]) in members:
                raise UncommonError
            members[_key(name[:-1])] = _flow(tokens)
        else:
            items.append(_flow(tokens))
        separator = tokens.pop()
    if separator != _CLOSES[first]:
        raise UncommonError
    return members if first == "{" else items


def _scalar(token: str) -> Any:  # noqa: ANN401 - any JSON value
    return _short_scalar(token) if len(token) <= _SHORT_TOKEN else _one_scalar(token)


def _one_scalar(token: str) -> Any:  # noqa: ANN401 - any JSON value
    """A scalar, which is a number or a constant as JSON spells it, or text."""
    if token[-1] in ":[]{},":  # no scalar
        raise UncommonError
    if token[0] in "'\"":
        return token[1:-1]
    text = unquoted(token)
    if JSON_NUMBER.fullmatch(text):
        number = json_number(text)
        if number is None:
            raise UncommonError
        return number
    return _CONSTANTS.get(text, text)


_short_scalar: Final = lru_cache(maxsize=4096)(_one_scalar)
