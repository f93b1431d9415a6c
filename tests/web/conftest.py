"""Fixtures of the pages' own rules."""

from tests.rules.conftest import every_door  # noqa: F401  (fixture)
from tests.rules.house import house, stranger, visitor  # noqa: F401  (fixtures)
