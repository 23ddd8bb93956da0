"""The app over a real SSH connection to a server that is started for the tests."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO

import pytest
from terminals import APP, PLAIN, Terminal, clock
from waiting import eventually

CHECKOUT = Path(__file__).parents[2]
SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
CONFIGURATION = """\
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
    home = tmp_path_factory.mktemp("ssh")
    for name in ("host", "user"):
        key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / name)]
        subprocess.run(key, check=True)
    configuration = home / "sshd_config"
    configuration.write_text(CONFIGURATION.format(home=home))
    sshd = [SSHD, "-i", "-e", "-f", str(configuration)]
    with socket.create_server(("127.0.0.1", 0)) as listener, (home / "log").open("wb") as log:
        Thread(target=serve, args=(listener, sshd, log), daemon=True).start()
        server = Server(home, listener.getsockname()[1])
        if not server.answers():
            pytest.skip(f"sshd lets nobody in: {(home / 'log').read_text()}")
        yield server
        listener.shutdown(socket.SHUT_RDWR)


def serve(listener: socket.socket, sshd: list[str], log: IO[bytes]) -> None:
    """Start an sshd for each connection, as inetd does, until nobody listens any more."""
    programs = []
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection:
                programs.append(
                    subprocess.Popen(sshd, stdin=connection, stdout=connection, stderr=log)
                )
    for program in programs:
        program.terminate()
        program.wait()


def has_ended(process: int) -> bool:
    """Whether there is no such process any more."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_opens_plays_steps_is_resized_and_quits(server: Server) -> None:
    terminal = server.app()
    parts = ("STATIC", "DYNAMIC", "CONTINUOUS", "notebook", "5 fps")
    terminal.wait_for(lambda text: all(part in text for part in parts))
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
