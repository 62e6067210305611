"""Gradio is imported without writing stubs for editors and without pandas, and is otherwise whole."""

import subprocess
import sys

CODE = """
import ui
import inspect
reads = []
original = inspect.getfile
inspect.getfile = lambda thing: reads.append(thing) or original(thing)
import gradio
inspect.getfile = original
from gradio import blocks_events, component_meta
assert component_meta.create_or_modify_pyi is blocks_events.create_or_modify_pyi
stubbed = [thing for thing in reads if isinstance(thing, component_meta.ComponentMeta)]
print(len(stubbed), gradio.Slider(0, 1).maximum)
"""
TABLE = """
import sys
import ui
import gradio
print("pandas.core" in sys.modules)
print(gradio.Dataframe().postprocess([[1, 2], [3, 4]]).data)
print("pandas.core" in sys.modules)
"""


def test_gradio_reads_no_component_for_a_stub_and_its_components_work() -> None:
    said = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["0", "1"]


def test_pandas_is_imported_when_it_is_used() -> None:
    said = subprocess.run([sys.executable, "-c", TABLE], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["False", "[[1, 2], [3, 4]]", "True"]
