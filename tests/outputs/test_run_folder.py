import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from outputs import run_builders as builders

from siting.outputs.run_folder import RUN_FILES, write_audited, write_run
from siting.plan.audit_record import AuditReport

SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from outputs import run_builders as builders
from pathlib import Path
from siting.outputs.run_folder import write_run
write_run(builders.run(), Path({target!r}))
"""


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_every_file_of_the_contract_is_written(folder):
    assert sorted(contents(folder)) == sorted(RUN_FILES)


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_the_same_run_gives_the_same_bytes_in_another_process(folder, tmp_path, seed):
    script = SCRIPT.format(tests=str(Path(__file__).parent.parent), target=str(tmp_path))
    environment = os.environ | {"PYTHONHASHSEED": seed}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)
    here, there = contents(folder), contents(tmp_path)
    assert [name for name in here if here[name] != there[name]] == []


def test_the_study_is_written_back(folder, run):
    assert tomllib.loads((folder / "study.toml").read_text(encoding="utf-8")) == run.study


def test_an_audit_changes_only_what_shows_it(tmp_path):
    write_run(builders.run(audited=False), tmp_path)
    before = contents(tmp_path)
    report = AuditReport(findings=(), checks=7, verdicts=pd.DataFrame())
    audited = builders.run(audited=False)
    object.__setattr__(audited, "audit", report.as_dict())
    write_audited(audited, report, tmp_path)
    after = contents(tmp_path)
    assert sorted(set(after) - set(before)) == ["audit.html", "audit.json"]
    assert {name for name in before if before[name] != after[name]} == {"map.html", "report.html", "run.json"}
    assert json.loads(after["run.json"])["audit"]["checks"] == 7


def test_an_empty_plan_is_written_and_says_why(tmp_path):
    write_run(builders.run(empty=True), tmp_path)
    assert sorted(contents(tmp_path)) == sorted(RUN_FILES)
    assert "预算已用完。" in (tmp_path / "report.html").read_text(encoding="utf-8")
