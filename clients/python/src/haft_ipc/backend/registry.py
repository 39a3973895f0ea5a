"""The handlers of a backend, with threads or with asyncio."""

from typing import Callable, Dict, TypeVar, Union, overload

from .runner import Handler

_F = TypeVar("_F", bound=Handler)


class HandlerRegistry:
    """Maps methods to functions."""

    def __init__(self) -> None:
        self._handlers: Dict[str, Handler] = {}

    @overload
    def handler(self, name: str) -> Callable[[_F], _F]: ...

    @overload
    def handler(self, name: _F) -> _F: ...

    def handler(self, name: Union[str, _F]) -> Union[Callable[[_F], _F], _F]:
        """Registers a function, plain or ``async``, under its own name or the given one. It gets the
        request's ``data``, and its result becomes the response's. A :class:`haft_ipc.RequestError` answers
        with that error, any other exception with the error ``failed``.

        :raises ValueError: the name is taken
        """
        if isinstance(name, str):
            given = name

            def register(function: _F) -> _F:
                self._register(given, function)
                return function

            return register
        self._register(getattr(name, "__name__", ""), name)
        return name

    def _register(self, name: str, function: Handler) -> None:
        if name in self._handlers:
            raise ValueError(f'Two handlers are called "{name}"')
        self._handlers[name] = function
