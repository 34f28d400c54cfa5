"""The python and numpy backends of refvec; each registers through its entry point."""

__version__ = "0.1.0"
