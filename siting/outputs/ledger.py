"""ledger.xlsx: the workbook a bureau files: sites, refusals, compounds, clauses, survey list, assumptions.

Every text cell is written as text: nothing a map or a planner's file says can become a formula or a link.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter

from siting.outputs import ledger_sheets
from siting.outputs.ledger_base import Sheet
from siting.outputs.run import Run
from siting.outputs.texts import Texts

__all__ = ["write_ledger"]

_TITLE_ROW, _NOTE_ROW, _HEAD_ROW = 0, 1, 3
_FONT = "Microsoft YaHei"
_A4 = 9
_NUMBER_FORMATS = {"count": "#,##0", "money": "#,##0", "metres": "0.00", "figure": "#,##0.0##", "share": "0 %"}
_OUTCOME_FILLS = {"PASS": "#DDEFE6", "FAIL": "#F6D9D9", "UNCERTAIN": "#FBE9C6", "NOT EVALUATED": "#E7E7E7"}


@dataclass(frozen=True, eq=False)
class _Looks:
    title: Any
    note: Any
    head: Any
    text: Any
    numbers: dict[str, Any]
    outcomes: dict[str, Any]


def write_ledger(run: Run, path: Path) -> None:
    """Write the workbook; the created date inside is the study's."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties(
            {
                "title": f"{run.district.name} — siting",
                "created": run.timestamp.replace(tzinfo=None),
                "comments": Texts.load("zh").t("page.synthetic") if run.district.synthetic else "",
            }
        )
        looks = _looks(book)
        for sheet in ledger_sheets.sheets(run):
            _write_sheet(book, sheet, looks, run)


def _looks(book: Any) -> _Looks:
    base = {"font_name": _FONT, "font_size": 9, "valign": "top"}
    cell = base | {"border": 1, "border_color": "#D5D2CA", "text_wrap": True}
    return _Looks(
        title=book.add_format(base | {"font_size": 14, "bold": True, "font_color": "#16403A"}),
        note=book.add_format(base | {"font_color": "#5C5A55"}),
        head=book.add_format(
            cell | {"bold": True, "bg_color": "#16403A", "font_color": "#FFFFFF", "valign": "vcenter"}
        ),
        text=book.add_format(cell | {"num_format": "@"}),
        numbers={name: book.add_format(cell | {"num_format": code}) for name, code in _NUMBER_FORMATS.items()},
        outcomes={
            name: book.add_format(cell | {"num_format": "@", "bg_color": colour})
            for name, colour in _OUTCOME_FILLS.items()
        },
    )


def _write_sheet(book: Any, sheet: Sheet, looks: _Looks, run: Run) -> None:
    page = book.add_worksheet(sheet.name)
    page.write_string(_TITLE_ROW, 0, f"{run.district.name} · {sheet.title}", looks.title)
    page.write_string(_NOTE_ROW, 0, sheet.note, looks.note)
    page.set_row(_HEAD_ROW, 32)
    for number, column in enumerate(sheet.columns):
        page.set_column(number, number, column.width)
        page.write_string(_HEAD_ROW, number, column.heading, looks.head)
    count = 0
    for count, row in enumerate(sheet.rows, start=1):
        _write_row(page, _HEAD_ROW + count, row, sheet, looks)
    last = max(_HEAD_ROW + count, _HEAD_ROW + 1)
    page.autofilter(_HEAD_ROW, 0, last, len(sheet.columns) - 1)
    page.freeze_panes(_HEAD_ROW + 1, 1)
    _set_print(page, run.timestamp)


def _write_row(page: Any, row: int, values: Sequence[Any], sheet: Sheet, looks: _Looks) -> None:
    for number, (value, column) in enumerate(zip(values, sheet.columns, strict=True)):
        if column.kind in looks.numbers:
            if _known(value):
                page.write_number(row, number, float(value), looks.numbers[column.kind])
            else:
                page.write_blank(row, number, None, looks.text)
            continue
        text = "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)
        look = looks.outcomes.get(_outcome(text), looks.text) if column.kind == "outcome" else looks.text
        page.write_string(row, number, text, look)


def _outcome(text: str) -> str:
    return next((name for name in _OUTCOME_FILLS if text.endswith(name)), "")


def _known(value: Any) -> bool:
    return value is not None and bool(np.isfinite(float(value)))


def _set_print(page: Any, timestamp: datetime) -> None:
    page.set_landscape()
    page.set_paper(_A4)
    page.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    page.fit_to_pages(1, 0)
    page.repeat_rows(_HEAD_ROW)
    page.set_footer(f"&L&A&C第 &P 页 / 共 &N 页  Page &P of &N&R{timestamp:%Y-%m-%d}")
