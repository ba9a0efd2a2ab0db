"""``make ui``: Dagster's web interface and its daemon, on a port that is free, and all of it gone when it ends.

What lives here: the look at the port before anything starts, and the watch over what was started. ``dagster dev`` alone
does neither: on a port in use its web server says so and hangs, and the daemon runs on behind it.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType

HOST = "127.0.0.1"
_LAST_PORT = 65_535
#: Seconds between two looks at the web server.
_INTERVAL = 1.0
#: Looks in a row at which nobody listens on the port before the web server counts as gone.
_LOOKS = 3
#: Seconds that Dagster takes to end its services, and its runs, when it is asked to; what is left then is killed.
PATIENCE = 20.0


class PortError(ValueError):
    """The port is of no use; the message is one sentence."""


def check_port(port: str) -> int:
    """The port as a number, after a look whether somebody listens on it.

    Raises
    ------
    PortError
        If it is no port's number, or the port cannot be had.
    """
    if not (port.isdecimal() and 0 < int(port) <= _LAST_PORT):
        raise PortError(f"PORT is {port!r}; a whole number from 1 to {_LAST_PORT} is needed: make ui PORT=3001")
    number = int(port)
    problem = _problem(number)
    if problem is not None:
        free = next((other for other in range(max(number, 3000) + 1, _LAST_PORT) if _problem(other) is None), 3001)
        raise PortError(f"port {number} of {HOST} {problem}; take another: make ui PORT={free}")
    return number


def _problem(port: int) -> str | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the web server does: closed is free at once
        try:
            probe.bind((HOST, port))
        except PermissionError:
            return "is not for every user"
        except OSError:
            return "is in use, by another Dagster perhaps"
    return None


def look_after(command: Sequence[str], port: int, patience: float = PATIENCE) -> int:
    """Run the command until it ends, its web server ends or somebody ends it; nothing it started is left behind.

    Parameters
    ----------
    command
        What brings up the web server. Its processes are a group of their own.
    port
        Where the web server listens once it is up.
    patience
        Seconds from the signal that asks the group to end to the one that is not asked.

    Returns
    -------
    0 if it was ended by a signal to this process, as Ctrl+C is; 1 if it ended by itself.
    """
    asked = False

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, ask) for number in signals}
    group = subprocess.Popen(command, start_new_session=True)  # noqa: S603 (our own command)
    try:
        was_up, silent = False, 0
        while not asked and group.poll() is None and silent < _LOOKS:
            time.sleep(_INTERVAL)
            listens = _listens(port)
            was_up, silent = was_up or listens, 0 if listens or not was_up else silent + 1
        if not asked:
            print("Dagster's web server has ended; the rest is ended, too", file=sys.stderr, flush=True)
    finally:
        _end(group, patience)
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0 if asked else 1


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=_INTERVAL).close()
    except ConnectionRefusedError:
        return False
    except OSError:  # busy, but there
        return True
    return True


def _end(group: subprocess.Popen[bytes], patience: float) -> None:
    """As Ctrl+C in a terminal does, every process is told; those that do not listen are killed."""
    for number, seconds in ((signal.SIGINT, patience), (signal.SIGKILL, 1.0)):
        until = time.monotonic() + seconds
        try:
            os.killpg(group.pid, number)
            while time.monotonic() < until:
                group.poll()  # so that it is no zombie, which would count as one of the group
                os.killpg(group.pid, 0)
                time.sleep(0.1)
        except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
            break
    group.poll()


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the port, say where Dagster will be, and run it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make ui", description=__doc__)
    parser.add_argument("--port", default="3000")
    try:
        port = check_port(parser.parse_args(arguments).port)
    except PortError as error:
        print(f"make ui: {error}", file=sys.stderr)
        return 1
    print(f"Dagster will be at http://{HOST}:{port} in half a minute; Ctrl+C ends it.", flush=True)
    dagster = [sys.executable, "-m", "dagster", "dev", "--workspace", "workspace.yaml", "--log-level", "warning"]
    return look_after([*dagster, "--host", HOST, "--port", str(port)], port)


if __name__ == "__main__":
    sys.exit(main())
