from pathlib import Path

import pytest
from outputs import run_builders as builders

from siting.outputs.run import Run


@pytest.fixture(scope="session")
def run() -> Run:
    return builders.run()


@pytest.fixture(scope="session")
def folder(run, tmp_path_factory) -> Path:
    """A run folder written once; tests only read it."""
    from siting.outputs.run_folder import write_run

    path = tmp_path_factory.mktemp("run")
    write_run(run, path)
    return path
