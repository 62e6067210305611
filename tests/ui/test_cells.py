"""Which places of a plane get which code, as the page draws it: against numpy's nearest codes."""

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.ui.test_modules import page as page
from tests.ui.test_modules import run

BOX = [-3.0, -2.0, 3.0, 4.0]
ROUNDING = 1e-6


def chosen(points: np.ndarray, codes: np.ndarray, *, angular: bool) -> np.ndarray:
    """Each point's code, the first of those that are as near."""
    if angular:
        lengths = np.linalg.norm(codes, axis=1, keepdims=True)
        scores = points @ (codes / np.where(lengths < 1e-6, np.inf, lengths)).T
        return np.argmax(np.round(scores, 12), axis=1)  # codes in one direction are as near, but for rounding
    return np.argmin(((points[:, None] - codes[None]) ** 2).sum(axis=-1), axis=1)


def tuples(points: np.ndarray, codebooks: list[np.ndarray], *, angular: bool) -> np.ndarray:
    rest, found = points, []
    for codes in codebooks:
        found.append(chosen(rest, codes, angular=angular))
        rest = rest - codes[found[-1]]
    return np.stack(found, axis=1)


def within(points: np.ndarray, polygon: list[float], slack: float) -> np.ndarray:
    """Which points a convex, counter-clockwise polygon holds, its border widened by `slack`."""
    corners = np.array(polygon).reshape(-1, 2)
    edges = np.roll(corners, -1, axis=0) - corners
    lengths = np.linalg.norm(edges, axis=1)
    corners, edges = corners[lengths > 0], edges[lengths > 0] / lengths[lengths > 0, None]
    to = points[:, None] - corners[None]
    return (edges[:, 0] * to[:, :, 1] - edges[:, 1] * to[:, :, 0] >= -slack).all(axis=1)


def area(polygon: list[float]) -> float:
    x, y = np.array(polygon).reshape(-1, 2).T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def sample(random: np.random.Generator, count: int) -> np.ndarray:
    return random.uniform(BOX[:2], BOX[2:], (count, 2))


def cells(page: Page, codes: np.ndarray, *, angular: bool) -> list[list[float]]:
    body = "return module.cells(new Float32Array(given.codes), given.box, given.angular);"
    return run(page, "voronoi.js", body, {"codes": codes.ravel().tolist(), "box": BOX, "angular": angular})


def joint(page: Page, codebooks: list[np.ndarray], *, angular: bool = False, most: int = 5000) -> Any:
    body = (
        "const codebooks = given.codebooks.map((codes) => new Float32Array(codes));"
        "return module.joint(codebooks, given.box, { angular: given.angular, most: given.most });"
    )
    flat = [codes.ravel().tolist() for codes in codebooks]
    return run(page, "voronoi.js", body, {"codebooks": flat, "box": BOX, "angular": angular, "most": most})


def a_codebook(kind: str, random: np.random.Generator) -> np.ndarray:
    codes = random.normal(size=(24, 2)).astype(np.float32)
    if kind == "several at one place":
        codes[5:12] = codes[3]
    elif kind == "all at one place":
        codes[:] = codes[0]
    elif kind == "on a line":
        codes[:, 1] = codes[:, 0]
    elif kind == "one at the origin":
        codes[7] = 0
    elif kind == "two":
        codes = codes[:2]
    elif kind == "many":
        codes = random.normal(size=(700, 2)).astype(np.float32)
    elif kind == "out of sight":
        codes[::2] += 40
    return codes


@pytest.mark.parametrize("angular", [False, True])
@pytest.mark.parametrize(
    "kind",
    [
        "usual",
        "several at one place",
        "all at one place",
        "on a line",
        "one at the origin",
        "two",
        "many",
        "out of sight",
    ],
)
def test_each_place_lies_in_the_cell_of_its_nearest_code_and_cells_fill_the_box(
    page: Page, kind: str, angular: bool
) -> None:
    random = np.random.default_rng(len(kind))
    codes = a_codebook(kind, random)
    polygons = cells(page, codes, angular=angular)
    assert len(polygons) == len(codes)
    assert sum(area(polygon) for polygon in polygons if polygon) == pytest.approx(36, rel=1e-6)
    points = sample(random, 3000)
    nearest = chosen(points, codes.astype(np.float64), angular=angular)
    for code in np.unique(nearest):
        assert polygons[code], code
        assert within(points[nearest == code], polygons[code], ROUNDING).all()


@pytest.mark.parametrize("angular", [False, True])
@pytest.mark.parametrize("sizes", [(5,), (6, 6), (7, 3, 5), (4, 2, 3, 2)])
def test_each_place_lies_in_the_joint_cell_of_its_tuple_of_codes(
    page: Page, sizes: tuple[int, ...], angular: bool
) -> None:
    random = np.random.default_rng(sum(sizes))
    codebooks = [(random.normal(size=(size, 2)) / 2**level).astype(np.float32) for level, size in enumerate(sizes)]
    parts = joint(page, codebooks, angular=angular)
    polygons = {tuple(part["tuple"]): part["polygon"] for part in parts}
    assert len(polygons) == len(parts)
    assert sum(area(polygon) for polygon in polygons.values()) == pytest.approx(36, rel=1e-6)
    points = sample(random, 4000)
    found = tuples(points, [codes.astype(np.float64) for codes in codebooks], angular=angular)
    for codes in np.unique(found, axis=0):
        mine = points[(found == codes).all(axis=1)]
        assert within(mine, polygons[tuple(codes)], ROUNDING).all(), codes
        part = next(part for part in parts if part["tuple"] == codes.tolist())
        expected = sum(codebook[code] for codebook, code in zip(codebooks, codes, strict=True))
        np.testing.assert_allclose([part["x"], part["y"]], expected, atol=1e-6)


def test_more_joint_cells_than_can_be_told_apart_are_not_made(page: Page) -> None:
    random = np.random.default_rng(0)
    codebooks = [random.normal(size=(12, 2)).astype(np.float32) / 2**level for level in range(3)]
    whole = joint(page, codebooks)
    assert len(whole) > 500
    assert joint(page, codebooks, most=len(whole)) == whole
    assert joint(page, codebooks, most=len(whole) - 1) is None


def test_cells_of_the_largest_codebook_need_not_be_cut_by_every_other_code(page: Page) -> None:
    body = """
    const codes = Float32Array.from({ length: 2048 }, (_, i) => Math.sin(i * i) + Math.sin(7 * i));
    const all = [...Array(1024).keys()];
    const cut = (code) => all.reduce((polygon, other) => {
      if (other === code || !polygon.length) return polygon;
      const [x, y, u, v] = [codes[2 * code], codes[2 * code + 1], codes[2 * other], codes[2 * other + 1]];
      return module.clipped(polygon, u - x, v - y, (u * u + v * v - x * x - y * y) / 2);
    }, module.rectangle(given));
    const best = (make) => Math.min(...[1, 2, 3].map(() => {
      const before = performance.now();
      make();
      return performance.now() - before;
    }));
    return [best(() => module.cells(codes, given)), best(() => all.map(cut))];
    """
    clever, plain = run(page, "voronoi.js", body, [-60, -60, 60, 60])
    assert clever < plain / 2


def test_a_cells_digit_is_the_one_that_most_of_its_images_show(page: Page) -> None:
    body = (
        "const view = { points: 7, levels: 2, assigned: Uint8Array.from(given.codes.flat()) };"
        "const labels = Uint8Array.from(given.labels);"
        "return [[0, 0], [0, 1]].map(([from, to]) => Object.fromEntries(module.owners(view, labels, from, to)));"
    )
    codes = [[3, 1], [3, 1], [3, 0], [3, 0], [3, 0], [5, 1], [5, 1]]
    labels = [4, 4, 9, 9, 9, 7, 2]
    first, both = run(page, "mosaic.js", body, {"codes": codes, "labels": labels})
    assert first == {"3": {"digit": 9, "purity": 0.6}, "5": {"digit": 2, "purity": 0.5}}
    assert both["3,1"] == {"digit": 4, "purity": 1}
    assert both["3,0"] == {"digit": 9, "purity": 1}
