"""`python -m baselines`."""

import sys

from baselines.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
