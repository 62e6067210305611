"""Rate and distortion of a quantized model in the units of the trade; FORMULAS: Health."""

import numpy as np
from jaxtyping import Float


def psnr(mse: float) -> float:
    """Peak signal-to-noise ratio, dB, of images in 0..1 with that mean squared error; infinite for 0, NaN for NaN."""
    with np.errstate(divide="ignore"):
        return float(-10 * np.log10(mse))


def nominal_bits(levels: int, codebook_size: int) -> float:
    """Bits an image costs when every code costs the same: L·log₂K."""
    return float(levels * np.log2(codebook_size))


def effective_bits(perplexity: Float[np.ndarray, " L"]) -> float:
    """Bits that the use of the codes makes of it: Σ log₂ perplexity."""
    return float(np.log2(perplexity).sum())
