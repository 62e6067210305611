"""Importing TFDS in one thread leaves the imports of the others alone."""

import importlib
import sys
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

from explorer.data.tfds import import_tfds


def test_while_a_thread_imports_lazily_as_tfds_does_the_others_import_as_ever(tmp_path, monkeypatch):
    package = tmp_path / "bystander"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "sibling.py").touch()
    (package / "part.py").write_text("from . import sibling\nimport fractions\n")
    monkeypatch.syspath_prepend(tmp_path)
    import_tfds()
    from etils import epy

    with epy.lazy_imports(), ThreadPoolExecutor(1) as other:
        import wave  # what lazy importing is for: a stand-in

        assert type(wave) is not ModuleType
        part = other.submit(importlib.import_module, "bystander.part").result(timeout=60)
    assert part.sibling is sys.modules["bystander.sibling"]
    assert type(part.fractions) is ModuleType
    assert wave.open is sys.modules["wave"].open


def test_the_usual_import_is_back_afterwards():
    import builtins

    before = builtins.__import__
    import_tfds()
    from etils import epy

    with epy.lazy_imports():
        pass
    assert builtins.__import__ is before
