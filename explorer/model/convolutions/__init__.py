"""3×3 convolutions of stride 2, in three forms: XLA's own, and as matrix products for processors.

XLA's CPU backend is slower at the direct form, most of all at its gradients. Each module has the same two functions, `conv` and
`conv_transpose`, which compute the same: what flax's `nn.Conv` and `nn.ConvTranspose` (SAME) do, with or without a ReLU behind.
Height and width are even where a convolution halves them. The plain twins are in tests/explorer/model/test_layers.py; what was
measured, and what else was tried: benchmarks/README.md.
"""

from jaxtyping import Array, Float

Images = Float[Array, "B H W C"]
Smaller = Float[Array, "B h w O"]
"""Images of half the height and width."""
Larger = Float[Array, "B 2*H 2*W O"]
Kernel = Float[Array, "3 3 C O"]
Bias = Float[Array, " O"]
