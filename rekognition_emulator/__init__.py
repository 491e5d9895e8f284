"""Amazon Rekognition Custom Labels datasets over HTTP, for tests and for trying things out.

`python -m rekognition_emulator` serves on the command line; in tests: `with rekognition_emulator.serve() as endpoint`.
"""

from rekognition_emulator import protocol
from rekognition_emulator.clock import Clock
from rekognition_emulator.emulator import Emulator, serve
from rekognition_emulator.latency import Latency
from rekognition_emulator.limits import Limits
from rekognition_emulator.settings import Settings
from rekognition_emulator.switches import Switches

__all__ = ["Clock", "Emulator", "Latency", "Limits", "Settings", "Switches", "serve"]

protocol.compile_all()  # at import, so that an emulator starts within milliseconds
