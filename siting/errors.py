"""The error tree: everything a user can act on, each with the exit code the command line ends with.

    SitingError            1   unexpected, but ours
    ├── UsageError         2   a flag or argument
    │   ├── StudyError     2   the study file
    │   └── RuleError      2   a rule profile
    ├── InfeasibleError    3   the limits contradict each other
    ├── BatchError         4   part of a batch failed
    ├── DataError          5   an input file
    │   ├── SourceError    5   an OpenStreetMap file
    │   ├── LayerError     5   a planner's layer
    │   └── TableError     5   a table breaks its contract
    └── AuditError         6   the audit has findings

A message is one line: the file or object, the key, what is wrong, and the repair.
Foreign errors (pyosmium, GDAL, PuLP) are mapped to these at their one door, with ``from``.
"""

from collections.abc import Mapping
from typing import Any

__all__ = [
    "AuditError",
    "BatchError",
    "DataError",
    "InfeasibleError",
    "LayerError",
    "RuleError",
    "SitingError",
    "SourceError",
    "StudyError",
    "TableError",
    "UsageError",
]


class SitingError(Exception):
    """Root of every error this package raises on purpose."""

    exit_code = 1


class UsageError(SitingError):
    """A flag or an argument cannot be used as given."""

    exit_code = 2


class StudyError(UsageError):
    """A study file has a wrong, unknown or contradictory key."""


class RuleError(UsageError):
    """A rule profile is unknown, unreadable or incomplete; never skipped."""


class InfeasibleError(SitingError):
    """The limits contradict each other: the message says which, `details` (plain data) what each would have to give."""

    exit_code = 3

    def __init__(self, message: str, details: Mapping[str, Any] | None = None) -> None:
        """Keep the details beside the message."""
        super().__init__(message)
        self.details = dict(details or {})


class BatchError(SitingError):
    """Part of a batch failed; the rest was written."""

    exit_code = 4


class DataError(SitingError):
    """An input file cannot be used."""

    exit_code = 5


class SourceError(DataError):
    """An OpenStreetMap file is missing, broken or holds nothing to plan with."""


class LayerError(DataError):
    """A planner's layer is missing, broken or lies elsewhere."""


class TableError(DataError):
    """A table breaks its contract; the message lists every breach."""


class AuditError(SitingError):
    """The audit of a written plan has findings."""

    exit_code = 6
