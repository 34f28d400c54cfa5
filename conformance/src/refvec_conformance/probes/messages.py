"""All that this process sends to servers, as one sequence of messages; no protocol is known here.

What counts is a call that sends on a TCP socket of Python's `socket`, without
TLS: of a client with sockets of its own kind nothing is seen, and the tests say so.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol
from unittest import mock

_FAMILIES = (socket.AF_INET, socket.AF_INET6)
_SENDING, _RECEIVING = ("send", "sendall", "sendmsg"), ("recv", "recv_into", "recvmsg", "recvmsg_into")


class Post(Protocol):
    """Who handles the messages."""

    def send(self, line: socket.socket, data: bytes, deliver: Callable[[], object]) -> bool:
        """Deliver a message, or not; return whether it was."""

    def receive(self, line: socket.socket) -> None:
        """Raise if nothing more is to be received."""

    def connect(self, line: socket.socket) -> None:
        """Raise if no server is to be reached."""


@contextmanager
def posted(post: Post) -> Iterator[None]:
    """Let all messages of this process go through somebody's hands while the context lasts."""
    with ExitStack() as stack:
        for name in _SENDING:
            stack.enter_context(_patched(name, _sending(getattr(socket.socket, name), name, post)))
        for name in _RECEIVING:
            stack.enter_context(_patched(name, _asking(getattr(socket.socket, name), post.receive)))
        for name in ("connect", "connect_ex"):
            stack.enter_context(_patched(name, _asking(getattr(socket.socket, name), post.connect)))
        yield


def _patched(name: str, function: Callable[..., Any]) -> Any:
    return mock.patch.object(socket.socket, name, function, create=True)


def _sending(original: Callable[..., Any], name: str, post: Post) -> Callable[..., Any]:
    def send(line: socket.socket, data: Any, *more: Any) -> Any:
        if line.family not in _FAMILIES:
            return original(line, data, *more)
        whole = b"".join(map(bytes, data)) if name == "sendmsg" else bytes(data)
        answer: list[Any] = []
        delivered = post.send(line, whole, lambda: answer.append(original(line, data, *more)))
        return answer[0] if delivered else None if name == "sendall" else len(whole)

    return send


def _asking(original: Callable[..., Any], ask: Callable[[socket.socket], None]) -> Callable[..., Any]:
    def call(line: socket.socket, *arguments: Any) -> Any:
        if line.family in _FAMILIES:
            ask(line)
        return original(line, *arguments)

    return call
