"""``python -m refvec`` is ``refvec``."""

from .cli import main

main()
