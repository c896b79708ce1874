"""What is written about the product stays true: keys, commands, examples."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.main import get_command

from siting.cli.app import app
from siting.outputs.run_folder import RUN_FILES
from siting.study import Study, make_study
from siting.study_programme import ProgrammeSection, ReplanSection, ScenarioSection, TogetherSection, UncertaintySection
from siting.study_sections import AttestationSection, LayerSection, WaiverSection

ROOT = Path(__file__).parent.parent
STUDY_PAGE = (ROOT / "docs/study.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
README_ZH = (ROOT / "README.zh.md").read_text(encoding="utf-8")


#: Sections that a study may repeat or leave out.
LISTED = {
    "layers": LayerSection,
    "attestations": AttestationSection,
    "waivers": WaiverSection,
    "programme": ProgrammeSection,
    "together": TogetherSection,
    "uncertainty": UncertaintySection,
    "replan": ReplanSection,
    "scenarios": ScenarioSection,
}


def _keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    keys = []
    for name, field in model.model_fields.items():
        kind = LISTED.get(name, field.annotation)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            keys += _keys(kind, f"{prefix}{name}.")
        else:
            keys.append(prefix + name)
    return keys


@pytest.mark.parametrize("key", _keys(Study))
def test_every_key_of_a_study_is_described(key):
    assert f"| `{key}` |" in STUDY_PAGE


def test_the_example_study_is_one():
    example = STUDY_PAGE.split("```toml\n")[1].split("```")[0]

    assert make_study(tomllib.loads(example)).limits.budget_cny == 500000


@pytest.mark.parametrize("command", sorted(get_command(app).commands))
def test_every_command_is_in_both_readmes_and_has_help(command, cli_help):
    assert f"siting {command}" in README
    assert f"siting {command}" in README_ZH or command == "demo"
    assert len(cli_help(command)) > 100


@pytest.mark.parametrize("page", ["README.md", "README.zh.md", "CONTRIBUTING.md", "docs/study.md", "docs/design.md"])
def test_a_link_to_a_file_leads_to_one(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    linked = [name for name in re.findall(r"\]\(([^)#\s]+)", text) if not name.startswith("http")]

    assert [name for name in linked if not (ROOT / page).parent.joinpath(name).is_file()] == []


def test_the_picture_of_the_first_screen_is_light():
    assert (ROOT / "docs/images/map.png").stat().st_size < 500_000


@pytest.mark.parametrize("name", [*RUN_FILES, "audit.json", "audit.html"])
def test_every_file_of_a_run_folder_is_named(name):
    assert f"`{name}`" in README


@pytest.fixture
def cli_help(monkeypatch, capsys):
    def read(command: str) -> str:
        with pytest.raises(SystemExit) as end:
            get_command(app).main([command, "--help"], prog_name="siting")
        assert end.value.code == 0
        return capsys.readouterr().out

    return read
