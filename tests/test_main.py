"""`python -m siting` is the command line."""

import subprocess
import sys
from importlib.metadata import version


def test_the_package_runs_as_the_command_line():
    answer = subprocess.run([sys.executable, "-m", "siting", "--version"], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == version("siting")
