"""Hands over to telek/launcher/setup.py, from whatever folder it is called in."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from telek.launcher.setup import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
