"""Fixtures of the rules."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.rules.doors import Door, doors
from tests.rules.house import House, house, stranger, visitor  # noqa: F401  (fixtures)


@pytest.fixture
def every_door(app: Flask) -> list[Door]:
    """All doors, read off the route map."""
    return doors(app)


@pytest.fixture
def address(house: House) -> Callable[[Door, str], str]:  # noqa: F811
    """`address(door, owner)`: where a door is, with the id of a row of that owner."""
    return lambda door, owner: door.address(house, owner)
