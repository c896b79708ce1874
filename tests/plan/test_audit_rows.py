"""Tables beside a plan are read as they were written; a broken one is named."""

import pytest

from siting.errors import DataError
from siting.plan.audit_rows import rows_of


def test_an_inert_formula_is_read_as_it_was_meant(tmp_path):
    path = tmp_path / "programme.csv"
    path.write_text("\ufeffyear,object_id\n2026,'=1+1\n", encoding="utf-8")

    assert rows_of(path) == [{"year": "2026", "object_id": "=1+1"}]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xff", b"year,object_id\n2026\n"])
def test_a_missing_or_broken_table_is_named(content, tmp_path):
    path = tmp_path / "programme.csv"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DataError, match=r"programme\.csv: cannot be read as a table"):
        rows_of(path)
