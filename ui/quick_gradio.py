"""Imports Gradio without what only its developers need, and pandas when it is used: it takes a third of its time.

For each class of component Gradio (6.31) parses its own source and writes a .pyi for editors into the folder in which it is
installed. It imports pandas for caches and tables that this page does not have. The package `ui` turns both off before any
of its modules imports Gradio.
"""

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType


def _without_stubs(loader: Loader) -> Loader:
    """Empties the function that writes them as soon as it is there."""
    execute = loader.exec_module

    def execute_and_empty(module: ModuleType) -> None:
        execute(module)
        module.__dict__["create_or_modify_pyi"] = lambda *_: None

    loader.exec_module = execute_and_empty
    return loader


CHANGES: dict[str, Callable[[Loader], Loader]] = {"gradio.component_meta": _without_stubs, "pandas": LazyLoader}
"""How modules are loaded in another way than usual."""


class _Quick(MetaPathFinder):
    """Finds those modules."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if fullname in CHANGES else None
        if spec is not None and spec.loader is not None:
            spec.loader = CHANGES[fullname](spec.loader)
        return spec


def install() -> None:
    """Once in a process; without effect where Gradio is imported already, or no longer does such things."""
    if not any(isinstance(finder, _Quick) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Quick())
