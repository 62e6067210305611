"""XLA's own convolutions."""

import jax

from explorer.model.convolutions import Bias, Images, Kernel, Larger, Smaller

DIMENSIONS = ("NHWC", "HWIO", "NHWC")


def conv(x: Images, kernel: Kernel, bias: Bias, relu: bool) -> Smaller:
    """Stride-2 convolution."""
    y = jax.lax.conv_general_dilated(x, kernel, (2, 2), "SAME", dimension_numbers=DIMENSIONS) + bias
    return jax.nn.relu(y) if relu else y


def conv_transpose(x: Images, kernel: Kernel, bias: Bias, relu: bool) -> Larger:
    """Stride-2 transposed convolution."""
    y = jax.lax.conv_transpose(x, kernel, (2, 2), "SAME", dimension_numbers=DIMENSIONS) + bias
    return jax.nn.relu(y) if relu else y
