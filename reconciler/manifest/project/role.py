"""The ARN of a role that calls for a project are made with: its form, and whether it can reach the project."""

import re
from typing import Final

from reconciler.limits import ROLE_ARN_PATTERN

ROLE_FORM: Final = "arn:aws:iam::ACCOUNT:role/NAME"


def is_role(text: str) -> bool:
    """Whether a text is the ARN of a role."""
    return re.fullmatch(ROLE_ARN_PATTERN, text, re.ASCII) is not None


def account_of(role: str) -> str:
    """The account of a role."""
    return role.split(":")[4]


def elsewhere(role: str, partition: str, account: str) -> tuple[str, str] | None:
    """What the role is of, and what its project is in, in words, where they differ; what is not known is empty."""
    _arn, mine, _iam, _region, owner, _name = role.split(":", 5)
    for what, one, other in (("partition", mine, partition), ("account", owner, account)):
        if other and one != other:
            return f"{what} {one}", f"{what} {other}"
    return None
