"""The plane in which latents of more than two dimensions are drawn. Host side, numpy."""

import numpy as np
from jaxtyping import Float


def plane(
    latents: Float[np.ndarray, "P D"], last: Float[np.ndarray, "D 2"] | None = None
) -> tuple[Float[np.ndarray, "D 2"], float]:
    """Orthonormal columns that span the latents' first two principal components, and the share of their variance there.

    Within their plane the columns are turned to lie as near as they can to those of the `last` plane, or of the first two
    axes (orthogonal Procrustes, Schönemann 1966), so that a picture does not jump. The identity for D = 2.
    """
    dim = latents.shape[-1]
    last = np.eye(dim, 2, dtype=np.float32) if last is None else last
    if dim == 2:
        return np.eye(2, dtype=np.float32), 1.0
    points = latents.astype(np.float64)
    if not np.isfinite(points).all():
        return last, 0.0
    variances, directions = np.linalg.eigh(np.cov(points, rowvar=False))  # ascending
    principal = directions[:, -1:-3:-1]
    left, _, right = np.linalg.svd(principal.T @ last)
    total = variances.sum()
    explained = float(variances[-2:].sum() / total) if total > 0 else 1.0
    return (principal @ left @ right).astype(np.float32), explained
