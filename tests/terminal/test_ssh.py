"""The app over a real SSH connection to a server that is started for the tests."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from terminals import APP, PATIENCE_SECONDS, PLAIN, Terminal, clock

CHECKOUT = Path(__file__).parents[2]
SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
CONFIGURATION = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {home}/host
AuthorizedKeysFile {home}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
PermitUserRC no
PrintMotd no
"""


@dataclass(frozen=True)
class Server:
    """An SSH server on the loopback interface, with keys of its own in `home`."""

    home: Path
    port: int

    def client(self, command: str) -> list[str]:
        """How to run a command there, in a terminal; nothing is asked and nothing remembered."""
        options = {
            "BatchMode": "yes",
            "IdentitiesOnly": "yes",
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "LogLevel": "ERROR",
            "ConnectTimeout": "10",
        }
        said = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        where = ["-F", "none", "-i", f"{self.home}/user", "-p", str(self.port)]
        return ["ssh", *where, *said, "-tt", f"{getpass.getuser()}@127.0.0.1", command]

    def answers(self) -> bool:
        """Whether somebody can log in."""
        client = [word for word in self.client("exit 0") if word != "-tt"]
        done = subprocess.run(client, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        return done.returncode == 0

    def app(self, *arguments: str) -> Terminal:
        """The app, of which the process is noted."""
        app = shlex.join([*APP, *arguments])
        command = f"cd {CHECKOUT} && echo $$ > {self.home}/process && exec {app}"
        return Terminal.of(self.client(command))

    @property
    def process(self) -> int:
        """The process of the app that was opened last."""
        return int((self.home / "process").read_text())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that is ready; the test is skipped, with the reason, where there can be none."""
    if SSHD is None or shutil.which("ssh") is None:
        pytest.skip("OpenSSH is not installed")
    server = Server(tmp_path_factory.mktemp("ssh"), free_port())
    for name in ("host", "user"):
        key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(server.home / name)]
        subprocess.run(key, check=True)
    configuration = server.home / "sshd_config"
    configuration.write_text(CONFIGURATION.format(home=server.home, port=server.port))
    with (server.home / "log").open("wb") as log:
        program = subprocess.Popen([SSHD, "-D", "-e", "-f", str(configuration)], stderr=log)
    try:
        if not eventually(lambda: server.answers() or program.poll() is not None):
            pytest.skip(f"sshd lets nobody in: {(server.home / 'log').read_text()}")
        if program.poll() is not None:
            pytest.skip(f"sshd does not start: {(server.home / 'log').read_text()}")
        yield server
    finally:
        program.terminate()
        program.wait()


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def eventually(true: Callable[[], bool]) -> bool:
    """Whether it becomes true within our patience."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.1)
    return False


def has_ended(process: int) -> bool:
    """Whether there is no such process any more."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_opens_plays_steps_is_resized_and_quits(server: Server) -> None:
    terminal = server.app()
    started = terminal.wait_until_open()
    assert all(part in started for part in ("STATIC", "DYNAMIC", "notebook", "5 fps"))
    terminal.program.send(" ")
    terminal.wait_for(lambda text: clock(text) > 0.3)
    terminal.resize(80, 24)
    terminal.wait_for(lambda text: text.splitlines()[-1].lstrip().startswith("space"))
    terminal.program.send(" \x1b[H")
    terminal.wait_for(lambda text: clock(text) == 0)
    terminal.program.send("\x1b[C")
    terminal.wait_for(lambda text: clock(text) == 0.141)
    terminal.program.send("q")
    assert terminal.wait_for_end() == 0
    assert terminal.unrestored() == []
    assert eventually(lambda: has_ended(server.process))


def test_a_dropped_connection_leaves_no_process_behind(server: Server) -> None:
    terminal = server.app()
    terminal.wait_until_open()
    terminal.program.send(" ")
    terminal.wait_for(lambda text: clock(text) > 0.3)
    assert not has_ended(server.process)
    terminal.program.kill(signal.SIGKILL)
    assert eventually(lambda: has_ended(server.process))


def test_without_a_terminal_on_the_other_side_it_says_so(server: Server) -> None:
    client = [word for word in server.client(f"cd {CHECKOUT}; {shlex.join(APP)}") if word != "-tt"]
    done = subprocess.run(
        client, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=PLAIN
    )
    assert done.returncode == 2
    assert "the app needs a terminal" in done.stderr
    assert done.stderr.count("\n") == 1
