"""What the panels of the Compare tab, and the Run tab's diagnosis, say about themselves, behind their `?`."""

PANEL_HELP: dict[str, str] = {
    "compare-curves": "Every selected run over one another, aligned by step; losses are unweighted. Bold is the debiased "
    "exponential mean, Σ wᵢvᵢ / Σ wᵢ, whose weights w fall to 1/e within the chosen steps; the raw curve is pale under it. "
    "A diamond marks a change of a live setting, a ring a fork, and a broad pale line what a fork shares with its parent. "
    "Dragging zooms, a double click goes back.",
    "compare-table": "Only the settings that differ, then the newest figures of each run. MSE and PSNR = −10·log₁₀ MSE are "
    "over the 512 probe images, bits = Σ log₂ perplexity over the levels, losses the mean of the last 100 steps. "
    "★ marks the best of a column; runs compare fairly only at the same step.",
    "compare-divergence": "At the steps at which both runs were seen through the 512 probe images: the share of images that "
    "get another code at a level, the root mean square distance of codes of equal index, and the second run's MSE minus the "
    "first one's. Runs of one seed start alike, so all three start at 0.",
    "compare-heat": "A cell for each combination of two settings that the runs began with, all at the same step; several runs "
    "in a cell are averaged. Brighter is better, ★ is best, hatched is not there. A cell opens its run.",
    "compare-rate": "Each run's effective rate, Σ log₂ perplexity over the levels in bits an image, against its MSE over the "
    "512 probe images; the pale trail is its past. Further left spends fewer bits, further down loses less. The dashed line "
    "is the nominal budget L · log₂ K: all K codes of all L levels in even use.",
}

DIAGNOSIS_HELP: dict[str, str] = {
    "levels": "For each level: codes in use and perplexity over the last batches; bits = log₂ perplexity, of log₂ K if all codes "
    "were in even use; residual ratio = E‖rₗ‖² / E‖rₗ₋₁‖² over the 512 probe images, the part of what comes in that the level "
    "leaves over: above 1 it adds error instead. Left over: the part of E‖z_e‖² after all levels so far. A tuple is one image's "
    "codes, one of each level.",
    "lifetimes": "A row a code, a column for each time that the run was looked at: the darker, the larger its share of the "
    "level's choices in the batches before; hatched where that was so little that the code counts as dead. Births, deaths and "
    "revivals are where a row changes. A triangle marks a remedy.",
}
