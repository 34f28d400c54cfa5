"""A backend with options of its own, made of the one that is judged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from refvec import BackendPlugin, OpenSpec, Option
from refvec.registry import provided

from refvec_conformance.judging.target import Target
from refvec_conformance.probes.distributions import variant

OPTIONS = (Option("timeout", float, 5.0), Option("token", secret=True))


@contextmanager
def with_options(target: Target, **declared: Any) -> Iterator[str]:
    """Yield the name of a backend that is the target with options, and remembers what it was opened with."""

    def remember(self: Any, spec: OpenSpec, state: Any) -> None:
        self.opened = spec
        target.store._open(self, replace(spec, location=None), state)

    others = [option for option in target.store.options if option.name not in ("timeout", "token")]
    body = {"options": (*others, *OPTIONS), "_open": remember, **declared}
    chosen = variant(target.store, "options", **body)
    with provided(chosen.backend, BackendPlugin(chosen)):
        yield chosen.backend
