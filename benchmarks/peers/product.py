"""How many float32 operations a second this machine's matrix product does: python product.py THREADS. A "step" is one product."""

import os
import sys

os.environ |= {"NPROC": sys.argv[1], "JAX_PLATFORMS": "cpu"}  # read when jax is imported

import jax
from windows import serve

SIZE = 2048

if __name__ == "__main__":
    matrix = jax.random.normal(jax.random.key(0), (SIZE, SIZE))
    product = jax.jit(lambda matrix: matrix @ matrix)
    serve(lambda: product(matrix).block_until_ready(), gflop=2 * SIZE**3 / 1e9)
