"""The form of an access server."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core.errors import Refused
from app.core.language import to_ascii_digits
from app.web.forms import HouseForm, TextField


class AccessServerForm(HouseForm):
    """Name, address, secret and the port on which it takes Disconnect-Request and CoA."""

    name = TextField(_l("Name"), required=True)
    address = TextField(_l("IP address"), required=True, render_kw={"inputmode": "decimal", "autocomplete": "off"})
    secret = TextField(_l("Secret"), required=True, render_kw={"autocomplete": "off", "autocapitalize": "none"})
    coa_port = TextField(
        _l("Port for disconnecting (CoA)"), required=True, default="3799", render_kw={"inputmode": "numeric"}
    )

    def values(self) -> dict[str, object]:
        """Return what was typed, as the services take it. Raises Refused for a port that is no number."""
        port = to_ascii_digits(str(self.coa_port.data)).strip()
        if not (port.isascii() and port.isdigit() and len(port) <= 5):
            raise Refused(_("A port is a number from 1 to 65535."), "coa_port")
        return {
            "name": self.name.data or "",
            "address": to_ascii_digits(self.address.data or ""),
            "secret": (self.secret.data or "").strip(),
            "coa_port": int(port),
        }
