"""What every sheet of ledger.xlsx is made of: its tab, columns and rows, and a few words in both languages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from siting.outputs import view
from siting.outputs.run import Run
from siting.outputs.texts import Texts
from siting.outputs.words import both

__all__ = ["Column", "Sheet", "both_or_name", "make_sheet", "unit_text"]

#: What the tabs are called: both languages, within the 31 characters a workbook allows.
_NAMES = {
    "sites": "选定点 Sites",
    "refused": "未通过 Refused",
    "compounds": "小区 Compounds",
    "clauses": "条款 Clauses",
    "signed": "佐证与豁免 Signed",
    "survey": "待核实 Survey",
    "assumptions": "假设 Assumptions",
}


@dataclass(frozen=True)
class Column:
    """One column: `kind` is text, outcome, or a kind of number (count, money, metres, figure, share)."""

    heading: str
    kind: str
    width: float


@dataclass(frozen=True, eq=False)
class Sheet:
    """One sheet: name and title for people, rows as long as columns."""

    name: str
    title: str
    note: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Any]]


def make_sheet(key: str, columns: Sequence[tuple[str, str, float]], rows: Sequence[Sequence[Any]], run: Run) -> Sheet:
    """Return a sheet; `columns` are (key of its heading, kind, width)."""
    note = both(f"sheet.{key}.note")
    if run.district.synthetic:
        note += "  ■ " + both("page.synthetic")
    credit = "; ".join(view.credits(run))
    return Sheet(
        name=_NAMES[key],
        title=both(f"sheet.{key}.title"),
        note=f"{note}  {credit}".strip(),
        columns=tuple(
            Column(f"{Texts.load('zh').t(f'column.{name}')}\n{Texts.load('en').t(f'column.{name}')}", kind, width)
            for name, kind, width in columns
        ),
        rows=rows,
    )


def both_or_name(prefix: str, name: str) -> str:
    """Return the catalogue's words for a name of data, with the name itself where the catalogue has none."""
    key = f"{prefix}.{name}"
    return f"{both(key)} ({name})" if key in Texts.load("zh").catalogue else name


def unit_text(unit: str) -> str:
    """Return a unit in both languages, or as it is where every reader knows it (m, kW)."""
    key = f"unit.{unit}"
    return both(key) if key in Texts.load("zh").catalogue else unit
