import gc
import warnings
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def gradio_leaves_loops_behind() -> Iterator[None]:
    """Importing Gradio and making its Blocks leaves event loops unclosed: they are collected here, and only here."""
    _collect()
    yield
    _collect()


def _collect() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
