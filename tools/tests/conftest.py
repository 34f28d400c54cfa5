"""The modules of tools find each other as when they are run."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
