"""What both kinds of backend are asked for."""

from typing import Callable, Dict, TypeVar, Union, overload

from .runner import Handler

_F = TypeVar("_F", bound=Handler)


class HandlerRegistry:
    """Functions by the methods that they answer."""

    def __init__(self) -> None:
        self._handlers: Dict[str, Handler] = {}

    @overload
    def handler(self, name: str) -> Callable[[_F], _F]: ...

    @overload
    def handler(self, name: _F) -> _F: ...

    def handler(self, name: Union[str, _F]) -> Union[Callable[[_F], _F], _F]:
        """Registers a function, plain or ``async``, under its own name or the one given. It is called with the
        request's ``data`` and its result is the response's. An exception is answered as the error ``failed``; a
        :class:`haft_ipc.RequestError` as what it says.

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
