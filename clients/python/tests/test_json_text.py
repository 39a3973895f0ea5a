"""The short ways of the JSON text give what the long ones give."""

import json
import unittest
from typing import List

from haft_ipc import JsonInput
from haft_ipc._frame_error import FrameError
from haft_ipc._json_encoder import make_encoder
from haft_ipc._json_text import decode_json, encode_json, encode_request

VALUES: List[JsonInput] = [
    {},
    [],
    "",
    0,
    False,
    "caf\u00e9 \u20ac \U0001f600",
    'quote " backslash \\ newline \n zero \0',
    "half \ud800",
    {"half \udc00": ["\ud800"]},
    {"n": [1, -2.5, 1e300, True, None, {"deep": [[[]]]}]},
    {1: "a number for a key"},  # type: ignore[dict-item]
    ["x" * 100_000],
]


class JsonText(unittest.TestCase):
    def test_a_request_is_encoded_as_any_message(self) -> None:
        for method in ("daemon.ping", 'a "b" \\', "\u20ac", "half \udc00"):
            for value in VALUES:
                with self.subTest(method=method, value=str(value)[:40]):
                    fields: "dict[str, JsonInput]" = {
                        "type": "request",
                        "id": "7",
                        "method": method,
                        "data": value,
                    }
                    self.assertEqual(encode_request("7", method, value), encode_json(fields))
            fields = {"type": "request", "id": "7", "method": method}
            self.assertEqual(encode_request("7", method, None), encode_json(fields))

    def test_a_request_keeps_the_limits(self) -> None:
        deep: JsonInput = 1
        for _ in range(63):
            deep = [deep]
        encode_request("1", "x", deep)
        for value in ([deep], {"__proto__": 0}, {"constructor": 0}, {str(n): 0 for n in range(10_000)}):
            with self.assertRaises(FrameError):
                encode_request("1", "x", value)

    def test_the_encoder_that_is_made_once_says_what_the_standard_one_says(self) -> None:
        for ascii_only in (False, True):
            standard = json.JSONEncoder(ensure_ascii=ascii_only, separators=(",", ":")).encode
            own = make_encoder(ascii_only)
            for value in VALUES:
                self.assertEqual(own(value), standard(value))
            cycle: List[object] = []
            cycle.append(cycle)
            for _ in range(3):
                with self.assertRaises(RecursionError):
                    own(cycle)
            self.assertEqual(own([[1]]), "[[1]]")

    def test_space_around_a_value_is_allowed_and_more_is_not(self) -> None:
        self.assertEqual(decode_json(b' \t{"a":1}\r'), {"a": 1})
        for raw in (b"", b" ", b"{}{}", b"1 2", b"\xef\xbb\xbf{}", b"[1,]", b"NaN", b"[Infinity]"):
            with self.subTest(raw), self.assertRaises(FrameError) as raised:
                decode_json(raw)
            self.assertEqual(raised.exception.kind, "not-json")
