"""Encodes values with a C encoder that is made once.

``json.JSONEncoder.encode`` makes one for every call, which costs more than the text of a small message.
"""

import json
from json import encoder
from typing import Callable, Iterable

#: Takes a value and the level of its indentation, which is 0.
_Encode = Callable[[object, int], Iterable[str]]


def make_encoder(ensure_ascii: bool) -> Callable[[object], str]:
    """Makes an encoder of compact text that refuses NaN and infinities. A cycle raises RecursionError."""
    plain = json.JSONEncoder(
        ensure_ascii=ensure_ascii, allow_nan=False, check_circular=False, separators=(",", ":")
    )
    make: Callable[..., _Encode] = getattr(encoder, "c_make_encoder", None) or _no_encoder
    quote = encoder.encode_basestring_ascii if ensure_ascii else encoder.encode_basestring
    try:
        encode = make(None, plain.default, quote, None, ":", ",", False, False, False)
        if "".join(encode([1, "\u00e9", {"a": None}], 0)) != plain.encode([1, "\u00e9", {"a": None}]):
            return plain.encode
    except TypeError:
        # Not CPython, or a version whose C encoder takes other arguments.
        return plain.encode
    join = "".join
    return lambda value: join(encode(value, 0))


def _no_encoder(*_: object) -> _Encode:
    raise TypeError("this Python has no encoder in C")
