"""What the scripts here have in common: they print at once, judge by goals, and keep their figures."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple


def verdict(missed: bool) -> str:
    """Say whether a goal is reached."""
    return "MISSED" if missed else "reached"


class Row(NamedTuple):
    """A line of a table: what was measured, how much it was, and the goal; without a goal nothing is missed."""

    what: str
    figure: str
    goal: str = ""
    missed: bool = False

    @property
    def verdict(self) -> str:
        """Whether the goal is reached; "" without one."""
        return verdict(self.missed) if self.goal else ""


def at_most(what: str, figure: float, goal: float, unit: str, digits: int = 1) -> Row:
    """A row of what is to be small."""
    return Row(what, f"{figure:.{digits}f} {unit}", f"≤ {goal:g} {unit}", figure > goal)


def at_least(what: str, figure: float, goal: float) -> Row:
    """A row of a share that is to be large."""
    return Row(what, f"{figure:.1%}", f"≥ {goal:.0%}", figure < goal)


def table(rows: Sequence[Row]) -> str:
    """The rows below each other."""
    widths = [max(len(text) for text in column) for column in zip(*(row[:3] for row in rows), strict=True)]

    def line(row: Row) -> str:
        what, figure, goal = (text.ljust(width) for text, width in zip(row[:3], widths, strict=True))
        return f"{what}  {figure.strip():>{widths[1]}}  {goal}  {row.verdict}".rstrip()

    return "\n".join(map(line, rows))


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def keep(figures: Any, path: Path | None) -> None:
    """Write every figure as JSON, where somebody asked for that."""
    if path:
        path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def conclude(figures: dict[str, Any], rows: Sequence[Row], path: Path | None) -> int:
    """Print the rows and keep them among the figures, as `table`; a script's exit code: 1 if a goal is missed."""
    say(table(rows))
    keep({**figures, "table": rows}, path)
    return int(any(row.missed for row in rows))
