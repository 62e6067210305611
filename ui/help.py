"""What each control and panel is: one sentence and its formula, behind a `?` that mouse, finger and keyboard reach."""

from html import escape

from explorer.settings import LIVE_SETTINGS
from ui.panel_help import DIAGNOSIS_HELP, PANEL_HELP

COMPARE_HELP: dict[str, str] = {
    "compare": "Runs that are the same but for what you swept: same seed, same initial parameters, same order of the images, so "
    "that they are bit-identical until their weights differ. All planes have the same axes. In step: no run trains more than 25 "
    "steps ahead of the slowest.",
    "compare-start": "Name values for one setting, or for several: then each combination is a run. The lab starts them in order, "
    "as room appears; those that wait are queued, and Stop cancels them.",
    "compare-linked": "A change holds from the next batch of each run, and each says from which step. Scaling multiplies what "
    "each run has: ratios between runs stay.",
}

HELP: dict[str, str] = {
    "bar": "Start begins a run; Resume goes on with one that is paused or has ended. Pause stops after the step in "
    "progress. Step trains on one batch. Reset goes back to step 0 with the same seed and the weights as they are now. "
    "Stop ends the run and frees its place. One step is one batch; epoch = steps · batch size / training images.",
    "planes": "Level 1 shows where the encoder puts 512 fixed test images, z_e; level l shows what the levels before left "
    "over, r = z_e − (q₁ + … + q₍ₗ₋₁₎). Each goes to its nearest code, argminₖ ‖r − eₖ‖². Wheel or pinch zooms, dragging "
    "moves, a double click or 0 goes back; n and p walk through the codes.",
    "cumulative": "Joins each z_e to the sum of its codes up to that level, ẑ = q₁ + … + qₗ: the line is the error that is "
    "left, and at the last level its end is z_q, what the decoder sees. Into the planes can be drawn: cells, the places that get "
    "each code, tinted with the digit that most of their images show; joint, the places that get each tuple of codes, one of "
    "each level that follows (of each up to it, in the cumulative view); paths, where each code has been since the run began, "
    "dashed where it was dead.",
    "digits": "Ten fixed test images, one a digit, over what the decoder makes of their codes. MSE = mean (x − x̂)² over "
    "all 512 test images of the probe. By level: what the decoder makes of level 1's codes alone, ẑ₁ = q₁, of q₁ + q₂, and so "
    "on, with the MSE of these ten.",
    "health": "How often each code was chosen in the window of the last batches: a code with a smaller share of its level's "
    "choices than “dead below” says is dead; with 1% and more than 100 codes even use makes each of them dead. "
    "Perplexity = exp(−Σ p log p) says how many codes are in even use, from 1 to K. The small grey bars below are how far each "
    "code moves: the smoothed norm of its gradient or, for moving averages, of its moves.",
    "curves": "recon = MSE(x, x̂), commit = MSE(z_e, sg(z_q)), codebook = MSE(sg(z_e), z_q), unweighted: the last two are "
    "equal in value and differ in whom they move. total = recon + λ_commit·commit + λ_codebook·codebook + λ_entropy·entropy + "
    "λ_transport·transport; a term whose weight is 0 is not computed.",
    "weights": "These hold from the next batch on, without a restart; leftmost is exactly 0 where 0 is allowed, and the field "
    "takes any number of the range. “more” has those that are turned more rarely. Reinit and Split treat dead codes once, before "
    "the next step. All else (levels, codebook size, data set …) is fixed for a run: change it in a new run.",
    **{name: setting.help for name, setting in LIVE_SETTINGS.items()},
    "cluster": "Machines of the lab and the runs that each holds. CPUs and GPUs are those promised to runs; memory is what the "
    "runs' processes hold. A run whose machine dies comes back on another one, or waits here until there is room.",
    **COMPARE_HELP,
    **PANEL_HELP,
    **DIAGNOSIS_HELP,
}


def help_mark(topic: str) -> str:
    """HTML of a `?` button and the sentence that it opens. Raises KeyError for a topic that has none."""
    text = escape(HELP[topic])
    name = topic.replace("_", " ")
    return (
        f'<button type="button" class="help" popovertarget="help-{topic}" aria-label="What is this: {name}">?</button>'
        f'<span popover id="help-{topic}" class="help-text" role="note">{text}</span>'
    )
