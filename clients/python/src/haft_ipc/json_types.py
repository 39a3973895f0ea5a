"""Types of JSON values."""

from typing import Dict, List, Mapping, Sequence, Union

#: A value parsed from a frame.
Json = Union[None, bool, int, float, str, List["Json"], Dict[str, "Json"]]

#: A value for a frame. Containers are read-only types, so that a ``{"n": 1}`` of any exact type fits.
JsonInput = Union[None, bool, int, float, str, Sequence["JsonInput"], Mapping[str, "JsonInput"]]
