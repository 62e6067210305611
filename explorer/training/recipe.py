"""What is compiled into a run's steps. No jax."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

from explorer.choices import CHOICES, way
from explorer.config import RunConfig
from explorer.model.shape import Shape


@dataclass(frozen=True, slots=True)
class Recipe:
    """The choices of a config that are compiled into its steps, and its codebooks' shape.

    Remedies are no part of it: they act between steps, and any of them may.
    """

    shape: Shape
    batch_size: int
    schedule_steps: int
    ways: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, config: RunConfig) -> Self:
        """That of a config."""
        horizon = config.schedule_steps if config.schedule != "constant" else 0
        ways = tuple((name, getattr(config, name)) for name in CHOICES if name != "remedy")
        return cls(Shape(config.sizes, config.latent_dim), config.batch_size, horizon, ways)

    def way(self, choice: str) -> Callable[..., Any]:
        """The function of the way that was chosen."""
        return way(choice, dict(self.ways)[choice])

    def only(self, *choices: str) -> Self:
        """What of it decides those choices and the codebooks' shape: a recipe that has no other."""
        return replace(self, batch_size=0, schedule_steps=0, ways=tuple(way for way in self.ways if way[0] in choices))

    @property
    def parts(self) -> dict[str, Self]:
        """What of it is compiled into each function of a run, the first needed first: where that is the same, it is the same."""
        begin = ("codebook_init", "optimizer", "codebook_update", *(("distance",) if self.averaged else ()))
        return {"begin": self.only(*begin), "step": self, "look": self.only("distance")}

    @property
    def sizes(self) -> tuple[int, ...] | None:
        """How many codes each level has; None if all have as many."""
        return None if self.shape.own is None else self.shape.sizes

    @property
    def averaged(self) -> bool:
        """Whether codes are moving averages, and take no gradient."""
        return dict(self.ways)["codebook_update"] == "ema"
