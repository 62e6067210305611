"""The composition root: reads the command line, builds a Lab and the page, and ends both cleanly."""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from actors.lab import Lab
from explorer.config import RunConfig
from explorer.data import check_dataset, open_dataset
from explorer.errors import ExplorerError
from explorer.study import find_study
from ui.argument_parts import complain
from ui.arguments import limits_of, parse, run_config
from ui.runs_command import runs_command
from ui.sweep_arguments import seeds_of, sweep_configs, sweep_steps

if TYPE_CHECKING:
    from actors.comparisons import Comparisons
    from actors.sweep import Swept
    from ui.server import Server

logger = logging.getLogger("rq-vae-explorer")

NATIVE = ("prepare", "run-", "data")
"""How the names of threads begin that may be in compiled code: XLA's, or what reads the data."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code: 0 done, 1 a run failed, 2 a mistake said in one line, 130 interrupted."""
    arguments = parse(list(sys.argv[1:] if argv is None else argv))
    _make_absolute("TFDS_DATA_DIR", "RQVAE_CACHE_DIR")
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logger.setLevel(logging.INFO)
    try:
        return _COMMANDS[arguments.command](arguments)
    except ExplorerError as error:
        complain(error)
        return 2
    except KeyboardInterrupt:
        return 130


def _make_absolute(*names: str) -> None:
    """Folders that the environment names, for processes that work in another folder."""
    for name in names:
        if os.environ.get(name):
            os.environ[name] = str(Path(os.environ[name]).expanduser().absolute())


def _train(arguments: argparse.Namespace) -> int:
    config = run_config(arguments)
    from actors.devices import claim_local
    from actors.headless import train

    claim_local(arguments.gpu, config.batch_size)
    check_dataset(config.dataset, arguments.data_dir)
    open_data = partial(open_dataset, config.dataset, arguments.data_dir)
    summary = train(config, arguments.steps, arguments.out, open_data, overwrite=arguments.overwrite)
    print(summary)
    if summary.interrupted:
        return 130
    return 1 if summary.failed else 0


def _sweep(arguments: argparse.Namespace) -> int:
    configs, steps = sweep_configs(arguments), sweep_steps(arguments)
    from actors.sweep import sweep

    check_dataset(arguments.dataset, arguments.data_dir)
    return _tell(
        lambda: sweep(
            configs,
            steps,
            arguments.out,
            data_dir=arguments.data_dir,
            jobs=arguments.jobs,
            overwrite=arguments.overwrite,
            gpu=arguments.gpu,
        )
    )


def _study(arguments: argparse.Namespace) -> int:
    study, seeds = find_study(arguments.study), seeds_of(arguments)
    study.runs(seeds, arguments.dataset)
    from actors.study import conduct
    from actors.sweep import Options

    check_dataset(arguments.dataset, arguments.data_dir)
    options = Options(arguments.data_dir, arguments.jobs, arguments.overwrite, arguments.gpu)
    return _tell(lambda: conduct(study, seeds, arguments.steps, arguments.out, options, dataset=arguments.dataset))


def _tell(train: Callable[[], "Swept"]) -> int:
    """Print what became of a sweep; the exit code."""
    try:
        swept = train()
    except KeyboardInterrupt:
        complain("interrupted: the same command goes on with what is missing")
        return 130
    if swept.interrupted:
        complain(swept)
        return 130
    print(swept)
    return 1 if swept.failed else 0


def _serve(arguments: argparse.Namespace) -> int:
    interrupted = _interrupt_between_imports()
    RunConfig(dataset=arguments.dataset)
    said = check_dataset(arguments.dataset, arguments.data_dir)
    _compile_early(arguments)
    from actors.collecting import not_collecting

    with not_collecting():
        lab, comparisons, server = _page(arguments, said)
    stopped, code = threading.Event(), 0
    try:
        server.start()
        logger.info("RQ-VAE Explorer is at %s (Ctrl-C ends it)", server.url)
        _open_early(arguments)
        lab.connect()
        _end_on_signals(stopped)
        if interrupted.is_set():
            raise KeyboardInterrupt
        if not arguments.local:
            logger.info("%s", lab.info().message)
        stopped.wait()
    except KeyboardInterrupt:
        code = 130
    finally:
        _end_on_signals(stopped)
        server.ask_to_stop()
        comparisons.close()
        lab.close()
        server.close()
    _end_around_native_code(code)
    return code


def _page(arguments: argparse.Namespace, said: str) -> tuple[Lab, "Comparisons", "Server"]:
    """What is served, and not yet started."""
    from ui.login import login
    from ui.server import Server, application, bind

    lab = _lab(arguments)
    listener = bind(arguments.host, arguments.port)
    check = login(arguments.users_file, listener.getsockname()[0])
    logger.info("Opening %s ...", said)
    from actors.comparisons import Comparisons
    from ui.api import expose
    from ui.page import CSS, HEAD, THEME, build_page

    comparisons = Comparisons(lab, limits_of(arguments))
    page = build_page(lab, comparisons, refresh_seconds=arguments.refresh, dataset=arguments.dataset)
    with page:
        expose(lab, comparisons)
    server = Server(application(page, THEME, CSS, HEAD, check), listener)
    return lab, comparisons, server


def _lab(arguments: argparse.Namespace) -> Lab:
    from actors.storage.archive import Archive, default_runs_dir

    runs_dir, first = arguments.runs_dir or default_runs_dir(), RunConfig(dataset=arguments.dataset)
    Archive(runs_dir).prepare()
    if arguments.local:
        from actors.local_lab import LocalLab

        return LocalLab(arguments.data_dir, runs_dir, limits_of(arguments), first)
    from actors.ray_lab import RayLab

    lab = RayLab(
        arguments.address,
        arguments.data_dir,
        arguments.cpus_per_run,
        arguments.gpu,
        runs_dir=runs_dir,
        bring_back=arguments.bring_back,
        limits=limits_of(arguments),
        first=first,
    )
    lab.check()
    return lab


def _compile_early(arguments: argparse.Namespace) -> None:
    """Have what the first run will probably need compiled while the page and Ray start."""
    from actors.devices import claim_local, tell_xla
    from actors.programs import compile_ahead

    if arguments.local:
        claim_local(arguments.gpu)
    environment = dict(os.environ)
    if not arguments.local:
        tell_xla(int(arguments.cpus_per_run), 0.0, environment)
    if not arguments.address and not isinstance(arguments.gpu, float):
        compile_ahead(RunConfig(dataset=arguments.dataset), environment)


def _open_early(arguments: argparse.Namespace) -> None:
    """Prepare the data in the background, so that the first run finds it ready; say what it is."""

    def open_it() -> None:
        try:
            dataset = open_dataset(arguments.dataset, arguments.data_dir, lambda text: logger.info("%s", text))
            logger.info("Data: %s", dataset.source)
        except ExplorerError as error:
            logger.warning("%s", error)

    threading.Thread(target=open_it, name="data", daemon=True).start()


def _interrupt_between_imports() -> threading.Event:
    """While the command starts, let Ctrl-C wait until no import is under way: amid one, what it raises may get lost.

    It may elsewhere, too (in a callback, while an object is deleted): the event that comes back says that it was pressed.
    """
    pressed = threading.Event()

    def interrupt(_number: int, frame: FrameType | None) -> None:
        pressed.set()
        if not _importing(frame):
            raise KeyboardInterrupt
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()

    signal.signal(signal.SIGINT, interrupt)
    return pressed


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _end_around_native_code(code: int) -> None:
    """End at once if a thread may still be in compiled code: all else is closed, and the interpreter would abort around it."""
    if any(thread.name.startswith(NATIVE) for thread in threading.enumerate()):
        logging.shutdown()
        os._exit(code)


def _end_on_signals(stopped: threading.Event) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)


_COMMANDS = {"train": _train, "sweep": _sweep, "study": _study, "serve": _serve, "runs": runs_command}


if __name__ == "__main__":
    sys.exit(main())
