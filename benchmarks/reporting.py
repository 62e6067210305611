"""What the scripts here have in common: they print at once, and keep their figures."""

import json
import sys
from pathlib import Path
from typing import Any


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def keep(figures: Any, path: Path | None) -> None:
    """Write every figure as JSON, where somebody asked for that."""
    if path:
        path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
