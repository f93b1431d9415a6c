"""Fixtures of the logs."""

from tests.rules.house import house, stranger, visitor  # noqa: F401  (fixtures)
