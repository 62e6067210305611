"""The import arrows of the house: explorer ← actors ← ui, and who may import jax, ray and gradio."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def imports(path: Path) -> set[str]:
    """Top-level names of all packages that a file imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("explorer", {"actors", "ui", "ray", "gradio"}),
        ("actors", {"ui", "gradio"}),
        ("ui", {"jax", "flax", "optax", "ray"}),
    ],
)
def test_no_floor_reaches_up(package: str, forbidden: set[str]) -> None:
    assert len(files(package)) > 3
    found = {str(path.relative_to(ROOT)): imports(path) & forbidden for path in files(package)}
    assert not {path: names for path, names in found.items() if names}


def test_the_science_has_no_threads() -> None:
    """But for one deadline: looking up a download's host cannot be timed out otherwise. And TFDS's import knows its own."""
    users = [path.name for path in files("explorer") if "threading" in imports(path)]
    assert users == ["preparing.py", "tfds.py"]


def test_only_what_speaks_to_ray_imports_ray() -> None:
    importers = [
        path.name for package in ("explorer", "actors", "ui") for path in files(package) if "ray" in imports(path)
    ]
    assert importers == ["ray_later.py"]


@pytest.mark.parametrize(
    "module",
    [
        "explorer.config",
        "explorer.messages",
        "explorer.figures",
        "explorer.data",
        "explorer.training.recipe",
        "actors.lab",
        "actors.programs",
        "actors.ray_lab",
        "actors.ray_metrics",
    ],
)
def test_what_a_page_needs_before_anything_runs_loads_without_jax_and_ray(module: str) -> None:
    code = f"import sys, {module}; sys.exit('jax' in sys.modules or 'ray' in sys.modules or 'gradio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("module", ["ui.app", "ui.arguments", "actors.devices", "actors.ray_lab"])
def test_jax_is_not_imported_before_a_run_claims_its_threads(module: str) -> None:
    code = f"import sys, {module}; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
