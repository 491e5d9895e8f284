"""A small process that outlives the engine just long enough to end its children.

Standard input has lines `+GROUP` and `-GROUP` (process groups to watch and to forget). When it ends, also because the
engine was killed, every watched group gets SIGINT and, five seconds later, SIGKILL. Run as a script with `-I -S`; it
imports no module of this package.
"""

import os
import signal
import sys
import time

GRACE_SECONDS = 5.0


def main() -> None:
    """Watch groups until standard input ends, then end the groups that are left."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    watched: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        watched = watched | {group} if line[0] == "+" else watched - {group}
    left = {group for group in watched if send_signal(group, signal.SIGINT)}
    deadline = time.monotonic() + GRACE_SECONDS
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = {group for group in left if send_signal(group, 0)}
    for group in left:
        send_signal(group, signal.SIGKILL)


def send_signal(group: int, number: int) -> bool:
    """Send a signal to a group; False when the group is gone."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
