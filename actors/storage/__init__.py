"""What a run was survives it: a folder for each run. Only `checkpoints` imports jax and orbax; a page reads without them."""
