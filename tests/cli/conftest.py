"""Run the command line in this process and look at what a shell would see."""

from dataclasses import dataclass

import pytest

from siting.cli import main


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one error line; fails if there is none or more than one."""
        lines = [line for line in self.err.splitlines() if line.startswith("siting: error: ")]
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        return lines[0]


@pytest.fixture
def cli(monkeypatch, capsys):
    def run(*words: object) -> Ended:
        monkeypatch.setattr("sys.argv", ["siting", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        streams = capsys.readouterr()
        return Ended(code, streams.out, streams.err)

    return run
