"""``python -m pokejax``: the same as the command ``pokejax``."""

import sys

from pokejax.cli import main

if __name__ == "__main__":
    sys.exit(main())
