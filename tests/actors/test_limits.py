"""What a page allows on its lab: read from words, refused in words."""

import pytest

from actors.limits import NO_LIMITS, Limits, parse_memory, size_in_words
from explorer.errors import ConfigError, NoCapacity


def test_what_is_left_out_or_empty_is_no_limit() -> None:
    assert Limits.from_words({"max_runs": None, "memory_per_run": "", "pause_idle": ""}) == NO_LIMITS
    NO_LIMITS.refuse_runs(10**6, 10**6)
    NO_LIMITS.refuse_comparison(10**6)
    assert NO_LIMITS.in_words() == ()


def test_limits_are_read_alike_from_text_and_numbers() -> None:
    words = {
        "max_runs": "8",
        "max_comparison": 4,
        "memory_per_run": "1.5GB",
        "pause_idle": "30",
        "checkpoint_every": "4",
    }
    assert Limits.from_words(words) == Limits(8, 4, 1_500_000_000, 1800.0, 4.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_runs", 0),
        ("max_runs", "many"),
        ("max_runs", "1.5"),
        ("max_comparison", 1),
        ("max_comparison", 65),
        ("pause_idle", 0),
        ("pause_idle", "-5"),
        ("pause_idle", "nan"),
        ("checkpoint_every", 0),
        ("memory_per_run", "2 bananas"),
        ("memory_per_run", "1kB"),
        ("memory_per_run", "-2GB"),
        ("memory_per_run", "99999TB"),
    ],
)
def test_a_limit_out_of_range_is_refused_by_its_name_and_value(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"^{name.replace('_', '-')} must be .*; got '?{value}"):
        Limits.from_words({name: value})


@pytest.mark.parametrize(
    ("text", "size"),
    [("2GB", 2 * 10**9), ("2g", 2 * 10**9), ("2GiB", 2**31), ("750 MB", 750 * 10**6), ("64000000", 64 * 10**6)],
)
def test_sizes_are_decimal_unless_they_say_otherwise(text: str, size: int) -> None:
    assert parse_memory("memory-per-run", text) == size


def test_the_last_run_allowed_starts_and_the_next_is_refused_in_words() -> None:
    limits = Limits(max_runs=4)
    limits.refuse_runs(3)
    with pytest.raises(
        NoCapacity, match=r"has 4 runs and takes 4 at most \(--max-runs\): another one cannot start; stop"
    ):
        limits.refuse_runs(4)
    limits.refuse_runs(1, 3)
    with pytest.raises(NoCapacity, match="has 1 run and takes 4 at most.*4 more cannot start"):
        limits.refuse_runs(1, 4)


def test_a_comparison_beyond_its_limit_is_refused_in_words() -> None:
    Limits(max_comparison=4).refuse_comparison(4)
    with pytest.raises(NoCapacity, match=r"takes 4 runs at most \(--max-comparison\); these values make 9"):
        Limits(max_comparison=4).refuse_comparison(9)


def test_every_limit_that_is_set_is_said() -> None:
    said = Limits(8, 4, 1_500_000_000, 90.0).in_words()
    assert said == (
        "at most 8 runs",
        "at most 4 in a comparison",
        "1.5 GB memory for each run",
        "runs that nobody watches for 1.5 min are paused",
    )
    assert [size_in_words(size) for size in (64e6, 2e9, 1.234e12)] == ["64 MB", "2 GB", "1.23 TB"]
