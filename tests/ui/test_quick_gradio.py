"""Gradio is imported without writing stubs for editors, and is otherwise whole."""

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


def test_gradio_reads_no_component_for_a_stub_and_its_components_work() -> None:
    said = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["0", "1"]
