"""Puts answers together that are larger than a frame."""

from typing import Dict, List, Optional

from ._frame_error import FrameError
from ._json_text import decode_json
from .json_types import Json
from .limits import LIMITS

#: What a client that takes such answers says in ``hello``.
PARTS = "parts"


class AnswerAssembler:
    """The answers of one connection that have begun; parts of several may alternate.

    :param max_bytes: of all of them together
    """

    def __init__(self, max_bytes: int = LIMITS.answer) -> None:
        self._max_bytes = max_bytes
        self._begun: Dict[str, List[bytes]] = {}
        self._held = 0

    def take(self, fields: Dict[str, Json]) -> Optional[Dict[str, Json]]:
        """The message itself, the whole response when its last part has come, or None for a part.

        :raises FrameError: ``wrong-part``, ``too-large``, or what the whole text is refused for
        """
        kind, id = fields["type"], fields.get("id")
        if not isinstance(id, str) or kind not in ("part", "response"):
            return fields
        if kind == "part":
            self._add(id, fields)
            return None
        parts = self._begun.pop(id, [])
        self._held -= sum(map(len, parts))
        if "parts" not in fields or "error" in fields:
            return fields
        if fields["parts"] != len(parts) or not parts:
            raise FrameError(
                "wrong-part",
                f'The answer to "{id}" has {fields["parts"]} parts, and {len(parts)} have come',
            )
        return {"type": "response", "id": id, "data": decode_json(b"".join(parts), LIMITS.answer_keys)}

    def _add(self, id: str, fields: Dict[str, Json]) -> None:
        parts = self._begun.setdefault(id, [])
        data, index = fields.get("data"), fields.get("index")
        if not isinstance(data, str) or data == "" or index != len(parts):
            raise FrameError(
                "wrong-part",
                f'Part {index} of the answer to "{id}" is not part {len(parts)}, which is the next',
            )
        text = data.encode("utf-8", "surrogatepass")
        if self._held + len(text) > self._max_bytes:
            raise FrameError(
                "too-large", f"Answers in parts have more than the {self._max_bytes} bytes that are allowed"
            )
        parts.append(text)
        self._held += len(text)
