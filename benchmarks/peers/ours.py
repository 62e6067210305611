"""Our own training step in a plain loop: python ours.py THREADS."""

import sys

from windows import serve

from actors.devices import claim
from explorer.config import RunConfig
from explorer.data import open_dataset

if __name__ == "__main__":
    claim(int(sys.argv[1]), 0.0)
    from explorer.training.trainer import Trainer  # imports jax, which reads what was claimed

    config = RunConfig()
    trainer = Trainer(config, open_dataset(config.dataset))
    serve(lambda: trainer.step(config))
