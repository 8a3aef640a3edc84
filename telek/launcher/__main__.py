"""`python -m telek.launcher`: the demo without waiting for Django to load."""

import sys

from telek.launcher.demo import launch
from telek.launcher.options import parse_options

sys.exit(launch(parse_options(sys.argv[1:])))
