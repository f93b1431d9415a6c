"""How long work says how far it is."""

from typing import Protocol


class Progress(Protocol):
    """What long work tells how far it is."""

    def total(self, steps: int) -> None:
        """Hear how many steps there are."""

    def step(self, steps: int = 1) -> None:
        """Hear that steps are done."""
