"""The web server: the page, its static files and /healthz, in a thread, so that the main thread is free for signals."""

import gzip
import os
import socket
import threading
import time
from functools import lru_cache

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "100")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "100000")

import gradio as gr
import uvicorn
from fastapi import FastAPI, Response
from fastapi.staticfiles import StaticFiles

from explorer.errors import ExplorerError
from ui.live import ASSETS, STATIC
from ui.login import Check

QUEUE_REST = 0.05
"""Seconds that a call of a program may wait before it is looked at."""
PROGRESS_REST = 1.0
"""The same of what a call says of its progress, which none does here."""
WELCOME = "RQ-VAE Explorer: log in with the name and the password that you were given."


class PortTaken(ExplorerError):
    """The address cannot be listened on."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises PortTaken in words; port 0 takes any free one."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise PortTaken(f"--host {host}: {error.strerror or error}") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PortTaken(f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port") from error
    return listener


def application(page: gr.Blocks, theme: gr.Theme, css: str, head: str, check: Check | None = None) -> FastAPI:
    """/healthz and the page's own files for everybody, and the page for those whose name and password pass `check`."""
    app = FastAPI(openapi_url=None)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get(f"{ASSETS}/plotly.min.js")
    def plotly() -> Response:
        headers = {"Content-Encoding": "gzip", "Cache-Control": "public, max-age=86400"}
        return Response(_plotly(), media_type="text/javascript", headers=headers)

    app.mount(ASSETS, StaticFiles(directory=STATIC))
    _rest(page)
    return gr.mount_gradio_app(
        app, page, path="/", theme=theme, css=css, head=head, footer_links=[], auth=check, auth_message=WELCOME
    )


def _rest(page: gr.Blocks) -> None:
    """Let Gradio's queue, which only programs use, look for calls more rarely: it does so each millisecond (6.31).

    That is 5% of a core, and a thousand times a second the training thread of `--local` has to hand over the interpreter.
    """
    page._queue.sleep_when_free, page._queue.progress_update_sleep_when_free = QUEUE_REST, PROGRESS_REST


@lru_cache(maxsize=1)
def _plotly() -> bytes:
    """Plotly.js out of the plotly wheel, found without importing plotly."""
    from importlib.resources import files

    return gzip.compress((files("plotly") / "package_data" / "plotly.min.js").read_bytes(), 6)


class Server:
    """Serves an application on a bound socket until closed."""

    def __init__(self, app: FastAPI, listener: socket.socket) -> None:
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="server", daemon=True)
        host, port = listener.getsockname()[:2]
        self.url = f"http://{host}:{port}"

    def start(self) -> None:
        """Returns once it answers."""
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.02)

    def ask_to_stop(self) -> None:
        """Take no more requests; returns at once."""
        self._server.should_exit = True

    def close(self) -> None:
        """Stop; returns within a second."""
        self.ask_to_stop()
        self._thread.join(1)
