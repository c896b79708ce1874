"""One table value as JSON has it, for every file and page that holds one."""

from typing import Any

import numpy as np
import pandas as pd

__all__ = ["plain"]


def plain(value: Any, digits: int = 6) -> Any:
    """Return one table value as JSON has it: None for unknown, floats rounded, text and bool as they are."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if pd.isna(value):
        return None
    rounded = round(float(value), digits)
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded
