"""Types of what JSON can hold."""

from typing import Dict, List, Mapping, Sequence, Union

#: A value as it comes out of a frame.
Json = Union[None, bool, int, float, str, List["Json"], Dict[str, "Json"]]

#: A value that can go into a frame. Read-only containers, so that ``{"n": 1}`` of any exact type fits.
JsonInput = Union[None, bool, int, float, str, Sequence["JsonInput"], Mapping[str, "JsonInput"]]
