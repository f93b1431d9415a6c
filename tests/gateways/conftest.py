"""The sandbox gateways around a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox import Sandbox, sandbox_gateways


@pytest.fixture
def sandbox(run_folder: Path) -> Iterator[Sandbox]:
    """Fresh sandbox gateways; their keys are made once a run."""
    with sandbox_gateways(run_folder / "gateways") as running:
        yield running
