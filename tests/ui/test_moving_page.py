"""What moves on the page, in a real browser: no more often than somebody sees a difference, and side by side alike."""

import pytest
from playwright.sync_api import Page

from tests.ui.test_modules import page, run

__all__ = ["page"]
pytestmark = pytest.mark.timeout(120)

PLANES = """
  const { Lens } = await import("/camera.js"), { Axes } = await import("/axes.js"), { Motion } = await import("/motion.js");
  const { Focus } = await import("/focus.js");
  const colours = new Proxy({}, { get: (_, name) => (name === "digits" ? Array(10).fill("#888") : "#888") });
  const [axes, motion, focus, lens] = [new Axes(), new Motion(), new Focus(), new Lens()];
  const host = () => {
    const element = document.body.appendChild(document.createElement("div"));
    element.style.cssText = "position: relative; width: 300px; height: 200px";
    return element;
  };
  const planes = Array.from({ length: 3 }, () => new module.Plane(host(), { level: 0, axes, motion, focus, colours, lens }));
  const scene = (at) => ({
    points: Float32Array.from([at, 0, 1, 1]), ends: null, codes: Float32Array.from([0, at]),
    shares: [1], dead: [false], threshold: 0.01,
  });
  const rest = (time) => new Promise((resolve) => setTimeout(resolve, time));
  await rest(100);
  planes.forEach((plane) => plane.update(scene(0), new Uint8Array(2)));
  motion.start();
  await rest(700);
"""


def test_planes_that_share_a_lens_show_the_same_when_one_is_zoomed_moved_or_set_back(page: Page) -> None:
    body = f"""
    {PLANES}
    const boxes = () => planes.map((plane) => [...plane.drawn]);
    const whole = boxes();
    const turn = {{ deltaY: -120, clientX: 20, clientY: 20, ctrlKey: true, cancelable: true }};
    planes[1].canvas.dispatchEvent(new WheelEvent("wheel", turn));
    planes[1].camera.move(10, 5);
    const near = boxes(), zoomed = planes.map((plane) => plane.canvas.classList.contains("zoomed"));
    planes[2].camera.press("0");
    const back = boxes();
    planes[0].close();
    planes[1].camera.zoom(0.5);
    return {{ whole, near, zoomed, back, closed: lens.watchers.size }};
    """
    read = run(page, "plane.js", body)
    assert read["whole"][0] == read["whole"][1] == read["whole"][2]
    assert read["near"][0] == read["near"][1] == read["near"][2] != read["whole"][0]
    assert read["near"][0][2] - read["near"][0][0] < read["whole"][0][2] - read["whole"][0][0]
    assert read["zoomed"] == [True] * 3
    assert read["back"] == read["whole"]
    assert read["closed"] == 2


def test_only_planes_with_news_are_drawn_and_all_of_them_while_their_bounds_move(page: Page) -> None:
    body = f"""
    {PLANES}
    const drawn = [0, 0, 0];
    planes.forEach((plane, i) => {{
      const draw = plane.draw;
      plane.draw = function () {{ drawn[i] += 1; draw.call(this); }};
    }});
    planes[0].update(scene(0.1), new Uint8Array(2));
    motion.start();
    await rest(700);
    const one = [...drawn];
    planes[0].update(scene(90), new Uint8Array(2));
    motion.start();
    await rest(700);
    const all = drawn.map((count, i) => count - one[i]), at = planes.map((plane) => plane.drawn[2]);
    await rest(300);
    return {{ one, all, still: drawn.map((count, i) => count - one[i]), points: planes[0].points.now[0], at }};
    """
    read = run(page, "plane.js", body)
    assert read["one"][0] >= 1
    assert read["one"][1:] == [0, 0]
    assert min(read["all"]) >= 1
    assert read["still"] == read["all"]
    assert read["points"] == 90
    assert min(read["at"]) == max(read["at"]) >= 90


def test_motion_ends_where_it_was_to_go_at_once_if_drawing_is_slow(page: Page) -> None:
    body = """
    const reads = [];
    for (const slow of [0, 30]) {
      const motion = new module.Motion(), seen = [];
      motion.drawers.add((progress) => {
        seen.push(progress);
        for (const end = performance.now() + slow; performance.now() < end;);
      });
      for (let i = 0; i < 4; i++) {
        motion.start();
        await new Promise((resolve) => setTimeout(resolve, 800));
        seen.push(-1);
      }
      reads.push(seen);
    }
    return reads;
    """
    quick, slow = ([], [])
    for turns, seen in zip((quick, slow), run(page, "motion.js", body), strict=True):
        turns.append([])
        for progress in seen:
            turns[-1].append(progress) if progress >= 0 else turns.append([])
        turns.pop()
        for turn in turns:
            assert turn == sorted(turn)
            assert turn[-1] == 1
            assert turn.count(1) == 1
    assert any(len(turn) >= 2 and 0 < turn[0] < 0.95 for turn in quick)
    assert slow[-1] == [1]


def test_a_page_asks_more_rarely_while_there_is_no_news_and_at_once_when_it_is_told_to(page: Page) -> None:
    body = """
    let news = false, asked = [];
    const poller = new module.Poller({
      ask: async () => asked.push(performance.now()), answered: () => news, unanswered: () => {},
      alive: () => true, interval: 60,
    });
    const gaps = async (time) => {
      asked = [];
      await new Promise((resolve) => setTimeout(resolve, time));
      return asked.slice(1).map((at, i) => at - asked[i]);
    };
    await gaps(1500);
    const quiet = await gaps(2000), stretched = poller.stretch;
    poller.now();
    const told = poller.stretch;
    news = true;
    await gaps(2500);
    const busy = await gaps(1500);
    poller.alive = () => false;
    return { quiet, stretched, told, busy, end: poller.stretch };
    """
    read = run(page, "poller.js", body)
    assert read["stretched"] == 2.5
    assert min(read["quiet"]) > 130
    assert read["told"] == 1
    assert read["end"] == 1
    assert min(read["busy"]) < 100


def test_a_page_that_asked_a_moment_too_early_asks_again_soon(page: Page) -> None:
    body = """
    let news = true, asked = [];
    const poller = new module.Poller({
      ask: async () => asked.push(performance.now()), answered: () => news, unanswered: () => {},
      alive: () => true, interval: 1000,
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    news = false;
    await new Promise((resolve) => setTimeout(resolve, 1700));
    news = true;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    poller.alive = () => false;
    return asked.slice(1).map((at, i) => at - asked[i]);
    """
    first, again, after = run(page, "poller.js", body)[:3]
    assert first > 900
    assert again < 600
    assert after > 900


def test_slow_curves_are_drawn_rarely_but_a_change_is_marked_soon(page: Page) -> None:
    slow = "for (const end = performance.now() + 24; performance.now() < end;); drawn.push(performance.now());"
    library = f"var drawn = []; window.Plotly = {{ react: async () => {{ {slow} }} }};"
    page.route("**/plotly.min.js", lambda route: route.fulfill(content_type="text/javascript", body=library))
    body = """
    const section = document.body.appendChild(document.createElement("section"));
    section.innerHTML = '<div class="curves-legend"></div><div class="chart" style="width: 400px; height: 200px"></div>';
    const colours = new Proxy({}, { get: () => "#888" });
    const curves = new module.Curves(section, colours);
    const history = { steps: [], columns: { "loss/recon": [] }, changes: [] };
    const news = async (milliseconds) => {
      for (const end = performance.now() + milliseconds; performance.now() < end;) {
        history.steps.push(history.steps.length + 1);
        history.columns["loss/recon"].push(0.1);
        curves.update(history, "a run");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    await news(1500);
    const first = window.drawn.length;
    await news(1500);
    const quiet = window.drawn.length;
    history.changes.push({ step: history.steps.length, name: "commit", old: 0.25, new: 1 });
    await news(400);
    return { first, quiet, marked: window.drawn.length };
    """
    read = run(page, "curves.js", body)
    page.unroute("**/plotly.min.js")
    assert read["first"] >= 1
    assert read["quiet"] == read["first"], "24 ms of script, at most 0.6% of the time: four seconds"
    assert read["marked"] == read["quiet"] + 1
