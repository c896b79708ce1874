"""The command line: a thin rim over the library. Progress goes to stderr, results to stdout.

Exit codes: 0 done and audited; 1 unexpected; 2 usage, study or rule file; 3 infeasible; 4 part of a batch failed;
5 data; 6 audit findings. An error is one line; `SITING_DEBUG=1` adds the traceback.
"""

from siting.cli.app import main

__all__ = ["main"]
