"""Packets to access servers and to FreeRADIUS: no database, no page. RFC 2865, 5176."""

from enum import StrEnum
from pathlib import Path

from pyrad import packet
from pyrad.client import Client, Timeout
from pyrad.dictionary import Dictionary

SECONDS = 2
"""How long an answer is waited for; a request that got none is sent again later by its job."""

NO_SUCH_SESSION = 503
"""Error-Cause "Session Context Not Found" (RFC 5176 §3.5): what should end has ended."""


class Word(StrEnum):
    """What came back."""

    YES = "yes"
    GONE = "gone"
    NO = "no"
    SILENCE = "silence"


def _client(address: str, secret: str, port: int) -> Client:
    return Client(
        server=address,
        authport=port,
        coaport=port,
        secret=secret.encode(),
        dict=Dictionary(str(Path(__file__).parent / "dictionary")),
        retries=1,
        timeout=SECONDS,
    )


def disconnect(address: str, port: int, secret: str, *, username: str, session: str, ip: str | None) -> Word:
    """Send a Disconnect-Request for a session and return what the access server says."""
    client = _client(address, secret, port)
    return _send_about_session(
        client, client.CreateCoAPacket(code=packet.DisconnectRequest), packet.DisconnectACK, username, session, ip
    )


def change_speed(
    address: str, port: int, secret: str, *, username: str, session: str, ip: str | None, speed: str
) -> Word:
    """Send a CoA-Request with another Mikrotik-Rate-Limit for a session and return what the access server says."""
    client = _client(address, secret, port)
    asked = client.CreateCoAPacket(code=packet.CoARequest)
    asked["Mikrotik-Rate-Limit"] = speed
    return _send_about_session(client, asked, packet.CoAACK, username, session, ip)


def _send_about_session(
    client: Client, asked: packet.Packet, yes: int, username: str, session: str, ip: str | None
) -> Word:
    asked["User-Name"] = username
    asked["Acct-Session-Id"] = session
    if ip and ":" not in ip:
        asked["Framed-IP-Address"] = ip
    answer = _send(client, asked)
    if answer is None:
        return Word.SILENCE
    if answer.code == yes:
        return Word.YES
    causes = answer["Error-Cause"] if "Error-Cause" in answer else []
    return Word.GONE if NO_SUCH_SESSION in causes else Word.NO


def accepts(address: str, port: int, secret: str, *, username: str, password: str) -> Word:
    """Send an Access-Request as the status check; YES only for an Access-Accept."""
    client = _client(address, secret, port)
    asked = client.CreateAuthPacket(code=packet.AccessRequest, User_Name=username, NAS_Identifier="sanjog-status")
    asked["User-Password"] = asked.PwCrypt(password)
    asked.add_message_authenticator()
    answer = _send(client, asked)
    if answer is None:
        return Word.SILENCE
    return Word.YES if answer.code == packet.AccessAccept else Word.NO


def _send(client: Client, asked: packet.Packet) -> packet.Packet | None:
    try:
        return client.SendPacket(asked)
    except (Timeout, OSError):
        # nobody listens there (refused), no way there, or no word in time
        return None
    finally:
        client._CloseSocket()
