"""Studies: real processes that train on the embedded sample; what they write, and what they do the next time."""

import csv
import io
import multiprocessing

import pytest

from actors.export import FILES
from actors.study import conduct
from actors.sweep import Options
from explorer.errors import ConfigError, ExplorerError
from explorer.study import Study

pytestmark = pytest.mark.timeout(240)
TINY = Study("tiny", "Two rates", {"slow": {"learning_rate": 1e-4}, "fast": {"learning_rate": 1e-2}}, {"batch_size": 8})


@pytest.mark.slow
def test_a_study_goes_on_grows_by_seeds_and_tells_their_spread(cache_dir, no_data, tmp_path) -> None:
    options = Options(str(no_data), jobs=2)
    first = conduct(TINY, [0], 3, tmp_path, options, stream=io.StringIO())
    assert not first.failed
    folders = {f"{variant}_seed-0" for variant in TINY.variants}
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == folders
    assert {path.name for path in (tmp_path / "slow_seed-0").iterdir()} == set(FILES)
    before = (tmp_path / "slow_seed-0" / "history.csv").stat().st_mtime_ns

    said = io.StringIO()
    second = conduct(TINY, [0, 1], 3, tmp_path, options, stream=said)
    assert (tmp_path / "slow_seed-0" / "history.csv").stat().st_mtime_ns == before
    assert "slow · seed 1" in said.getvalue()
    mses = {row.planned.name: row.mse for row in second.rows}
    with (tmp_path / "study.csv").open(newline="", encoding="utf-8") as file:
        told = {row["variant"]: row for row in csv.DictReader(file)}
    slow = [mses["slow · seed 0"], mses["slow · seed 1"]]
    assert told["slow"]["seeds"] == "2"
    assert float(told["slow"]["mse_mean"]) == pytest.approx(sum(slow) / 2, rel=1e-4)
    assert float(told["slow"]["mse_low"]) == pytest.approx(min(slow), rel=1e-4)
    assert float(told["slow"]["mse_high"]) == pytest.approx(max(slow), rel=1e-4)
    assert (tmp_path / "study.md").read_text(encoding="utf-8").strip() in str(second)
    assert {path.name for path in second.files} == {"study.md", "study.csv", "study.png", "summary.csv"}
    assert all(path.stat().st_size for path in second.files)
    assert not multiprocessing.active_children()

    with pytest.raises(ExplorerError, match=r"slow_seed-0 holds another run.*it was to take 3 steps, not 4"):
        conduct(TINY, [0], 4, tmp_path, options, stream=io.StringIO())


@pytest.mark.parametrize(("seeds", "steps", "message"), [([], 3, "seeds"), ([1, 1], 3, "seeds"), ([0], 0, "steps")])
def test_what_makes_no_study_is_refused_before_a_folder_is_made(seeds, steps, message, tmp_path) -> None:
    with pytest.raises(ConfigError, match=message):
        conduct(TINY, seeds, steps, tmp_path / "new", stream=io.StringIO())
    assert not (tmp_path / "new").exists()
