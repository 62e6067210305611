"""Latent planes: quiet points coloured by digit, strong codes sized by use; one plane a level."""

import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from explorer.drawing.sheet import POINTS_PER_UNIT, Box, Sheet
from explorer.messages import View
from explorer.palette import AXIS, CODE, DIGITS, GRID, ON_CODE, PANEL, TEXT

POINT_RADIUS = 2.3
LEAST_NUMBERED = 6.0
"""Least radius of a code, in units, that holds its number."""
NAME_SIZE = 10.5
NAME_REACH = 26.0
"""How far, in units, a digit's name may move from its median to stay readable; else it is left out."""


def residuals(view: View) -> Float[np.ndarray, "L P 2"]:
    """What each level quantizes: r_0 = z_e, then what the levels before left over (FORMULAS: Residual quantization).

    In the view's plane: projecting is linear, so that residuals of what is projected are projected residuals.
    """
    view = view.in_plane
    levels = np.arange(len(view.codebooks))
    chosen = view.codebooks.astype(np.float64)[levels, view.codes]
    left_over = view.latents[:, np.newaxis].astype(np.float64) - np.cumsum(chosen, axis=1)
    incoming = np.concatenate([view.latents[:, np.newaxis], left_over[:, :-1]], axis=1)
    return incoming.swapaxes(0, 1)


def codes_of(view: View, level: int) -> Float[np.ndarray, "K 2"]:
    """A level's own codes in the view's plane."""
    return view.in_plane.codebooks[level, : view.sizes[level]].astype(np.float64)


def shares(view: View) -> Float[np.ndarray, "L K"]:
    """Each code's share of its level's assignments in the window; all 0 before the first batch."""
    counts = view.health.counts
    return counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1)


def code_radius(share: Float[np.ndarray, " K"], dead: Bool[np.ndarray, " K"]) -> Float[np.ndarray, " K"]:
    """Radii in units: the area grows with the use; many codes are drawn smaller, so that they don't hide the points."""
    least = min(3.5, 3.5 * (32 / len(share)) ** 0.5)
    return np.where(dead, max(least, 1.3) + 0.7, least + 22 * np.sqrt(share))


def draw_plane(sheet: Sheet, box: Box, view: View, level: int) -> None:
    """The card of one level."""
    inner = sheet.card(box, f"Level {level + 1}", _origin(level)).trimmed(left=-6, right=-6, bottom=-4)
    fill_plane(sheet.axes(inner, f"plane {level + 1}"), inner, view, level, drawn(view, level))


def drawn(view: View, level: int) -> Float[np.ndarray, "N D"]:
    """Everything that a plane shows: the level's codes, and what it quantizes where that is finite."""
    points = residuals(view)[level]
    return np.concatenate([points[np.isfinite(points).all(axis=1)], codes_of(view, level)])


def fill_plane(axes: Axes, box: Box, view: View, level: int, shown: Float[np.ndarray, "N D"]) -> None:
    """One level's points and codes into axes that fill the box and hold at least `shown`."""
    points = residuals(view)[level]
    drawable = np.isfinite(points).all(axis=1)
    codes = codes_of(view, level)
    scale = _frame(axes, box, shown)
    for digit, colour in enumerate(DIGITS):
        x, y = points[drawable & (view.labels == digit)].T
        axes.scatter(
            x, y, s=_area(POINT_RADIUS), color=colour, alpha=0.5, linewidths=0, zorder=2, label=f"digit {digit}"
        )
    dead = view.health.dead[level, : len(codes)]
    radius = code_radius(shares(view)[level, : len(codes)], dead)
    _draw_codes(axes, scale, codes, radius, dead)
    _draw_names(axes, scale, points[drawable], view.labels[drawable], codes[~dead], radius[~dead])
    if not drawable.all():
        words = f"{np.sum(~drawable)} of {len(drawable)} points are not finite"
        axes.text(0.5, 0.97, words, transform=axes.transAxes, ha="center", va="top", size=8, color=TEXT)


def _origin(level: int) -> str:
    """What the points of a level are, in words."""
    before = ("", "level 1", "levels 1 and 2", f"levels 1 to {level}")[min(level, 3)]
    return f"what {before} left over" if level else "encoder outputs"


def _area(radius: float | Float[np.ndarray, " K"]) -> float | Float[np.ndarray, " K"]:
    """Matplotlib's marker size, points², of a circle of that radius in units."""
    return (2 * radius * POINTS_PER_UNIT) ** 2


def _frame(axes: Axes, box: Box, shown: Float[np.ndarray, "N D"]) -> float:
    """Limits that hold everything shown, one scale for both axes; grid lines with quiet numbers inside.

    The scale is how much of the latent space a unit of the sheet shows.
    """
    low, high = shown.min(axis=0), shown.max(axis=0)
    room = np.array([box.width, box.height])
    scale = max(float(np.max((high - low) / (room - 56))), 1e-9)
    middle = (low + high) / 2
    lower, upper = middle - room * scale / 2, middle + room * scale / 2
    axes.set(xlim=(lower[0], upper[0]), ylim=(lower[1], upper[1]))
    axes.set_aspect("equal")
    step = np.diff(MaxNLocator(7, steps=[1, 2, 5, 10]).tick_values(0, float(room.max()) * scale))[0]
    corner = lower + 14 * scale
    axes.set_xticks(np.arange(np.ceil(lower[0] / step), (upper[0] - 20 * scale) / step) * step)
    axes.set_yticks(np.arange(np.ceil(corner[1] / step), upper[1] / step) * step)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.axhline(0, color=AXIS, linewidth=0.8, zorder=0.6)
    axes.axvline(0, color=AXIS, linewidth=0.8, zorder=0.6)
    axes.tick_params(axis="x", pad=-9, labelsize=6.5)
    axes.tick_params(axis="y", pad=-3, labelsize=6.5)
    for label in axes.get_yticklabels():
        label.set(ha="left", va="bottom")
    for label in axes.get_xticklabels():
        label.set(ha="left")
    return scale


def _draw_codes(
    axes: Axes,
    scale: float,
    codes: Float[np.ndarray, "K D"],
    radius: Float[np.ndarray, " K"],
    dead: Bool[np.ndarray, " K"],
) -> None:
    """Codes, the most used below the others."""
    fine = len(codes) > 64
    order = np.argsort(-radius, kind="stable")
    active = order[~dead[order]]
    hollow = codes[dead]
    dashes = (0, (1.6, 1.2))
    axes.scatter(
        *hollow.T,
        s=_area(radius[dead]),
        facecolors="none",
        edgecolors=CODE,
        linewidths=0.6 if fine else 1.0,
        linestyles=[dashes],
        alpha=0.5 if fine else 0.75,
        zorder=1.5 if fine else 4,
        label="dead codes",
    )
    axes.scatter(
        *codes[active].T,
        s=_area(radius[active]),
        color=CODE,
        edgecolors=PANEL,
        linewidths=0.4 if fine else 1.0,
        zorder=5,
        label="active codes",
    )
    _draw_numbers(axes, scale, codes, radius, active)


def _draw_numbers(
    axes: Axes,
    scale: float,
    codes: Float[np.ndarray, "K D"],
    radius: Float[np.ndarray, " K"],
    active: Int[np.ndarray, " A"],
) -> None:
    """The numbers of the `active` codes, lowest first, where there is room and no code above covers them."""
    for place, code in enumerate(active):
        above = active[place + 1 :]
        covered = np.linalg.norm(codes[above] - codes[code], axis=1) < (radius[above] + 2) * scale
        if radius[code] < LEAST_NUMBERED or covered.any():
            continue
        size = min(8.0, 1.45 * radius[code] / max(len(str(code)), 1.55))
        axes.annotate(
            str(code),
            tuple(codes[code]),
            ha="center",
            va="center_baseline",
            size=size,
            weight="bold",
            color=ON_CODE,
            zorder=6,
        )


def _draw_names(
    axes: Axes,
    scale: float,
    points: Float[np.ndarray, "P D"],
    labels: np.ndarray,
    codes: Float[np.ndarray, "K D"],
    radius: Float[np.ndarray, " K"],
) -> None:
    """Each digit's name at the median of its points, so that colour is never the only sign."""
    digits = [digit for digit in range(len(DIGITS)) if np.any(labels == digit)]
    if not digits:
        return
    medians = np.array([np.median(points[labels == digit], axis=0) for digit in digits])
    large = radius >= LEAST_NUMBERED
    places, clear = _apart(medians / scale, codes[large] / scale, radius[large])
    for digit, place in zip(np.array(digits)[clear], places[clear] * scale, strict=True):
        name = axes.annotate(str(digit), place, ha="center", va="center", size=NAME_SIZE, weight="bold", zorder=7)
        name.set(color=_darker(DIGITS[digit]), path_effects=[withStroke(linewidth=2.6, foreground=PANEL)])
        name.set_gid(f"name {digit}")


def _apart(
    names: Float[np.ndarray, "N D"], codes: Float[np.ndarray, "K D"], radius: Float[np.ndarray, " K"]
) -> tuple[Float[np.ndarray, "N D"], Bool[np.ndarray, " N"]]:
    """The names pushed away from one another and from the large codes, in units, and which of them are then readable."""
    half = 7.5
    obstacles = np.concatenate([np.zeros(len(names)) + half, radius])
    clearance = half + obstacles
    places = names.copy()
    overlap = np.zeros((len(names), len(obstacles)))
    for _ in range(100):
        away = places[:, np.newaxis] - np.concatenate([places, codes])
        distance = np.maximum(np.linalg.norm(away, axis=-1), 1e-6)
        overlap = np.maximum(clearance - distance, 0)
        np.fill_diagonal(overlap, 0)
        places = places + 0.3 * np.einsum("nm,nmd->nd", overlap / distance, away)
    moved = np.linalg.norm(places - names, axis=1)
    return places, (moved < NAME_REACH) & (overlap[:, len(names) :].max(axis=1, initial=0) < 0.3 * half)


def _darker(colour: str) -> tuple[float, float, float]:
    """The colour as ink: dark enough to be read on white."""
    red, green, blue = (0.62 * part for part in to_rgb(colour))
    return red, green, blue


def draw_legend(sheet: Sheet, x: float, y: float, *, dead: bool) -> None:
    """What the colours and the circles of the planes mean."""
    for digit, colour in enumerate(DIGITS):
        sheet.words(x + 29 * digit, y, [("●", {"color": colour, "size": 8}), (str(digit), {})], gap=4)
    sheet.words(x + 300, y, [("●", {"color": CODE, "size": 10}), ("active code", {})], gap=4)
    if dead:
        sheet.words(x + 400, y, [("◌", {"color": CODE, "size": 10}), ("dead code", {})], gap=4)
