"""What came of a step, read when somebody asks for it: reading several steps together costs little more than reading one."""

from collections.abc import Callable
from functools import cached_property

from explorer.messages import Health


class Trained:
    """The terms that a step computed, and the use of the codes after it. What later steps do does not change it."""

    def __init__(self, losses: Callable[[], dict[str, float]], health: Callable[[], Health]) -> None:
        """`losses` and `health` are called when they are first asked for, in whatever thread asks."""
        self._read_losses, self._read_health = losses, health

    @cached_property
    def losses(self) -> dict[str, float]:
        """The unweighted terms and the weighted `total`, by name; without those whose weight is 0."""
        return self._read_losses()

    @cached_property
    def health(self) -> Health:
        """Of the last batches, as many as the window had then."""
        return self._read_health()
