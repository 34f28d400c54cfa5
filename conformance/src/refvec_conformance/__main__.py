"""``python -m refvec_conformance`` is ``refvec conformance``."""

from .cli import app

app(prog_name="refvec conformance")
