"""The real FreeRADIUS on 127.0.0.1 over the tests' database, and radclient that asks it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from scripts.radius import PROGRAM, environment, lay_out
from tests.servers import free_port

SECRET = "tests-radius-secret"
START_SECONDS = 30


def free_udp_port() -> int:
    """Return a UDP port of 127.0.0.1 that nobody listens on at this moment."""
    return free_port(socket.SOCK_DGRAM)


def _quoted(value: object) -> str:
    # radclient reads its own lines as FreeRADIUS reads quoted text
    return str(value).replace("\\", "\\\\").replace('"', '\\"')


@dataclass(frozen=True)
class Answer:
    """What FreeRADIUS said: the packet's name and its attributes as radclient prints them."""

    packet: str
    attributes: dict[str, str]


class FreeRadius:
    """A FreeRADIUS process over a database; ``user`` is PostgreSQL's account for it."""

    def __init__(self, folder: Path, database_url: str, user: str = "") -> None:
        self.auth_port, self.acct_port = free_udp_port(), free_udp_port()
        place = lay_out(folder, reject_delay=0)
        own = environment(database_url, auth_port=self.auth_port, acct_port=self.acct_port, secret=SECRET, user=user)
        self._log = folder / "freeradius.log"
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", PROGRAM, "-fxx", "-l", "stdout", "-d", str(place)],
                env=os.environ | own,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_ready()

    @property
    def log(self) -> str:
        """What the server has printed so far."""
        return self._log.read_text(errors="replace")

    def stop(self) -> None:
        """End the server."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(timeout=START_SECONDS)

    def _wait_until_ready(self) -> None:
        for _ in range(START_SECONDS * 20):
            if "Ready to process requests" in self.log:
                return
            try:
                self._process.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                continue
            break
        raise RuntimeError(f"FreeRADIUS did not start:\n{self.log[-3000:]}")

    def ask(self, what: str, port: int, **attributes: object) -> Answer:
        """Send a packet with radclient and return the answer; "timeout" where none comes."""
        lines = "".join(f'{name.replace("_", "-")} = "{_quoted(value)}"\n' for name, value in attributes.items())
        ran = subprocess.run(
            ["radclient", "-x", "-t", "5", "-r", "1", f"127.0.0.1:{port}", what, SECRET],
            input=lines,
            capture_output=True,
            text=True,
        )
        received = re.search(r"Received (\S+) Id", ran.stdout)
        told = ran.stdout[received.start() :] if received else ""
        pairs = dict(re.findall(r"^\t(\S+) = \"?(.*?)\"?$", told, re.MULTILINE))
        return Answer(received.group(1) if received else "timeout", pairs)

    def sign_in(self, username: str, password: str, **more: object) -> Answer:
        """Send an Access-Request with PAP."""
        return self.ask("auth", self.auth_port, User_Name=username, User_Password=password, **more)

    def sign_in_by_chap(self, username: str, password: str) -> Answer:
        """Send an Access-Request with CHAP."""
        return self.ask("auth", self.auth_port, User_Name=username, CHAP_Password=password)

    def account(self, kind: str, username: str, session: str, **more: object) -> Answer:
        """Send accounting: Start, Interim-Update or Stop of a session, as a MikroTik does."""
        usual = {
            "NAS_IP_Address": "10.255.0.1",
            "NAS_Port_Type": "Ethernet",
            "Framed_IP_Address": "10.20.0.7",
            "Calling_Station_Id": "4C:5E:0C:12:34:56",
        }
        return self.ask(
            "acct",
            self.acct_port,
            Acct_Status_Type=kind,
            User_Name=username,
            Acct_Session_Id=session,
            **(usual | more),
        )
