"""`rq-vae-explorer study`: its words, and every mistake in one line."""

import pytest

from ui.app import main
from ui.arguments import parse
from ui.sweep_arguments import seeds_of

pytestmark = pytest.mark.timeout(120)

REFUSED = [
    ([], "NAME"),
    (["codebook"], "invalid choice: 'codebook' .*codebooks"),
    (["codebooks", "codebooks"], "unrecognized"),
    (["codebooks", "--seeds", ""], "seed must be a list such as .*; got ''"),
    (["codebooks", "--seeds", "0,x"], "seed must be a list such as .*; got 'x'"),
    (["codebooks", "--seeds", "0,-1"], "seed must be"),
    (["codebooks", "--seeds", "1.5"], "seed must be"),
    (["codebooks", "--seeds", "nan"], "seed must be"),
    (["codebooks", "--seeds", "2147483648"], "seed must be"),
    (["codebooks", "--seeds", ",".join(map(str, range(50)))], "seeds must be at most 7"),
    (["codebooks", "--steps", "0"], "steps must be"),
    (["codebooks", "--steps", "many"], "steps must be"),
    (["codebooks", "--jobs", "0"], "jobs must be a whole number from 1 to 64; got 0"),
    (["codebooks", "--dataset", "no_such_set"], "no_such_set"),
    (["codebooks", "--dataset", ""], "dataset must be"),
    (["codebooks", "--data-dir", "{folder}/missing"], "missing does not exist"),
    (["codebooks", "--out", "{folder}/file"], "is a file: name a folder"),
    (["codebooks", "--out", "/proc/no-such"], "cannot be written"),
    (["codebooks", "--out", "{folder}/held"], "gradient_seed-0 .*--overwrite"),
    (["codebooks", "--commit", "1"], "unrecognized"),
]


@pytest.mark.parametrize(("words", "message"), REFUSED, ids=[" ".join(words)[:40] or "none" for words, _ in REFUSED])
def test_a_mistake_is_one_line_and_exit_code_2(words, message, capsys, cache_dir, no_data, tmp_path) -> None:
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "held" / "gradient_seed-0").mkdir(parents=True)
    (tmp_path / "held" / "gradient_seed-0" / "config.json").write_text("{}")
    before = set(tmp_path.rglob("*"))
    defaults = {"--out": tmp_path / "out", "--data-dir": no_data}
    added = [str(word) for flag, value in defaults.items() if flag not in words for word in (flag, value)]
    try:
        code = main(["study", *(word.format(folder=tmp_path) for word in words), *added])
    except SystemExit as ending:
        code = ending.code
    said = capsys.readouterr()
    assert code == 2
    assert said.err.startswith("rq-vae-explorer: ")
    assert len(said.err.splitlines()) == 1, said.err
    assert pytest.raises(AssertionError, match=message).matches(AssertionError(said.err.strip())), said.err
    assert said.out == ""
    assert {path.name for path in tmp_path.rglob("*") if path not in before} <= {".sweep.lock"}


def test_without_a_folder_it_says_which_option_is_missing(capsys) -> None:
    with pytest.raises(SystemExit) as ending:
        parse(["study", "codebooks"])
    assert ending.value.code == 2
    assert "--out" in capsys.readouterr().err


def test_seeds_are_kept_in_order_and_each_once() -> None:
    given = parse(["study", "codebooks", "--out", "out", "--seeds", "4, 2,4"])
    assert seeds_of(given) == [4, 2]
    assert seeds_of(parse(["study", "codebooks", "--out", "out"])) == [0, 1, 2]


def test_the_help_has_an_example_and_says_how_to_go_on(capsys) -> None:
    with pytest.raises(SystemExit) as ending:
        parse(["study", "--help"])
    said = capsys.readouterr().out
    assert ending.value.code == 0
    assert "study codebooks --seeds 0,1,2 --steps 3000 --out my-study" in said
    assert "goes on with what is missing" in said
