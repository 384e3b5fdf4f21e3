"""`python -m tcgjax`."""

import sys

from tcgjax.cli import main

sys.exit(main())
