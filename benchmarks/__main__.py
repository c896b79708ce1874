"""Run one benchmark: ``python -m benchmarks NAME [--json] [ARGS]``; without a name, list them."""

import importlib
import json
import pkgutil
import sys
from pathlib import Path

from benchmarks import harness

HIDDEN = ("__main__", "harness")


def names() -> list[str]:
    found = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])]
    return sorted(name for name in found if name not in HIDDEN and not name.startswith("_"))


def main(arguments: list[str]) -> int:
    words = [word for word in arguments if word != "--json"]
    if not words or words[0] not in names():
        print(f"usage: python -m benchmarks NAME [--json] [ARGS]; benchmarks: {', '.join(names())}", file=sys.stderr)
        return 2
    module = importlib.import_module(f"benchmarks.{words[0]}")
    report = module.run(words[1:])
    if "--json" in arguments:
        print(json.dumps(report, ensure_ascii=False, sort_keys=True))
    else:
        print(harness.as_text(report))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
