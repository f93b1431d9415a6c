"""FAB's application builder with none of its own pages: no history page, no language page, no API, no static files, no templates."""

from flask_appbuilder import AppBuilder


class Builder(AppBuilder):
    """Register the house's views alone: what FAB would add besides is a door nobody declared a key for."""

    def _add_admin_views(self) -> None:
        self._indexview = self.add_view_no_menu(self.indexview)
        self.sm.register_views()

    def _add_global_static(self) -> None:
        """Serve none of FAB's files: our pages use none, and a template of FAB's that slipped in shall fail to be found."""
