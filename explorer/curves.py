"""The curves of a run at bounded cost: at most 2,000 points however long it trains."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float32, Int

MAX_POINTS = 2000


class Curves:
    """One value a metric a step goes in, from step `start` + 1 on; points that are each the mean of `stride` steps come out.

    When the points fill up, neighbours are merged and the stride doubles. A point stands at the last step that it covers;
    the steps after the last full point are left out until their point is full.
    """

    def __init__(self, max_points: int = MAX_POINTS, start: int = 0) -> None:
        if max_points < 2 or max_points % 2:
            raise ValueError(f"max_points must be even and at least 2; got {max_points}")
        self._max_points = max_points
        self._start = start
        self.stride = 1
        self._names: tuple[str, ...] = ()
        self._points = np.empty((max_points, 0), np.float32)
        self._length = 0
        self._sums = np.zeros(0)
        self._pending = 0

    def add(self, metrics: Mapping[str, float]) -> None:
        """The metrics of the next step; the same names every time."""
        if not self._names:
            self._names = tuple(metrics)
            self._points = np.empty((self._max_points, len(self._names)), np.float32)
            self._sums = np.zeros(len(self._names))
        self._sums += [metrics[name] for name in self._names]
        self._pending += 1
        if self._pending == self.stride:
            self._close_point()

    def _close_point(self) -> None:
        if self._length == self._max_points:
            self._halve()
            if self._pending < self.stride:
                return
        self._points[self._length] = self._sums / self.stride
        self._length += 1
        self._sums[:] = 0
        self._pending = 0

    def _halve(self) -> None:
        half = self._max_points // 2
        self._points[:half] = self._points.reshape(half, 2, -1).mean(axis=1)
        self._length = half
        self.stride *= 2

    def since(self, step: int) -> tuple[Int[np.ndarray, " N"], dict[str, Float32[np.ndarray, " N"]]]:
        """Steps and columns of the points that stand after `step`."""
        first = min(max((step - self._start) // self.stride, 0), self._length)
        steps = self._start + np.arange(first + 1, self._length + 1, dtype=np.int32) * self.stride
        points = self._points[first : self._length].copy()
        return steps, {name: points[:, i] for i, name in enumerate(self._names)}

    def dump(self) -> dict[str, np.ndarray]:
        """All that `load` needs to go on exactly as this one would."""
        return {
            "names": np.array(self._names, dtype=np.str_),
            "stride": np.array(self.stride),
            "points": self._points[: self._length].copy(),
            "sums": self._sums.copy(),
            "pending": np.array(self._pending),
        }

    def load(self, dumped: Mapping[str, np.ndarray]) -> None:
        """Be what was dumped. Raises KeyError or ValueError if it is not that."""
        self._names = tuple(str(name) for name in dumped["names"])
        self._points = np.empty((self._max_points, len(self._names)), np.float32)
        self._length = len(dumped["points"])
        self._points[: self._length] = dumped["points"]
        self._sums = np.array(dumped["sums"], np.float64)
        self.stride, self._pending = int(dumped["stride"]), int(dumped["pending"])
