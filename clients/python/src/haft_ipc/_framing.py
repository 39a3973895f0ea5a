"""How frames are told apart on a connection.

``length`` is a 4-byte little-endian length, then that many bytes of JSON; ``lines`` is JSON and a newline. A frame is
shorter than 16 MiB, so the fourth byte of a length is 0, which no JSON text contains: the first four bytes of a
connection say which it is. An empty frame carries nothing and is skipped; a client sends one as it connects, so that
the server knows the framing even when it speaks first.
"""

from typing import Literal, get_args

Framing = Literal["length", "lines"]

LENGTH_BYTES = 4


def detect_framing(fourth: int) -> Framing:
    """The framing that the fourth byte of a connection tells."""
    return "length" if fourth == 0 else "lines"


def check_framing(framing: str) -> Framing:
    """:raises ValueError: for any other word"""
    for known in get_args(Framing):
        if framing == known:
            return "length" if known == "length" else "lines"
    raise ValueError(f'Unknown framing "{framing}": use "length" or "lines"')


def preamble(framing: Framing) -> bytes:
    """What a client sends as it connects: empty frames, long enough to tell the framing."""
    return bytes(LENGTH_BYTES) if framing == "length" else b"\n" * LENGTH_BYTES


def frame(framing: Framing, text: bytes) -> bytes:
    """The bytes of one frame."""
    if framing == "length":
        return len(text).to_bytes(LENGTH_BYTES, "little") + text
    return text + b"\n"
