"""What it costs to show runs: the server's processor time a run and tick, and how many frames a second the browser holds.

    python benchmarks/rendering.py [--runs 4 16] [--seconds 15] [--browser /usr/bin/chromium] [--json FILE]

Runs of comparisons train under Ray with small batches while a page's Compare tab shows them at 2 Hz, then is hidden. The
server's processor time is that of the command's own process, shown less hidden, over runs and answers. Frames are the
DrawFrame events of the browser's own trace while the page changes one pixel at every chance (a frame in which nothing
changed is not drawn); browser and runs share the machine, so that what the runs take is missing from the frames. Exits with 1
if a goal is missed.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from reporting import Row, at_most, conclude
from served import COUNT_AND_HIDE, HIDE, POLLS, Command
from workers import PATIENCE, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MOST = 3.0
"""Milliseconds of the server's processor time for each shown run and tick."""
FRAMES = {4: 60, 16: 30}
"""Frames a second that the browser holds with so many runs on show."""
NEARLY = 0.95
"""Share of these that counts as held: a screen's 60 Hz are rarely exact."""
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
FRAME_EVENTS = "disabled-by-default-devtools.timeline.frame"
EVERY_FRAME = """() => {
  const pixel = document.body.appendChild(document.createElement("div"));
  pixel.style = "position: fixed; inset: 0 auto auto 0; width: 1px; height: 1px; z-index: 9999";
  let frame = 0;
  const again = () => {
    frame += 1;
    pixel.style.background = frame % 2 ? "#000" : "#fff";
    requestAnimationFrame(again);
  };
  again();
}"""
CARDS = "[data-testid=cards] > article"


def tell_all(command: Command, ids: list[str], what: str) -> None:
    """Have all of these runs paused or resumed."""
    for run_id in ids:
        command.ask(f"{what}_run", run_id)


def start_up_to(runs: int, ids: list[str], command: Command) -> None:
    """Have so many runs that have trained, of which there are those with `ids`; the others are added. They are paused then."""
    if runs > len(ids):
        axes, fixed = {"seed": list(range(len(ids), runs))}, {"batch_size": 8}
        started = wait_until(lambda: command.accepted(axes, fixed, api_name="/start_comparison"), pause=0.5)
        ids += [run["run_id"] for run in started["runs"]]
    wait_until(lambda: min(run["step"] for run in command.ask("list_runs")) > 20, pause=0.5)
    tell_all(command, ids, "pause")


def frames_a_second(page: "Page", browser: "Browser", seconds: float) -> float:
    """How many the browser draws, by a trace that holds nothing else: to write down everything would take frames itself."""
    session, events, over = browser.new_browser_cdp_session(), [], []
    session.on("Tracing.dataCollected", lambda told: events.extend(told["value"]))
    session.on("Tracing.tracingComplete", lambda told: over.append(told))
    session.send("Tracing.start", {"traceConfig": {"includedCategories": [FRAME_EVENTS], "excludedCategories": ["*"]}})
    page.wait_for_timeout(1000 * seconds)
    session.send("Tracing.end")
    wait_until(lambda: page.wait_for_timeout(50) or over)
    session.detach()
    drawn = sorted(event["ts"] for event in events if event["name"] == "DrawFrame")
    return 1e6 * (len(drawn) - 1) / (drawn[-1] - drawn[0]) if len(drawn) > 1 else 0.0


def measure(ids: list[str], seconds: float, browser: "Browser", command: Command) -> dict[str, Any]:
    """Show these runs, and say what that cost."""
    runs = len(ids)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.add_init_script(COUNT_AND_HIDE)
    page.goto(f"{command.url}#tab=compare&runs={','.join(ids)}", wait_until="domcontentloaded")
    page.wait_for_function(f"document.querySelectorAll('{CARDS}').length >= {runs}", timeout=1000 * PATIENCE)
    page.wait_for_function(f"{POLLS} >= 4", timeout=1000 * PATIENCE)
    tell_all(command, ids, "resume")
    server = psutil.Process(command.pid)

    def spent(shown: bool) -> tuple[float, float]:
        """Processor time a second, and answers a second."""
        page.evaluate(HIDE, not shown)
        time.sleep(2)
        asked, times, began = page.evaluate(POLLS), server.cpu_times(), time.perf_counter()
        time.sleep(seconds)
        asked, now, passed = page.evaluate(POLLS) - asked, server.cpu_times(), time.perf_counter() - began
        return (now.user + now.system - times.user - times.system) / passed, asked / passed

    hidden, _ = spent(shown=False)
    shown, ticks = spent(shown=True)
    page.evaluate(EVERY_FRAME)
    frames = frames_a_second(page, browser, seconds)
    page.close()
    tell_all(command, ids, "pause")
    cost = 1000 * (shown - hidden) / max(ticks * runs, 1e-9)
    return {"runs": runs, "milliseconds": cost, "answers a second": ticks, "frames": frames}


def main() -> int:
    """Measure and print."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description="What it costs to show runs.")
    parser.add_argument("--runs", type=int, nargs="+", default=list(FRAMES), help="how many (default: 4 16)")
    parser.add_argument("--seconds", type=float, default=15, help="of each measurement (default: %(default)s)")
    parser.add_argument("--browser", default="/usr/bin/chromium", help="Chromium (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every figure in this file, too")
    arguments = parser.parse_args()
    found, rows, ids = [], [], []
    share = ["--cpus-per-run", f"{(os.cpu_count() or 1) / max(arguments.runs):g}"]
    with (
        tempfile.TemporaryDirectory(prefix="rendering-") as folder,
        sync_playwright() as playwright,
        Command(share, dict(os.environ), Path(folder) / "page.log") as command,
    ):
        browser = playwright.chromium.launch(executable_path=arguments.browser, args=ARGUMENTS)
        for runs in sorted(arguments.runs):
            start_up_to(runs, ids, command)
            seen = measure(ids, arguments.seconds, browser, command)
            found.append(seen)
            what = f"{runs} runs, {seen['answers a second']:.1f} answers a second: server, a run and answer"
            rows.append(at_most(what, seen["milliseconds"], MOST, "ms"))
            goal = f"≥ {FRAMES[runs]}/s" if runs in FRAMES else ""
            slow = runs in FRAMES and seen["frames"] < NEARLY * FRAMES[runs]
            rows.append(Row(f"{runs} runs: frames the browser draws", f"{seen['frames']:.1f}/s", goal, slow))
        browser.close()
    return conclude({"shown": found}, rows, arguments.json)


if __name__ == "__main__":
    sys.exit(main())
