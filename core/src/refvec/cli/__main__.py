"""``python -m refvec.cli`` is ``refvec``."""

from . import main

main()
