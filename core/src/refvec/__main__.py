"""``python -m refvec`` is ``refvec``."""

from refvec_command import main

main()
