"""The JSON text of a frame, to and from values, with proof that reading it is safe.

Before parsing: not nested so deep that a walk over it would overflow the stack, not with so many keys that hashing
them is an attack, none of them one that JavaScript could mistake for a prototype. Numbers on the wire are doubles;
integers are kept exact here, however long.
"""

import json
import re
from typing import Callable, Match, Optional

from ._frame_error import FrameError
from .json_types import Json
from .limits import LIMITS

_NESTING = LIMITS.json_nesting
_KEYS = LIMITS.json_keys
_STRUCTURE = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)(?:"|\\?\Z)|[\[\]{}:]', re.DOTALL)
_REFUSED = ("__proto__", "constructor")
#: No longer text than this can spell one of them, even with every letter escaped.
_LONGEST_KEY = 6 * 11


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


_decode: Callable[[str], Json] = json.JSONDecoder(parse_constant=_refuse_constant).decode
#: For integers of thousands of digits, which ``int`` refuses and which are infinite as doubles.
_decode_huge: Callable[[str], Json] = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=float).decode
_encode: Callable[[object], str] = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_encode_ascii: Callable[[object], str] = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def decode_json(raw: bytes) -> Json:
    """The value of a frame's text.

    :raises FrameError: ``too-deep``, ``too-many-keys``, ``forbidden-key``, ``not-utf8`` or ``not-json``
    """
    check_structure(raw)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FrameError("not-utf8", "Frame is not valid UTF-8") from error
    if text.startswith("\ufeff"):
        raise FrameError("not-json", "Frame is not valid JSON: it begins with a byte order mark")
    try:
        return _decode(text)
    except json.JSONDecodeError as error:
        raise FrameError("not-json", f"Frame is not valid JSON: {error.msg} at {error.pos}") from error
    except ValueError:
        return _decode_again(text)


def _decode_again(text: str) -> Json:
    """After a constant that is not JSON, or an integer that is too long for ``int``."""
    try:
        return _decode_huge(text)
    except ValueError as error:
        raise FrameError("not-json", f"Frame is not valid JSON: {error}") from error


def encode_json(value: object) -> bytes:
    """The text of a value, checked as the reader will check it.

    :raises FrameError: ``too-deep``, ``too-many-keys`` or ``forbidden-key``
    :raises ValueError: or TypeError, RecursionError: the value has no JSON text
    """
    try:
        raw = _encode(value).encode("utf-8")
    except UnicodeEncodeError:
        # Half of a surrogate pair: only an escape can say it.
        raw = _encode_ascii(value).encode("ascii")
    check_structure(raw)
    return raw


def check_structure(raw: bytes) -> None:
    """Nesting and keys. What is not JSON may pass; it fails when it is parsed.

    :raises FrameError:
    """
    # Counting is a fraction of a scan's cost, and an upper bound: nearly every frame needs no more, a short
    # one not even that.
    size = len(raw)
    if (
        (size <= _NESTING or raw.count(b"{") + raw.count(b"[") <= _NESTING)
        and (size <= _KEYS or raw.count(b":") <= _KEYS)
        and b"__proto__" not in raw
        and b"constructor" not in raw
        and b"\\u" not in raw
    ):
        return
    _scan(raw)


def _scan(raw: bytes) -> None:
    depth = 0
    keys = 0
    last: Optional[Match[bytes]] = None
    for token in _STRUCTURE.finditer(raw):
        first = raw[token.start()]
        if first == 0x22:
            last = token
        elif first == 0x3A:
            keys += 1
            if keys > _KEYS:
                raise FrameError("too-many-keys", f"Frame has more than {_KEYS} keys")
            if last is not None:
                _refuse_key(last)
        elif first | 0x20 == 0x7B:
            depth += 1
            if depth > _NESTING:
                raise FrameError("too-deep", f"Frame is nested more than {_NESTING} deep")
        else:
            depth -= 1


def _refuse_key(token: Match[bytes]) -> None:
    start, end = token.span(1)
    if not 9 <= end - start <= _LONGEST_KEY:
        return
    try:
        key = _decode('"' + token.group(1).decode("latin-1") + '"')
    except ValueError:
        return
    if key in _REFUSED:
        raise FrameError("forbidden-key", f'Frame has a key "{key}", which is not allowed')
