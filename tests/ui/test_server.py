"""What the web server does while nobody asks it anything."""

import inspect

import gradio as gr
import pytest

from ui.server import application


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # Gradio's, when it makes Blocks
def test_the_queue_of_calls_is_looked_at_rarely_enough_to_cost_nothing() -> None:
    with gr.Blocks() as page:
        pass
    queue = page._queue
    assert queue.sleep_when_free == 0.001, "what Gradio begins with"
    application(page, gr.Theme(), "", "")
    for name, least, most in (("sleep_when_free", 0.01, 0.05), ("progress_update_sleep_when_free", 0.5, 1.0)):
        assert least <= getattr(queue, name) <= most
        assert f"asyncio.sleep(self.{name})" in inspect.getsource(type(queue))
