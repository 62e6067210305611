"""Rate and distortion of a quantized model in the units of the trade; FORMULAS: Health."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float


def psnr(mse: float) -> float:
    """Peak signal-to-noise ratio, dB, of images in 0..1 with that mean squared error; infinite for 0, NaN for NaN."""
    with np.errstate(divide="ignore"):
        return float(-10 * np.log10(mse))


def nominal_bits(sizes: Sequence[int]) -> float:
    """Bits an image costs when every code of a level costs the same: Σ log₂ K_l, which is L·log₂K for equal sizes."""
    return float(np.log2(sizes).sum())


def effective_bits(perplexity: Float[np.ndarray, " L"]) -> float:
    """Bits that the use of the codes makes of it: Σ log₂ perplexity."""
    return float(np.log2(perplexity).sum())
