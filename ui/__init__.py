"""The page and the command line: they talk to a Lab."""

from ui.quick_gradio import install

install()
