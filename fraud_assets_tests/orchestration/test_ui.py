"""``make ui``: a port in use is said before anything starts, and nothing of what was started is left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fraud_assets.ui import PortError, check_port, main

#: A web server, and a daemon that does not listen to SIGINT; the ids of both in files.
SERVICES = """
import pathlib, signal, subprocess, sys
port, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
deaf = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
serve = f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(600)"
daemon = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
daemon.stdout.readline()
server = subprocess.Popen([sys.executable, "-c", serve])
for name, process in {"daemon": daemon, "server": server}.items():
    (folder / f"{name}.new").write_text(str(process.pid))
    (folder / f"{name}.new").rename(folder / name)
daemon.wait()
"""
#: Looks after them as `make ui` looks after Dagster.
WATCH = """
import sys
from fraud_assets.ui import look_after
sys.exit(look_after([sys.executable, "-c", sys.argv[1], *sys.argv[2:]], int(sys.argv[2]), patience=1))
"""


def test_a_port_in_use_is_said_at_once_with_the_way_out(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    said = capfd.readouterr()
    assert said.out == ""  # no promise, and no process
    assert said.err.startswith(f"make ui: port {port} of 127.0.0.1 is in use")
    assert said.err.count("\n") == 1
    other = int(said.err.rpartition("make ui PORT=")[2])
    assert other != port
    assert check_port(str(other)) == other


@pytest.mark.parametrize("port", ["", "abc", "0", "65536", "-1", "3000.5"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    with pytest.raises(PortError, match=r"PORT is '.*'; a whole number from 1 to 65535 is needed: make ui PORT=3001"):
        check_port(port)


@pytest.mark.parametrize("ended", ["by hand", "by itself"])
def test_nothing_is_left_behind(ended: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    command = [sys.executable, "-c", WATCH, SERVICES, str(port), str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as watch:
        until = time.monotonic() + 60
        while not is_up(port) and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(2)  # the watch has seen it, too
        ids = [int((tmp_path / name).read_text()) for name in ("server", "daemon")]
        if ended == "by hand":
            watch.send_signal(signal.SIGINT)
        else:
            os.kill(ids[0], signal.SIGKILL)
        _, said = watch.communicate(timeout=60)
    assert watch.returncode == (0 if ended == "by hand" else 1)
    assert ("web server has ended" in said) == (ended == "by itself")
    assert not [number for number in ids if is_running(number)]


def is_up(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def is_running(number: int) -> bool:
    """Whether there is such a process; one that nobody has asked how it ended is none."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(number)], capture_output=True, text=True, check=False)
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")
