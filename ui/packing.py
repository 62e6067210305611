"""Gzip by parts: what is the same for every viewer is compressed once, and answers are put together from the parts."""

import struct
import zlib
from collections.abc import Iterable

_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


class Part:
    """Bytes, and the same deflated to a whole number of bytes, so that others can follow them (RFC 1951, sync flush)."""

    __slots__ = ("deflated", "raw")

    def __init__(self, raw: bytes, level: int = 6) -> None:
        self.raw = raw
        compressor = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
        self.deflated = compressor.compress(raw) + compressor.flush(zlib.Z_FULL_FLUSH)


def gzipped(parts: Iterable["Part | bytes"]) -> bytes:
    """One gzip stream of the parts, in order (RFC 1952); plain bytes are compressed now."""
    checksum = length = 0
    pieces = [_HEADER]
    for part in parts:
        done = part if isinstance(part, Part) else Part(part, 1)
        checksum = zlib.crc32(done.raw, checksum)
        length += len(done.raw)
        pieces.append(done.deflated)
    end = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS).flush(zlib.Z_FINISH)
    return b"".join([*pieces, end, struct.pack("<II", checksum, length & 0xFFFFFFFF)])


def plain(parts: Iterable["Part | bytes"]) -> bytes:
    """The bytes of the parts."""
    return b"".join(part.raw if isinstance(part, Part) else part for part in parts)


def as_object(members: dict[str, "list[Part | bytes]"]) -> "list[Part | bytes]":
    """JSON: an object whose members' values are made of parts of JSON."""
    parts: list[Part | bytes] = []
    glue = b"{"
    for name, value in members.items():
        parts += [glue + b'"' + name.encode() + b'":', *value]
        glue = b","
    return [*parts, b"}"] if members else [b"{}"]
