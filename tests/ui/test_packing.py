"""Answers put together from parts that were compressed before."""

import gzip
import json

from hypothesis import given
from hypothesis import strategies as st

from ui.packing import Part, as_object, gzipped, plain


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=300)), max_size=8))
def test_any_gzip_reader_reads_the_parts_in_their_order(pieces: list[tuple[bool, bytes]]) -> None:
    parts = [Part(raw) if before else raw for before, raw in pieces]
    assert gzip.decompress(gzipped(parts)) == plain(parts) == b"".join(raw for _, raw in pieces)


@given(st.dictionaries(st.text("abc_", min_size=1), st.lists(st.integers()), max_size=5))
def test_an_object_of_parts_is_the_object(members: dict[str, list[int]]) -> None:
    parts = as_object({name: [Part(json.dumps(value).encode())] for name, value in members.items()})
    assert json.loads(plain(parts)) == members
