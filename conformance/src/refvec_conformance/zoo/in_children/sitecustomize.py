"""Breaks the front door in the child processes of a test too (see `refvec_conformance.zoo.killing`)."""

from __future__ import annotations

import os

from refvec_conformance.zoo.catalogue import VARIABLE, broken_as_named

kept = broken_as_named(os.environ[VARIABLE])  # dropped, it would mend what it broke
kept.__enter__()
