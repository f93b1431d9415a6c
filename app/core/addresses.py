"""The address under which people outside reach the program."""

from flask import current_app, has_request_context, request


def public_url() -> str:
    """Return the address that customers and gateways know, without a slash at its end.

    Where nobody said it, that of the present request; without a request an empty string.
    """
    said: str = current_app.config["PUBLIC_URL"]
    if said or not has_request_context():
        return said
    return request.host_url.rstrip("/")
