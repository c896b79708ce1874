"""The notebook runs from top to bottom, and its two files say the same."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def _percent_cells(path: Path) -> list[str]:
    """Return the code cells of a percent script."""
    blocks = path.read_text(encoding="utf-8").split("\n# %%")[1:]
    return [block.partition("\n")[2].strip() for block in blocks if not block.startswith(" [markdown]")]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_and_its_script_hold_the_same_code(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell["source"].strip() for cell in notebook.cells if cell["cell_type"] == "code"]

    assert code == _percent_cells(path.with_suffix(".py"))
    assert not any(cell.get("outputs") for cell in notebook.cells)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("default")  # what Jupyter itself deprecates is not ours
def test_a_notebook_runs_from_top_to_bottom(path, monkeypatch):
    monkeypatch.setitem(os.environ, "PYDEVD_DISABLE_FILE_VALIDATION", "1")
    notebook = nbformat.read(path, as_version=4)

    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
    ).execute()

    assert all(cell.get("execution_count") for cell in notebook.cells if cell["cell_type"] == "code")
