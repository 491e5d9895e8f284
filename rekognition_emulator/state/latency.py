"""How long the asynchronous operations take.

AWS publishes no times. The values of REAL_LATENCY are guesses, long enough for a person to see the statuses change.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Latency:
    """Seconds from a call to the end of its work; `update_megabyte` is added for each 1,000,000 bytes of an update."""

    create: float = 0.0
    update: float = 0.0
    update_megabyte: float = 0.0
    distribute: float = 0.0
    delete: float = 0.0
    delete_project: float = 0.0


NO_LATENCY = Latency()
REAL_LATENCY = Latency(create=1.0, update=1.2, update_megabyte=0.2, distribute=1.5, delete=1.0, delete_project=0.5)
LATENCIES = {"none": NO_LATENCY, "real": REAL_LATENCY}
