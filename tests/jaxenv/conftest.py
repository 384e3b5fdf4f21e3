"""The toys are importable by name, so that the registry can load them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
