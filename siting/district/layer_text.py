"""Facts: planners' tables, CSV and XLSX, as rows of text; their geometry from a WKT column or from coordinates."""

import csv
import io
import zipfile
from typing import Any

import numpy as np
import pandas as pd
import shapely

from siting.district.coordinates import Datum, parse_datum
from siting.district.layer_spec import LayerSpec, RawLayer, one_line
from siting.district.layer_words import headings
from siting.errors import LayerError

__all__ = ["open_csv", "open_workbook"]

_PLACE_COLUMNS = (("lon", "lat"), ("x", "y"))
_SHAPE_COLUMNS = ("wkt", "geometry")
_UNPACKED_BYTES = 512 << 20  # of a workbook: a hundred thousand rows need a tenth of it


def open_csv(spec: LayerSpec, data: bytes, digest: str) -> RawLayer:
    """Return the rows of a CSV, UTF-8 or GB18030."""
    return _table(spec, _rows_of(data, spec.name), digest)


def open_workbook(spec: LayerSpec, data: bytes, digest: str) -> RawLayer:
    """Return the rows of a sheet; a title above the headings is passed over, formulas give their last value.

    Raises `LayerError` for a workbook that declares entities or unpacks to more than half a gigabyte.
    """
    name = spec.name
    try:
        import openpyxl
    except ImportError as error:
        message = f"{name}: workbooks need the extra xlsx (pip install 'siting[xlsx]'), or save the sheet as CSV"
        raise LayerError(message) from error
    _check_package(data, name)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book[_sheet_of(spec, list(book.sheetnames))]
        rows = [[_as_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    except (KeyError, ValueError, TypeError, OSError, SyntaxError, zipfile.BadZipFile) as error:
        message = f"{name}: cannot be read as a workbook ({one_line(error)}); save it again as XLSX or CSV"
        raise LayerError(message) from error
    filled = [row for row in rows if any(row)]
    wide = [at for at, row in enumerate(filled) if sum(map(bool, row)) > 1]
    filled = filled[wide[0] :] if wide else filled
    width = max((at + 1 for row in filled for at, cell in enumerate(row) if cell), default=0)
    return _table(spec, [[*row, *[""] * width][:width] for row in filled], digest)


def _check_package(data: bytes, name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            members = package.infolist()
            heavy = sum(member.file_size for member in members) > _UNPACKED_BYTES
            parts = [member for member in members if member.filename.endswith((".xml", ".rels"))]
            declaring = not heavy and any(b"<!" in package.read(part)[:1024] for part in parts)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        message = f"{name}: is not an XLSX workbook ({one_line(error)}); save it again, without a password"
        raise LayerError(message) from error
    if heavy or declaring:
        message = (
            f"{name}: is no plain workbook (it {'unpacks too large' if heavy else 'declares entities'}); save as CSV"
        )
        raise LayerError(message)


def _sheet_of(spec: LayerSpec, sheets: list[str]) -> str:
    if spec.layer_name is not None and spec.layer_name not in sheets:
        message = f"{spec.name}: has no sheet {spec.layer_name!r}; it has {', '.join(sheets[:8])}"
        raise LayerError(message)
    wanted = spec.layer_name or (sheets[0] if len(sheets) == 1 else spec.role)
    if wanted not in sheets:
        message = f"{spec.name}: has {len(sheets)} sheets ({', '.join(sheets[:8])}); say which one with layer="
        raise LayerError(message)
    return wanted


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _table(spec: LayerSpec, rows: list[list[str]], digest: str) -> RawLayer:
    """Return rows under their headings, the first row."""
    name = spec.name
    header = [title.strip() for title in rows[0]] if rows else [""]
    doubled = sorted({title for title in header if title and header.count(title) > 1})
    if doubled or not any(header):
        message = f"{name}: column {(doubled or [''])[0]!r} stands twice in the first line; name each column once"
        raise LayerError(message)
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            message = f"{name}: line {number} has {len(row)} cells, the first line {len(header)}; separate by commas"
            raise LayerError(message)
    cells = pd.DataFrame(rows[1:], columns=headings(header, spec.role, name), dtype=object)
    shapes = _shapes(cells, name)
    if shapes is None:
        return RawLayer(sha256=digest, cells=cells)
    return RawLayer(sha256=digest, cells=cells, shapes=shapes, datum=_datum(spec, cells))


def _rows_of(data: bytes, name: str) -> list[list[str]]:
    if b"\0" in data[:4096]:
        message = f"{name}: is not text; save it as CSV (comma separated, UTF-8)"
        raise LayerError(message)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            message = f"{name}: is neither UTF-8 nor GB18030 text; save it as CSV UTF-8"
            raise LayerError(message) from error
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if any(map(str.strip, row))]
    except csv.Error as error:
        message = f"{name}: is not comma separated text ({error}); save it as CSV UTF-8"
        raise LayerError(message) from error


def _shapes(cells: pd.DataFrame, name: str) -> Any:
    """Return the geometry of a table from a WKT column or from coordinates, None if it has neither."""
    titles = {title.casefold(): title for title in cells.columns}
    for column in (titles[word] for word in _SHAPE_COLUMNS if word in titles):
        texts = cells[column].to_numpy(dtype=object)
        shapes = shapely.from_wkt(texts, on_invalid="ignore")
        bad = np.flatnonzero([shape is None for shape in shapes])
        if len(bad):
            message = f"{name}: line {bad[0] + 2}: {column} {str(texts[bad[0]])[:40]!r} is not WKT; e.g. POINT (111 35)"
            raise LayerError(message)
        return shapes
    for pair in _PLACE_COLUMNS:
        if all(word in titles for word in pair):
            x, y = (_numbers(cells, titles[word], name) for word in pair)
            return np.where(np.isnan(x) | np.isnan(y), None, shapely.points(x, y))
        one = [word for word in pair if word in titles]
        if one:
            message = f"{name}: has column {one[0]} but not both of {' and '.join(pair)}; give both"
            raise LayerError(message)
    return None


def _numbers(cells: pd.DataFrame, column: str, name: str) -> Any:
    """Return a column of coordinates; a blank cell is unknown (NaN)."""
    texts = cells[column].str.strip()
    values = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=float)
    bad = np.flatnonzero(~np.isfinite(values) & (texts != "").to_numpy())
    if len(bad):
        text = cells[column].iloc[bad[0]]
        message = f"{name}: line {bad[0] + 2}: {column} {text!r} is not a number; give degrees or metres"
        raise LayerError(message)
    return values


def _datum(spec: LayerSpec, cells: pd.DataFrame) -> Datum:
    name = spec.name
    columns = [title for title in cells.columns if title.casefold() == "crs"]
    said = sorted({text.strip() for text in cells[columns[0]]}) if columns else []
    if len(said) > 1:
        message = f"{name}: column crs says {' and '.join(map(repr, said[:3]))}; one file has one CRS, split it"
        raise LayerError(message)
    text = said[0] if said and said[0] else spec.crs
    if not text:
        message = f"{name}: does not say the CRS of its coordinates; add a column crs or declare crs= (--layer-crs ...)"
        raise LayerError(message)
    return parse_datum(text, name)
