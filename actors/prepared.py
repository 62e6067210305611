"""A run's first seconds, spent before anybody asks for it: imports, compiled functions, one look.

What is compiled serves every later run of the same shape in the process; the config is the one that the page offers first.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from actors.devices import give_back_freed_memory
from actors.programs import programs
from explorer.config import RunConfig
from explorer.data import Dataset, open_dataset
from explorer.errors import ExplorerError
from explorer.training.recipe import Recipe

logger = logging.getLogger(__name__)


class Preparation:
    """A run's first seconds in a thread of their own; without a config there is nothing to prepare."""

    def __init__(self, config: RunConfig | None, data_dir: str | Path | None) -> None:
        self._config, self._data_dir = config, data_dir
        self._wanted, self._compiled = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._live, name="prepare", daemon=True)

    def begin(self) -> None:
        """Begin; returns at once."""
        if self._config is not None:
            self._thread.start()

    def open_data(self, config: RunConfig, say: Callable[[str], None]) -> Dataset:
        """The data of a run of this config, once what is being compiled for it is there: compiled twice it takes longer."""
        if self._serves(config):
            say("compiling the training step")
            self._wanted.set()
            self._compiled.wait()
        return open_dataset(config.dataset, self._data_dir, say)

    def _live(self) -> None:
        assert self._config is not None
        try:
            self._prepare(self._config)
        finally:
            self._compiled.set()
        give_back_freed_memory()

    def _prepare(self, config: RunConfig) -> None:
        """Do all that a run of this config does until its first step, and throw it away; what is wrong the run itself will say.

        Once nothing is left to compile, a run that waits for it does the rest itself.
        """
        from explorer.training.trainer import Trainer  # imports jax, which reads what was claimed

        try:
            dataset = open_dataset(config.dataset, self._data_dir)
            kept = programs(config, dataset)
            if kept is not None:
                self._compiled.set()
                if self._wanted.is_set():
                    return
            trainer = Trainer(config, dataset, programs=kept)
        except ExplorerError as error:
            logger.debug("nothing could be prepared: %s", error)
            return
        trainer.warm_up()
        trainer.view(config)

    def _serves(self, config: RunConfig) -> bool:
        """Whether it is under way, and what it compiles is what a run of `config` needs."""
        if self._config is None or not self._thread.is_alive():
            return False
        return Recipe.of(self._config) == Recipe.of(config)
