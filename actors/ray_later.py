"""Ray, imported when something of it is first used: that takes a second, for which a page that is being opened does not wait."""

import os
from typing import TYPE_CHECKING, Any

# Read when ray is imported: no telemetry, and no second `uv run` around every worker.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")


class _Later:
    """Stands for the package, with those of its modules that are used here."""

    def __getattr__(self, name: str) -> Any:
        import ray
        import ray._private.node
        import ray._private.services
        import ray._private.state
        import ray._raylet
        import ray.exceptions
        import ray.util
        import ray.util.metrics

        return getattr(ray, name)


if TYPE_CHECKING:
    import ray
    import ray._private.node
    import ray._private.services
    import ray._private.state
    import ray._raylet
    import ray.exceptions
    import ray.util
    import ray.util.metrics
else:
    ray = _Later()


def state_of(actor: Any) -> str | None:
    """An actor's state as the cluster knows it; None before it has heard of it."""
    return ray._private.state.actors(actor._actor_id.hex()).get("State")
