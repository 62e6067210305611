"""What all tests share: a quiet, reproducible environment and small real data."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from actors.mappings import forget_compiled
from tests.containers.leftovers import remove_leftovers

# Read when jax and ray are imported. What was compiled once is shared by all processes and the next time.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parent.parent / ".pytest_cache" / "compiled"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")
os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

slow = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile("any machine", deadline=None, suppress_health_check=slow)
hypothesis.settings.load_profile("any machine")

REQUIRED = os.environ.get("RQVAE_REQUIRE_ALL") == "1"
"""Set by CI: what is missing on this machine then fails instead of being skipped."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin on a machine where nothing of an earlier session trains."""
    if not hasattr(session.config, "workerinput"):
        remove_leftovers()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Share out files to the processes; the slow tests, which share clusters, are one group, and the containers another.

    The containers come last: their cluster stays up until all tests of their process have run. Before them, in their process, is
    what they would disturb.
    """
    items.sort(key=lambda item: "/containers/" in item.nodeid)
    for item in items:
        file = item.nodeid.partition("::")[0]
        with_containers = "/containers/" in file or item.get_closest_marker("still_network")
        slow = "containers" if with_containers else "slow"
        item.add_marker(pytest.mark.xdist_group(slow if item.get_closest_marker("slow") else file))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fail where groups are not heeded: each process would then start every cluster, beside those of the other."""
    if session.config.getoption("loadgroup", default=False):
        loose = [item.nodeid for item in session.items if "@" not in item.nodeid]
        if loose:
            raise pytest.UsageError(f"pytest-xdist does not group tests with pytest {pytest.__version__}: {loose[0]}")


@pytest.fixture(scope="module", autouse=True)
def keep_within_the_kernels_mappings() -> Iterator[None]:
    """A process that compiles as much as all tests do ends where there are no more memory mappings."""
    yield
    forget_compiled()


@pytest.fixture(autouse=True)
def keep_slow_tests_within_the_kernels_mappings(request: pytest.FixtureRequest) -> Iterator[None]:
    """The slow tests of one file may compile more than a process has mappings for."""
    yield
    if request.node.get_closest_marker("slow"):
        forget_compiled()


def require(present: bool, missing: str) -> None:
    """Skip with the reason, or fail where everything is required."""
    if not present:
        (pytest.fail if REQUIRED else pytest.skip)(missing)


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of the tests' own, for this process and those that it starts."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            patch.setenv(proxy, "http://127.0.0.1:9")  # nobody there: nothing is downloaded, here or in a Ray worker
        for direct in ("NO_PROXY", "no_proxy"):
            patch.setenv(direct, "127.0.0.1,localhost")
        patch.setenv("RQVAE_CACHE_DIR", str(folder))
        yield folder


@pytest.fixture(scope="session")
def no_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds nothing, so that the embedded sample serves."""
    return tmp_path_factory.mktemp("no-data")


@pytest.fixture(scope="session")
def sample(cache_dir: Path, no_data: Path):
    """The embedded sample: 5,000 real digits."""
    from explorer.data import open_dataset

    return open_dataset("mnist", no_data)


@pytest.fixture(scope="session")
def full_mnist() -> Path:
    """The folder of the complete MNIST."""
    folder = os.environ.get("TFDS_DATA_DIR", "")
    require(bool(folder) and (Path(folder) / "mnist").is_dir(), "TFDS_DATA_DIR names no folder with a prepared mnist")
    return Path(folder).absolute()
