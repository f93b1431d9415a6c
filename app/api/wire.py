"""A message on its way to a webhook: signed, to an address that was looked at first, no further than there, and not for long."""

import hashlib
import hmac
import ipaddress
import socket
from contextlib import suppress
from dataclasses import dataclass
from threading import Timer
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import certifi
import urllib3
from flask import current_app

LONGEST_URL = 500
CONNECT_SECONDS, READ_SECONDS = 3, 5
WHOLE_SECONDS = 8.0
"""How long an exchange takes at the most: who answers a byte now and then keeps nobody."""

MOST_READ = 1024

_EMBEDDED = (
    # addresses that stand for an IPv4 address: behind them may lie a private one
    ipaddress.ip_network("64:ff9b::/96"),
    ipaddress.ip_network("64:ff9b:1::/48"),
    ipaddress.ip_network("2002::/16"),
    ipaddress.ip_network("2001::/32"),
    ipaddress.ip_network("::/96"),
)


class NotPublic(Exception):
    """Report an address inside of our own network, or none at all; ``why`` is "private", "scheme", "form" or "name"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Target:
    """Where a message goes: the host as it is named, and the very address that was looked at."""

    scheme: str
    host: str
    address: str
    port: int
    path: str


@dataclass(frozen=True)
class Reply:
    """What came back: the status, or the name of what went wrong."""

    status: int | None = None
    problem: str = ""

    @property
    def is_right(self) -> bool:
        """Whether the receiver took the message."""
        return self.status is not None and 200 <= self.status < 300


def parts_of(url: str) -> tuple[str, str, int, str]:
    """Return scheme, host, port and path of an address that may be told. Raises NotPublic for one that may not, as far as it says by itself."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").rstrip(".")
    except ValueError:
        raise NotPublic("form") from None
    is_plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url and len(url) <= LONGEST_URL
    if not is_plain or not host or parts.username is not None or parts.password is not None or parts.fragment:
        raise NotPublic("form")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback_allowed(host)):
        raise NotPublic("scheme")
    if _is_ip(host):
        _refuse_private(host)
    elif "." not in host and not _is_loopback_allowed(host):
        raise NotPublic("private")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path


def look_up(url: str) -> Target:
    """Return where an address leads now. Raises NotPublic when any of the addresses its name stands for lies in our own network.

    What was looked at is what is connected to: a name that changes its mind in between changes nothing.
    """
    scheme, host, port, path = parts_of(url)
    try:
        found = {str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        raise NotPublic("name") from None
    for address in found:
        _refuse_private(address)
    return Target(scheme, host, sorted(found, key=lambda one: (":" in one, one))[0], port, path)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback_allowed(host: str) -> bool:
    return bool(current_app.config["WEBHOOKS_TO_LOOPBACK"]) and host in ("127.0.0.1", "localhost")


def _refuse_private(address: str) -> None:
    one = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(one, "ipv4_mapped", None)
    if mapped is not None:
        one = mapped
    if one.is_loopback and current_app.config["WEBHOOKS_TO_LOOPBACK"]:
        return
    is_embedded = any(one in network for network in _EMBEDDED if network.version == one.version)
    if not one.is_global or one.is_multicast or one.is_reserved or is_embedded:
        raise NotPublic("private")


def signature(secret: str, timestamp: int, body: str) -> str:
    """Return what proves a message: HMAC-SHA256 over “timestamp.body”, as hex digits."""
    return hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256).hexdigest()


def send(url: str, body: str, headers: dict[str, str]) -> Reply:
    """Send a message once and return what came of it. Follows no redirect, reads no more than a little of the answer."""
    try:
        target = look_up(url)
    except NotPublic as refused:
        return Reply(problem=refused.why)
    pool = _pool(target)
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = 443 if target.scheme == "https" else 80
    begun = monotonic()
    named = {**headers, "Host": host if target.port == usual else f"{host}:{target.port}"}
    try:
        answer = pool.request(
            "POST",
            target.path,
            body=body.encode(),
            headers=named,
            redirect=False,
            retries=False,
            preload_content=False,
        )
        answer.read(MOST_READ)
        answer.close()
        # an answer that was cut off may look like a whole one
        return Reply(answer.status) if monotonic() - begun < WHOLE_SECONDS else Reply(problem="silence")
    except urllib3.exceptions.SSLError:
        return Reply(problem="certificate")
    except urllib3.exceptions.NewConnectionError:
        # urllib3 counts it among the time-outs: nobody listens there
        return Reply(problem="connection")
    except urllib3.exceptions.TimeoutError:
        return Reply(problem="silence")
    except (urllib3.exceptions.HTTPError, OSError, ValueError):
        return Reply(problem="silence" if monotonic() - begun >= WHOLE_SECONDS else "connection")
    finally:
        pool.close()


def _ended_in_time(kind: Any) -> Any:
    """Return a kind of connection that ends after WHOLE_SECONDS, whatever it is doing: its own time-outs count from byte to byte."""

    class Limited(kind):  # type: ignore[misc]
        def _new_conn(self) -> socket.socket:
            made: socket.socket = super()._new_conn()
            # TLS takes the socket over; a twin reaches the same connection
            self.twin = made.dup()
            self.timer = Timer(WHOLE_SECONDS, _cut, [self.twin])
            self.timer.daemon = True
            self.timer.start()
            return made

        def close(self) -> None:
            if timer := self.__dict__.pop("timer", None):
                timer.cancel()
                self.twin.close()
            super().close()

    return Limited


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _pool(target: Target) -> urllib3.HTTPConnectionPool:
    pool = _unlimited_pool(target)
    pool.ConnectionCls = _ended_in_time(pool.ConnectionCls)
    return pool


def _unlimited_pool(target: Target) -> urllib3.HTTPConnectionPool:
    wait = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    if target.scheme == "http":
        return urllib3.HTTPConnectionPool(target.address, target.port, timeout=wait, maxsize=1)
    return urllib3.HTTPSConnectionPool(
        target.address,
        target.port,
        timeout=wait,
        maxsize=1,
        cert_reqs="CERT_REQUIRED",
        ca_certs=certifi.where(),
        # the certificate is the name's, whatever address it stands for
        server_hostname=target.host,
        assert_hostname=target.host,
    )
