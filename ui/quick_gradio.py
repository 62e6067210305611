"""Imports Gradio without what only its developers need: a quarter of the time that the command takes to its page.

For each class of component Gradio (6.31) parses its own source and writes a .pyi for editors into the folder in which it is
installed. The package `ui` turns that off before any of its modules imports Gradio.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

WRITER = "gradio.component_meta"


class _WithoutStubs(MetaPathFinder):
    """Finds the module that writes them, and empties the function as soon as it is there."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if fullname == WRITER else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_empty(module: ModuleType) -> None:
            execute(module)
            module.__dict__["create_or_modify_pyi"] = lambda *_: None

        spec.loader.exec_module = execute_and_empty
        return spec


def install() -> None:
    """Once in a process; without effect where Gradio is imported already, or no longer has such a function."""
    if not any(isinstance(finder, _WithoutStubs) for finder in sys.meta_path):
        sys.meta_path.insert(0, _WithoutStubs())
