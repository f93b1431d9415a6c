"""The security manager: who is signed in, and which doors open, from the key table alone."""

from typing import Any

from flask import Flask, request
from flask_appbuilder.security.sqla.manager import SecurityManager as FabSecurityManager
from flask_login import LoginManager

from app.access.actor import Actor, current_actor, find_signed_in
from app.access.permissions import is_known
from app.accounts.models import Account
from app.security.views import SignInPage
from app.web.frame import ACCOUNTLESS

CAN = "can_"


class SecurityManager(FabSecurityManager):
    """FAB's manager with our accounts, our keys and none of its own pages, tables or tokens."""

    user_model = Account
    authdbview = SignInPage

    def create_db(self) -> None:
        """Make no tables: accounts and grants are ours."""

    def register_views(self) -> None:
        """Register the sign-in page and nothing else: no user, role or permission pages, no JWT sign-in, no password reset by id."""
        self.auth_view = self.authdbview()
        self.appbuilder.add_view_no_menu(self.auth_view)

    def create_login_manager(self, app: Flask) -> LoginManager:
        """Make Flask-Login's manager without its own watch over the session: ours is kept on the server."""
        manager = super().create_login_manager(app)
        manager.session_protection = None
        return manager

    def load_user(self, token: Any) -> Actor | None:
        """Return who is signed in with a session's token; None once it is over, or the account or one above it is not active."""
        if request.endpoint in ACCOUNTLESS:
            return None
        return find_signed_in(token) if isinstance(token, str) else None

    def load_user_jwt(self, _jwt_header: Any, _jwt_data: Any) -> None:
        """Accept no token in place of a session."""

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """Tell whether the key behind FAB's permission name is held. Unknown names open nothing."""
        key = permission_name.removeprefix(CAN)
        actor = current_actor()
        return actor is not None and is_known(key) and actor.may(key)

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Call nothing public: what is, says so in its view's keys."""
        return False

    def get_user_menu_access(self, menu_names: list[str] | None = None) -> set[str]:
        """Show nothing through FAB's own menu: ours is app/sitemap.py."""
        return set()
