"""The audit's reader of the tables beside a plan (years, scenarios): rows as texts, as they were written."""

import csv
from pathlib import Path

from siting.errors import DataError

__all__ = ["rows_of"]


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table, without the apostrophes that keep formulas inert."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return [{key: value.removeprefix("'") for key, value in row.items()} for row in csv.DictReader(stream)]
    except (OSError, AttributeError, csv.Error, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read as a table ({error}); plan again or restore the file"
        raise DataError(message) from error
