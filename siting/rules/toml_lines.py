"""Where a key of a profile file stands, so that a message can name the line (tomllib keeps none)."""

import re
from dataclasses import dataclass

__all__ = ["Lines"]

_HEADER = re.compile(r"^\s*\[")
_CLAUSE = re.compile(r"^\s*\[\[\s*clause\s*\]\]")


@dataclass(frozen=True)
class Lines:
    """The text of one file, cut into its head and its [[clause]] blocks."""

    text: str

    def of_key(self, key: str) -> str:
        """Return ", line N" of a key in the head of the file, or nothing where it cannot be told."""
        lines = self.text.splitlines()
        end = next((number for number, line in enumerate(lines) if _HEADER.match(line)), len(lines))
        return _found(key, lines, (0, end), None)

    def of_clause(self, number: int, key: str) -> str:
        """Return ", line N" of a key in the clause of that number (from 0), or of the clause's first line."""
        lines = self.text.splitlines()
        starts = [at for at, line in enumerate(lines) if _CLAUSE.match(line)] + [len(lines)]
        if number + 1 >= len(starts):
            return ""
        return _found(key, lines, (starts[number], starts[number + 1]), starts[number])


def _found(key: str, lines: list[str], span: tuple[int, int], otherwise: int | None) -> str:
    wanted = re.compile(rf"^\s*(\[\s*clause\.)?[\"']?{re.escape(key)}[\"']?\s*[\].=]")
    at = next((number for number in range(*span) if wanted.match(lines[number])), otherwise)
    return "" if at is None else f", line {at + 1}"
