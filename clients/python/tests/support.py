"""What the tests share."""

import json
import os
import shutil
import tempfile
import unittest
from typing import List, Set, Tuple

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCE = os.path.join(PACKAGE, "src")
VECTORS = os.path.join(os.path.dirname(os.path.dirname(PACKAGE)), "tests", "vectors")

from haft_ipc._frame_decoder import FrameDecoder  # noqa: E402
from haft_ipc._frame_error import FrameError  # noqa: E402
from haft_ipc._json_text import decode_json  # noqa: E402
from haft_ipc.json_types import Json  # noqa: E402
from haft_ipc.message import check_message  # noqa: E402

#: Seconds after which a test that hangs is given up; far above what any takes.
HANG = 30.0


def vectors(name: str) -> Json:
    with open(os.path.join(VECTORS, name), encoding="utf-8") as file:
        content: Json = json.load(file)
    return content


def verdict(
    data: bytes, max_frame_bytes: int, chunk: int = 1 << 30, messages: bool = False
) -> Tuple["str | None", List[Json], "str | None"]:
    """The decoder's verdict on a stream that comes in chunks of that size: framing, values, refusal."""
    decoder = FrameDecoder(max_frame_bytes)
    values: List[Json] = []
    refusal = None
    try:
        for start in range(0, len(data), chunk):
            frames: List[bytes] = []
            failure = None
            try:
                decoder.feed(data[start : start + chunk], frames)
            except FrameError as error:
                failure = error
            for frame in frames:
                value = decode_json(frame)
                values.append(check_message(value) if messages else value)
            if failure is not None:
                raise failure
    except FrameError as error:
        refusal = error.kind
    return decoder.framing, values, refusal


def same(left: Json, right: Json) -> bool:
    """Whether two values are the same to a reader of doubles; the right one may say `Infinity` as a text."""
    if isinstance(left, bool) or isinstance(right, bool) or left is None or right is None:
        return left is right
    if isinstance(left, (int, float)):
        return (
            str(_double(left)) == right.replace("Infinity", "inf")
            if isinstance(right, str)
            else (isinstance(right, (int, float)) and _double(left) == _double(right))
        )
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return (
            isinstance(right, dict)
            and left.keys() == right.keys()
            and all(same(left[key], right[key]) for key in left)
        )
    return left == right


def _double(number: "int | float") -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def open_descriptors() -> Set[str]:
    """This process's, where the system lists them."""
    try:
        listed = os.listdir("/dev/fd")
    except OSError:
        return set()
    # The listing's own is gone.
    return {descriptor for descriptor in listed if os.path.lexists(f"/dev/fd/{descriptor}")}


class SandboxedTest(unittest.TestCase):
    """A test with a runtime directory of its own."""

    def setUp(self) -> None:
        self.directory = tempfile.mkdtemp(prefix="haft-py-")
        self.addCleanup(shutil.rmtree, self.directory, True)
        self.env = {"XDG_RUNTIME_DIR": self.directory}
