"""One server: its connections, which stay open between calls, and what it still needs before a write counts."""

from __future__ import annotations

import os
import ssl
from collections import deque
from collections.abc import Sequence
from typing import Any, TypeAlias

from redis.connection import Connection, SSLConnection
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ConnectionError,  # noqa: A004 - the library's own
    InvalidResponse,
    ResponseError,
    TimeoutError,  # noqa: A004
)
from refvec import BackendUnavailableError

from .attempt import LONGEST
from .library import source
from .settings import Servers
from .tls import distrust
from .wire import command

Connected: TypeAlias = Any  # an `AbstractConnection`, most of which has no types

BROKEN = (ConnectionError, TimeoutError, InvalidResponse)


class Node:
    """One server.

    Parameters
    ----------
    host, port
        Where it is.
    servers : Servers
        Whose user, password and TLS count here as well.
    """

    def __init__(self, host: str, port: int, servers: Servers) -> None:
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._arguments: dict[str, Any] = {
            "host": host,
            "port": port,
            "username": servers.user,
            "password": servers.password,
            "protocol": 2,
            "driver_info": None,
        }
        self._kind: type[Connected] = Connection if servers.tls is None else SSLConnection
        self._doubt = ""
        if servers.tls is not None:
            self._arguments |= servers.tls.arguments()
            self._doubt = ", or has no TLS at this port"
        self._idle: deque[Connected] = deque()
        self._pid = os.getpid()

    def lease(self, patience: float) -> Connected:
        """Return a connection that nobody else has, open, that waits so many seconds for a byte.

        Raises
        ------
        BackendUnavailableError
            If the server refuses the user or the password.
        BROKEN
            If it cannot be reached; nothing was sent.
        """
        if self._pid != os.getpid():  # a forked child has connections of its own
            self._idle, self._pid = deque(), os.getpid()
        try:
            connection = self._idle.pop()
        except IndexError:
            return self._connected(patience)
        limit(connection, patience)
        return connection

    def _connected(self, patience: float) -> Connected:
        connection = self._kind(socket_timeout=patience, socket_connect_timeout=patience, **self._arguments)
        try:
            connection.connect()
        except BusyLoadingError:
            raise
        except (AuthenticationError, AuthorizationError, ResponseError) as error:
            reason = type(error).__name__
        except ConnectionError as error:
            if not isinstance(error.__context__, ssl.SSLError):
                raise
            raise BackendUnavailableError(f"{self.address} {distrust(error.__context__)}") from error
        else:
            return connection
        # Raised out here: what the server answered may name the user, and must not be chained.
        raise BackendUnavailableError(
            f"{self.address} refuses the user or the password ({reason}); give them in the address, "
            "percent-encoded, or in REFVEC_REDIS_USER and REFVEC_REDIS_PASSWORD"
        )

    def unreachable(self, error: Exception) -> str:
        """Return what to say of a server to which there is no connection."""
        return f"cannot be reached{self._doubt} ({type(error).__name__})"

    def give_back(self, connection: Connected) -> None:
        """Take a connection back on which nothing is under way."""
        self._idle.append(connection)

    def ask(self, *args: bytes, patience: float = LONGEST) -> Any:
        """Return the answer to one command; a `ResponseError` is raised."""
        return self.ask_all([args], patience)[0]

    def ask_all(self, commands: Sequence[Sequence[bytes]], patience: float = LONGEST) -> list[Any]:
        """Return the answers to commands that are sent together; the first `ResponseError` is raised."""
        connection = self.lease(patience)
        done = False
        try:
            connection.send_packed_command([command(*args) for args in commands], check_health=False)
            answers = [_answer(connection) for _ in commands]
            done = True
        finally:
            if done:
                self.give_back(connection)
            else:
                connection.disconnect()
        for answer in answers:
            if isinstance(answer, ResponseError):
                raise answer
        return answers

    def load_library(self, patience: float) -> None:
        """Let the server have our functions."""
        try:
            self.ask(b"FUNCTION", b"LOAD", source(), patience=patience)
        except ResponseError as error:
            if "already exists" in str(error):
                return
            if "unknown command" in str(error).lower():
                raise BackendUnavailableError(
                    f"{self.address} has no functions; the backend 'redis' needs Redis 7 or Valkey"
                ) from error
            raise

    def replicas(self, patience: float) -> int:
        """Return how many replicas the server has that take its writes."""
        answer = self.ask(b"ROLE", patience=patience)
        return len(answer[2]) if answer[0] == b"master" else 0

    def close(self) -> None:
        """Close the connections that nobody uses."""
        while self._idle:
            self._idle.pop().disconnect()


def _answer(connection: Connected) -> Any:
    try:
        return read(connection)
    except ResponseError as error:
        return error


def read(connection: Connected) -> Any:
    """Return the next answer, or raise it.

    A buffer that could not grow for it is closed, and redis-py looks into it
    once more: that is a `MemoryError` all the same.
    """
    try:
        return connection.read_response()
    except ValueError as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, MemoryError):
            cause = cause.__context__
        if cause is None:
            raise
    raise MemoryError("an answer of the server does not fit into memory")


def limit(connection: Connected, patience: float) -> None:
    """Let a connection wait so many seconds for a byte."""
    if connection.socket_timeout != patience:
        connection.socket_timeout = patience
        connection.update_current_socket_timeout(patience)
