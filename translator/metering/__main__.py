"""`python -m translator.metering`."""

import sys

from translator.metering.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
