"""``Literal`` and ``TypedDict``, also where ``typing`` lacks them (Python 3.7), without a dependency."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING or sys.version_info >= (3, 8):
    from typing import Literal, TypedDict
else:

    class Literal:
        """Type checkers see ``typing.Literal``; at run time any text will do."""

        def __class_getitem__(cls, values: object) -> type:
            return str

    class TypedDict(dict):
        """Type checkers see ``typing.TypedDict``; at run time it is a dict."""

        def __init_subclass__(cls, total: bool = True) -> None:
            super().__init_subclass__()

        def __new__(cls, *arguments: object, **fields: object) -> object:
            # TypedDict("Name", {…}) makes a class, a class of it a dict.
            return type(str(arguments[0]), (dict,), {}) if cls is TypedDict else super().__new__(cls)


__all__ = ["Literal", "TypedDict"]
