"""Runs a Pulumi program in this process, as Pulumi's Python language host does.

A script, run by path with the interpreter of the program's environment: argv[1] is a JSON object with monitor, engine,
project, stack, parallel, dry_run, organization and root_directory. It does what
pulumi/pulumi sdk/python/cmd/pulumi-language-python-exec does, and imports no module of this package. Exit status: 0
done, 1 after a RunError, 32 when a traceback was already reported.
"""

import asyncio
import json
import logging
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPORTED = 32


def run_program() -> None:
    """Run the program; its return value is not an output."""
    runpy.run_path(".", run_name="__main__")


def user_traceback() -> str:
    """The traceback of the current exception, from the first frame of the program, as Pulumi shows it."""
    kind, error, trace = sys.exc_info()
    frames = traceback.extract_tb(trace)
    first = next((number for number, frame in enumerate(frames) if is_own(frame.filename)), 0)
    lines = traceback.format_list(frames[first:]) + traceback.format_exception_only(kind, error)
    return "Traceback (most recent call last):\n" + "".join(lines)


def is_own(filename: str) -> bool:
    """Whether a frame's file is in the program's folder, and not a pseudo-file such as `<frozen runpy>`."""
    return not filename.startswith("<") and Path(filename).resolve().is_relative_to(Path.cwd())


if __name__ == "__main__":
    # At the top level, as in Pulumi's language host: an interrupted program then has the same traceback.
    settings = json.loads(sys.argv[1])
    sys.argv = ["."]
    sys.path[0] = "."
    # The folder of this script must not be searched for the SDK's or the program's modules.
    import pulumi
    import pulumi.runtime

    pulumi.runtime.set_all_config(pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env())
    pulumi.runtime.configure(pulumi.runtime.Settings(**settings))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=4 * settings["parallel"])
    loop.set_default_executor(executor)
    program = pulumi.runtime.run_in_stack(run_program)
    status = 0
    try:
        loop.run_until_complete(program)
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        status = 1
    except Exception:  # noqa: BLE001 - every exception of the program is reported to the user
        pulumi.log.error("Program failed with an unhandled exception:\n" + user_traceback())
        status = REPORTED
    finally:
        executor.shutdown(wait=True)
        loop.close()
    sys.exit(status)
