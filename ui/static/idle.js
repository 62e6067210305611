/**
 * Gradio's loading screen (6.31) leaves a clock behind that nobody sees, and that asks for the next frame in every frame
 * as long as the page is open: 6% of a core. Whoever does that is found by the numbers that the browser gives to frame
 * requests: one stranger between any two of ours, never none. Its pending request is withdrawn, which ends it.
 */

/** Frames. What animates for a while has ended by then, or not begun in one of them. */
const SURE_AFTER = 60;

export function endLeftoverClock() {
  let last = requestAnimationFrame(look);
  let frames = 0;

  function look() {
    const request = requestAnimationFrame(look);
    const strangers = request - last - 1;
    last = request;
    frames += 1;
    const found = frames > SURE_AFTER && strangers === 1;
    if (found) cancelAnimationFrame(request - 1);
    if (found || strangers === 0) cancelAnimationFrame(request);
  }
}
