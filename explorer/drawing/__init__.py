"""The panels that `explorer.figures` composes: each draws one thing into a box of a sheet. No pyplot, no jax."""
