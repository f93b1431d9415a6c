"""Fixtures of the pages' own rules."""

from tests.rules.house import house, stranger, visitor  # noqa: F401  (fixtures)
