"""An access server that takes Disconnect-Request and CoA on 127.0.0.1, as a MikroTik with `/radius incoming` does."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from pyrad import packet
from pyrad.dictionary import Dictionary
from pyrad.server import RemoteHost, Server

import app.radius
from tests.radius.server import free_udp_port

SECRET = "nas-secret-1"


class FakeNas(Server):
    """Keeps what it was asked; answers yes, or no where it is told to."""

    def __init__(self) -> None:
        dictionary = Dictionary(str(Path(app.radius.__file__).parent / "dictionary"))
        self.port = free_udp_port()
        hosts = {"127.0.0.1": RemoteHost("127.0.0.1", SECRET.encode(), "tests")}
        super().__init__(
            hosts=hosts, dict=dictionary, coaport=self.port, auth_enabled=False, acct_enabled=False, coa_enabled=True
        )
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.says_no: set[str] = set()
        self.BindToAddress("127.0.0.1")
        threading.Thread(target=self.Run, daemon=True).start()

    def _answer(self, name: str, asked: packet.Packet, yes: int, no: int) -> None:
        self.asked.append((name, {key: asked[key][0] for key in asked.keys()}))  # noqa: SIM118  (a packet is no plain dict)
        reply = self.CreateReplyPacket(asked)
        reply.code = no if name in self.says_no else yes
        self.SendReplyPacket(asked.fd, reply)

    def HandleDisconnectPacket(self, pkt: packet.Packet) -> None:
        """Answer a Disconnect-Request."""
        self._answer("disconnect", pkt, packet.DisconnectACK, packet.DisconnectNAK)

    def HandleCoaPacket(self, pkt: packet.Packet) -> None:
        """Answer a CoA-Request."""
        self._answer("coa", pkt, packet.CoAACK, packet.CoANAK)
