"""The real command as a process of its own, its page in a real browser, and its runs through the named endpoints."""

import json
import signal
import socket
import subprocess
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.error import URLError
from urllib.request import Request, urlopen

from gradio_client import Client
from gradio_client.exceptions import AppError
from workers import PATIENCE, SETTLE, Speed, peak_memory, speed, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

AWAKE = (2.5, 2.9, 3.3)
"""Seconds from when a page is shown again to when its watching is measured, in turn: it then asks once for all that it missed.

Always after the same time, every window would hold the same number of pictures: two or three where there are two and a half.
"""
LOADED = 6
"""How often the page has to have asked for news before it counts as loaded: loading costs once, watching all the time."""
COUNT_AND_HIDE = """
performance.setResourceTimingBufferSize(100000);
Object.defineProperty(document, "hidden", { get: () => window.away === true });
"""
"""The page takes itself for hidden when told so, and is silent then."""
HIDE = "away => { window.away = away; document.dispatchEvent(new Event('visibilitychange')); }"
_ANSWERS = "performance.getEntriesByType('resource').filter(entry => entry.name.includes('component_server'))"
POLLS = f"{_ANSWERS}.length"
PICTURES = f"{_ANSWERS}.filter(entry => entry.encodedBodySize > 2000).length"
"""Answers with a new picture of the run; the others, that there is none, are of some 100 bytes."""


class Command:
    """`rq-vae-explorer` as a process of its own, from its start to Ctrl-C."""

    def __init__(self, options: list[str], environment: dict[str, str], log: Path) -> None:
        self.url = f"http://127.0.0.1:{_free_port()}"
        command = str(Path(sys.executable).with_name("rq-vae-explorer"))
        port = self.url.rpartition(":")[2]
        environment = environment | {"RQVAE_RUNS_DIR": str(log.with_suffix(".runs"))}
        self.began = time.perf_counter()
        with log.open("w") as file:
            self._process = subprocess.Popen(
                [command, *options, "--port", port, "--gpu", "off"], env=environment, stdout=file, stderr=file
            )
        try:
            wait_until(self._answers, pause=0.05)
            self.answered = time.perf_counter()
            self.client = Client(self.url, verbose=False)
        except Exception as error:
            self.close()
            raise RuntimeError(f"{command} {' '.join(options)} did not serve: {log.read_text()[-800:]}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Of the command's process."""
        return self._process.pid

    def close(self) -> None:
        """End the command as Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def ask(self, api_name: str, *arguments: Any) -> Any:
        """What an endpoint answers, in one plain request: gradio's own client needs 70 ms of a processor for each call."""
        body = json.dumps({"data": arguments}).encode()
        request = Request(f"{self.url}/gradio_api/run/{api_name}", body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=PATIENCE) as response:
            return json.load(response)["data"][0]

    def accepted(self, *arguments: Any, api_name: str, **named: Any) -> Any:
        """What an endpoint answers, or None while the lab is not ready."""
        try:
            return self.client.predict(*arguments, api_name=api_name, **named)
        except AppError:
            return None

    def peak_memory(self) -> list[tuple[str, float]]:
        """Name and peak resident MB of the command's process and all that it started."""
        return peak_memory(self._process.pid)

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"it ended with {self._process.returncode}")
        try:
            with urlopen(self.url, timeout=5) as response:
                return response.status == 200
        except (URLError, OSError):
            return False


class Served(Command):
    """The command with one run of the defaults, paused unless it is measured.

    `seconds` maps what had to be waited for to how long it took; what starting a run takes is start.py's.
    """

    def __init__(self, options: list[str], environment: dict[str, str], log: Path) -> None:
        super().__init__(options, environment, log)
        self._awake = cycle(AWAKE)
        self.seconds = {"from command to page answering": self.answered - self.began}
        wait_until(lambda: self.ask("get_cluster")["machines"], pause=0.1)
        self.seconds["from command to ready"] = time.perf_counter() - self.began
        self._run_id = self.ask("start_run", {}, "")["run_id"]
        wait_until(self._step, pause=0.2)
        self.client.predict(self._run_id, api_name="/pause_run")

    def watch(self, browser: "Browser") -> None:
        """Open a page that shows the run at 2 Hz; it is hidden but for the windows in which it watches."""
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.add_init_script(COUNT_AND_HIDE)
        page.goto(self.url)
        self.client.predict(self._run_id, api_name="/resume_run")
        page.wait_for_function(f"{POLLS} >= {LOADED}", timeout=1000 * PATIENCE)
        self.client.predict(self._run_id, api_name="/pause_run")
        self._page = page

    def window(self, seconds: float, watched: bool) -> tuple[Speed, float]:
        """How fast it trains while the page shows it, or is hidden; and how many new pictures a second that page got."""
        self._page.evaluate(HIDE, not watched)
        self.client.predict(self._run_id, api_name="/resume_run")
        speed(self._process.pid, self._step, next(self._awake) if watched else SETTLE)
        shown, began = self._page.evaluate(PICTURES), time.perf_counter()
        measured = speed(self._process.pid, self._step, seconds)
        pictures = (self._page.evaluate(PICTURES) - shown) / (time.perf_counter() - began)
        self.client.predict(self._run_id, api_name="/pause_run")
        return measured, pictures

    def _step(self) -> int:
        runs: list[dict[str, Any]] = self.ask("list_runs")
        return next(run["step"] for run in runs if run["run_id"] == self._run_id)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
