"""The conformance suite of refvec."""

__version__ = "0.1.0"
