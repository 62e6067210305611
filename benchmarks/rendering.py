"""What it costs to show runs: the server's processor time a run and tick, and how many frames a second the browser holds.

    python benchmarks/rendering.py [--runs 4 16] [--seconds 15] [--browser /usr/bin/chromium] [--json FILE]

Runs of one comparison train under Ray with small batches while a page's Compare tab shows them at 2 Hz, then is hidden. The
server's processor time is that of the command's own process, shown less hidden, over runs and answers. Frames are the
DrawFrame events of the browser's own trace while the page changes one pixel at every chance (a frame in which nothing
changed is not drawn); browser and runs share the machine, so that what the runs take is missing from the frames. Exits with 1
if a goal is missed.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from reporting import keep, say
from served import COUNT_AND_HIDE, HIDE, POLLS, Command
from workers import PATIENCE, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MOST = 3.0
"""Milliseconds of the server's processor time for each shown run and tick."""
FRAMES = {4: 60, 16: 30}
"""Frames a second that the browser holds with so many runs on show."""
NEARLY = 0.95
"""Share of these that counts as held: a screen's 60 Hz are rarely exact."""
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
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


def measure(runs: int, seconds: float, browser: "Browser", folder: Path) -> dict[str, Any]:
    """Show so many runs, and say what that cost."""
    share = (os.cpu_count() or 1) / runs
    with Command(["--cpus-per-run", f"{share:g}"], dict(os.environ), folder / f"page-{runs}.log") as command:
        axes, fixed = {"seed": list(range(runs))}, {"batch_size": 8}
        started = wait_until(lambda: command.accepted(axes, fixed, api_name="/start_comparison"), pause=0.5)
        ids = [run["run_id"] for run in started["runs"]]
        wait_until(lambda: min(run["step"] for run in command.client.predict(api_name="/list_runs")) > 20, pause=0.5)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.add_init_script(COUNT_AND_HIDE)
        page.goto(f"{command.url}#tab=compare&runs={','.join(ids)}", wait_until="domcontentloaded")
        page.wait_for_function(f"document.querySelectorAll('{CARDS}').length >= {runs}", timeout=1000 * PATIENCE)
        page.wait_for_function(f"{POLLS} >= 10", timeout=1000 * PATIENCE)
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
        browser.start_tracing(
            page=page, categories=["disabled-by-default-devtools.timeline.frame", "devtools.timeline"]
        )
        time.sleep(seconds)
        events = json.loads(browser.stop_tracing())["traceEvents"]
        drawn = sorted(event["ts"] for event in events if event["name"] == "DrawFrame")
        page.close()
    frames = 1e6 * (len(drawn) - 1) / (drawn[-1] - drawn[0]) if len(drawn) > 1 else 0.0
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
    found, missed = [], False
    with tempfile.TemporaryDirectory(prefix="rendering-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=arguments.browser, args=ARGUMENTS)
        for runs in arguments.runs:
            seen = measure(runs, arguments.seconds, browser, Path(folder))
            found.append(seen)
            dear = seen["milliseconds"] > MOST
            slow = runs in FRAMES and seen["frames"] < NEARLY * FRAMES[runs]
            missed |= dear or slow
            what = f"{runs} runs, {seen['answers a second']:.1f} answers a second: server, a run and answer"
            say(f"{what:<60}{seen['milliseconds']:7.1f} ms   ≤ {MOST:g} ms  {'MISSED' if dear else 'reached'}")
            goal = f"≥ {FRAMES[runs]}/s  {'MISSED' if slow else 'reached'}" if runs in FRAMES else ""
            say(f"{f'{runs} runs: frames the browser draws':<60}{seen['frames']:7.1f} /s   {goal}")
        browser.close()
    keep(found, arguments.json)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
