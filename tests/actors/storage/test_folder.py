import json
from dataclasses import fields, replace

import pytest

from actors.lab import Card, Comparison, Plan
from actors.storage.files import Damaged, replace_with
from actors.storage.folder import FORMAT, Log, Manifest, RunFolder
from explorer.config import Lambdas, RunConfig
from explorer.errors import ExplorerError
from explorer.messages import Change, Event

PLAN = Plan("run-parent", None, (Change(5, "commit", 0.5),), 200, Comparison("cmp", "three λ", in_step=True))
MANIFEST = Manifest("run-1", RunConfig(levels=3, lambdas=Lambdas(commit=2.0)), PLAN, 7, 12.5)
LOG = Log(1, "running", "", "", 9, 0, None, RunConfig().live, (Event(4, "setting", {"name": "commit"}),), 99.0, "ray")


@pytest.fixture
def folder(tmp_path) -> RunFolder:
    made = RunFolder(tmp_path / "run-1")
    made.create(MANIFEST, Card("first", note="a note", pinned=True))
    return made


def test_what_was_written_is_read_back(folder) -> None:
    again = RunFolder(folder.path)
    read = again.manifest()
    assert replace(read, plan=PLAN) == MANIFEST
    assert [getattr(read.plan, f.name) for f in fields(PLAN)] == [getattr(PLAN, f.name) for f in fields(PLAN)]
    assert again.card(Card("", comparison=PLAN.comparison)) == Card(
        "first", "a note", pinned=True, comparison=PLAN.comparison
    )
    assert again.claim() == 1
    again.write_log(LOG)
    assert again.log() == LOG


@pytest.mark.parametrize(
    ("version", "words"), [(FORMAT + 1, "a newer version.*update it"), (FORMAT - 1, "an older version")]
)
def test_a_folder_of_another_version_is_refused_in_words(folder, version: int, words: str) -> None:
    path = folder.path / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": version}))
    with pytest.raises(ExplorerError, match=rf"run.json was written by {words}"):
        folder.manifest()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": 1}', "\0\0\0"])
def test_a_manifest_that_is_not_whole_is_named(folder, content) -> None:
    (folder.path / "run.json").write_text(content)
    with pytest.raises(ExplorerError, match="run.json"):
        folder.manifest()


def test_each_claim_takes_the_folder_from_the_one_before(folder) -> None:
    other = RunFolder(folder.path)
    assert folder.claim() == 1
    assert not folder.superseded(1)
    assert other.claim() == 2
    assert folder.superseded(1)
    assert not other.superseded(2)


def test_a_damaged_log_gives_way_to_the_one_before_and_is_named(folder) -> None:
    folder.claim()
    folder.write_log(LOG)
    folder.claim()
    (folder.path / "log-0002.json").write_text('{"incarnation": 2, "sta')
    assert folder.log() == LOG
    assert [("log-0002.json" in text, "damaged" in text) for text in folder.damage] == [(True, True)]


def test_a_file_that_could_not_be_written_whole_leaves_the_old_one(folder) -> None:
    def fail(file) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    before = (folder.path / "card.json").read_text()
    with pytest.raises(OSError, match="No space"):
        replace_with(folder.path / "card.json", fail)
    assert (folder.path / "card.json").read_text() == before
    assert not list(folder.path.glob(".tmp-*"))


def test_damage_travels_between_processes() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(Damaged("/a/file", "cut short")))
    assert (isinstance(error, ExplorerError), str(error)) == (True, "/a/file is damaged (cut short)")
