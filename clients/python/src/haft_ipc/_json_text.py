"""Encodes and decodes the JSON text of a frame, and checks that it is safe to parse.

Checked before parsing: nesting (a deep text overflows the stack of a recursive reader), the number of keys
(hashing them is an attack) and the keys that JavaScript takes for a prototype. Numbers on the wire are
doubles; integers stay exact here, however long.
"""

import json
import re
from typing import Callable, Dict, Match, Optional, Tuple

from ._frame_error import FrameError
from ._json_encoder import make_encoder
from .json_types import Json, JsonInput
from .limits import LIMITS

_NESTING = LIMITS.json_nesting
_KEYS = LIMITS.json_keys
_STRUCTURE = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)(?:"|\\?\Z)|[\[\]{}:]', re.DOTALL)
_REFUSED = ("__proto__", "constructor")
#: The longest text that spells one of them, with every letter escaped.
_LONGEST_KEY = 6 * 11


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


_decode: Callable[[str], Json] = json.JSONDecoder(parse_constant=_refuse_constant).decode
#: For integers of thousands of digits: ``int`` refuses them, and as doubles they are infinite.
_decode_huge: Callable[[str], Json] = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_int=float
).decode
#: Decodes the value at an index; raises StopIteration when none begins there.
_scan_once: Callable[[str, int], Tuple[Json, int]] = json.JSONDecoder(  # type: ignore[attr-defined]
    parse_constant=_refuse_constant
).scan_once
_encode = make_encoder(ensure_ascii=False)
_encode_ascii = make_encoder(ensure_ascii=True)
_quote: Callable[[str], str] = json.encoder.encode_basestring
#: The shortest value that breaks a limit: ``{"__proto__":0}``.
_SHORTEST_REFUSED = 15


def decode_json(raw: bytes, keys: int = _KEYS) -> Json:
    """The value of a frame's text.

    :param keys: how many keys it may have
    :raises FrameError: ``too-deep``, ``too-many-keys``, ``forbidden-key``, ``not-utf8`` or ``not-json``
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        _scan(raw, keys)
        raise FrameError("not-utf8", "Frame is not valid UTF-8") from error
    _check(text, raw, keys)
    try:
        value, end = _scan_once(text, 0)
        if end == len(text):
            return value
    except (ValueError, StopIteration):
        # There is space around the value, or an error that the code below names.
        pass
    if text.startswith("\ufeff"):
        raise FrameError("not-json", "Frame is not valid JSON: it begins with a byte order mark")
    try:
        return _decode(text)
    except json.JSONDecodeError as error:
        raise FrameError("not-json", f"Frame is not valid JSON: {error.msg} at {error.pos}") from error
    except ValueError:
        return _decode_again(text)


def _decode_again(text: str) -> Json:
    """Retries after a constant that is not JSON, or an integer that is too long for ``int``."""
    try:
        return _decode_huge(text)
    except ValueError as error:
        raise FrameError("not-json", f"Frame is not valid JSON: {error}") from error


def encode_json(value: object) -> bytes:
    """The text of a value, checked as its reader checks it.

    :raises FrameError: ``too-deep``, ``too-many-keys`` or ``forbidden-key``
    :raises ValueError: or TypeError, RecursionError: the value has no JSON text
    """
    text = _encode(value)
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair can only be written as an escape.
        text = _encode_ascii(value)
        raw = text.encode()
    _check(text, raw)
    return raw


def encode_request(id: str, method: str, data: JsonInput) -> bytes:
    """The text of ``{type: "request", id, method, data?}``; faster than :func:`encode_json`, with the same
    result.

    :param id: of letters that need no escape
    """
    try:
        if data is None:
            return f'{{"type":"request","id":"{id}","method":{_quote(method)}}}'.encode()
        text = _encode(data)
        whole = f'{{"type":"request","id":"{id}","method":{_quote(method)},"data":{text}}}'
        raw = whole.encode()
    except UnicodeEncodeError:
        fields: Dict[str, JsonInput] = {"type": "request", "id": id, "method": method}
        if data is not None:
            fields["data"] = data
        return encode_json(fields)
    if len(text) >= _SHORTEST_REFUSED:
        _check(whole, raw)
    return raw


def encode_event(event: str, data: JsonInput) -> bytes:
    """The text of ``{type: "event", event, data?}``; faster than :func:`encode_json`, with the same text."""
    try:
        if data is None:
            return f'{{"type":"event","event":{_quote(event)}}}'.encode()
        text = _encode(data)
        whole = f'{{"type":"event","event":{_quote(event)},"data":{text}}}'
        raw = whole.encode()
    except UnicodeEncodeError:
        return encode_json({"type": "event", "event": event, **({} if data is None else {"data": data})})
    if len(text) >= _SHORTEST_REFUSED:
        _check(whole, raw)
    return raw


def _check(text: str, raw: bytes, most_keys: int = _KEYS) -> None:
    """Checks nesting and keys. Text that is not JSON may pass; parsing it fails.

    :param text: searched first, because ``in`` is five times as fast on str as on bytes
    :param raw: the same in UTF-8
    :raises FrameError:
    """
    # Counts are upper bounds and cost a fraction of a scan; most frames need only them.
    size = len(text)
    if (
        "__proto__" in text
        or "constructor" in text
        or "\\u" in text
        or (size > _NESTING and text.count("{") + text.count("[") > _NESTING)
        or (size > most_keys and text.count(":") > most_keys)
    ):
        _scan(raw, most_keys)


def _scan(raw: bytes, most_keys: int) -> None:
    depth = 0
    keys = 0
    last: Optional[Match[bytes]] = None
    for token in _STRUCTURE.finditer(raw):
        first = raw[token.start()]
        if first == 0x22:
            last = token
        elif first == 0x3A:
            keys += 1
            if keys > most_keys:
                raise FrameError("too-many-keys", f"Frame has more than {most_keys} keys")
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
