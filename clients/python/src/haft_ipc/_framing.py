"""The two framings of a connection.

``length`` is a 4-byte little-endian length, then that many bytes of JSON; ``lines`` is JSON and a newline. A
frame is shorter than 16 MiB, so the fourth byte of a length is 0, which JSON text never contains. Thus the
first four bytes of a connection tell the framing. Empty frames are skipped; a client sends one as it
connects, so that a server that speaks first knows the framing.
"""

import struct
from typing import Sequence

from ._typing import Literal

Framing = Literal["length", "lines"]

LENGTH_BYTES = 4
_LENGTH = struct.Struct("<I")


def detect_framing(fourth: int) -> Framing:
    """The framing of a connection, from its fourth byte."""
    return "length" if fourth == 0 else "lines"


def check_framing(framing: str) -> Framing:
    """:raises ValueError: for any other word"""
    if framing == "length":
        return "length"
    if framing == "lines":
        return "lines"
    raise ValueError(f'Unknown framing "{framing}": use "length" or "lines"')


def preamble(framing: Framing) -> bytes:
    """The first bytes of a client: empty frames, long enough to tell the framing."""
    return bytes(LENGTH_BYTES) if framing == "length" else b"\n" * LENGTH_BYTES


def frames(framing: Framing, texts: Sequence[bytes]) -> bytes:
    """The bytes of several frames in a row."""
    if framing == "length":
        pack = _LENGTH.pack
        return b"".join([part for text in texts for part in (pack(len(text)), text)])
    return b"".join([text + b"\n" for text in texts])


def frame(framing: Framing, text: bytes) -> bytes:
    """The bytes of one frame."""
    if framing == "length":
        return len(text).to_bytes(LENGTH_BYTES, "little") + text
    return text + b"\n"
