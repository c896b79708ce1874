import re
import string
from importlib.resources import files

import pytest

from siting.kinds import Kind, Outcome, Source
from siting.model.solution import Status
from siting.outputs.texts import _COUNTED, LANGUAGES, Texts
from siting.outputs.words import format_gap, status_key
from siting.rules.clause import Confidence, Force
from siting.rules.clause_checks import SENSE
from siting.tables import BUILDINGS, COMPOUNDS, OBSTACLES, SITES

ZH, EN = (Texts.load(lang) for lang in LANGUAGES)


def placeholders(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


def choices(table, column):
    (check,) = (check for check in table.columns[column].checks if (check.error or "").startswith("not one of"))
    return check.error.removeprefix("not one of ").split(", ")


def test_both_languages_have_the_same_keys_and_placeholders():
    assert list(ZH.catalogue) == list(EN.catalogue)
    wrong = [key for key in ZH.catalogue if placeholders(ZH.catalogue[key]) != placeholders(EN.catalogue[key])]
    assert wrong == []


def test_no_chinese_is_left_in_english_and_no_text_is_empty():
    assert [key for key, text in EN.catalogue.items() if re.search(r"[\u4e00-\u9fff]", text) or not text] == []
    assert [key for key, text in ZH.catalogue.items() if not text] == []


@pytest.mark.parametrize(
    ("group", "members"),
    [
        ("kind", list(Kind)),
        ("outcome", list(Outcome)),
        ("force", list(Force)),
        ("confidence", list(Confidence)),
        ("source", list(Source)),
        ("use", choices(BUILDINGS, "use")),
        ("obstacle", choices(OBSTACLES, "kind")),
        ("state", choices(COMPOUNDS, "state")),
        ("tier", choices(SITES, "tier")),
    ],
)
def test_every_word_of_the_data_has_a_text(group, members):
    assert [member for member in members if str(member) not in ZH.under(group)] == []


def test_every_text_that_a_page_asks_for_is_there():
    folder = files("siting.outputs").joinpath("templates")
    asked = set()
    for name in ("map.js", "map.html.j2", "report.html.j2"):
        source = folder.joinpath(name).read_text(encoding="utf-8")
        asked |= set(re.findall(r"\bt\([\"']([\w.]+\w)[\"'][,)]", source)) | set(
            re.findall(r'data-t="([\w.]+)"', source)
        )
        asked |= {f"report.{key}" for key in re.findall(r"section\(\d+, '(\w+)'\)", source)}
        asked |= {f"map.{key}" for key in re.findall(r"fact\(\"(\w+)\"", source)}
    assert len(asked) > 60
    assert sorted(asked - set(ZH.catalogue)) == []


def test_an_unknown_language_or_key_is_an_error():
    with pytest.raises(KeyError):
        Texts.load("fr")
    with pytest.raises(KeyError):
        ZH.t("map.nothing")


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_a_word_and_a_sentence(status):
    for texts in (ZH, EN):
        assert texts.t(f"status.{status_key(status)}")
        assert texts.t(f"status.{status_key(status)}_words", gap="1%")


@pytest.mark.parametrize(
    ("gap", "text"), [(0.0, "0%"), (0.00123, "0.13%"), (0.05, "5%"), (float("inf"), "–"), (None, "–")]
)
def test_a_gap_is_never_shown_smaller_than_it_is(gap, text):
    assert format_gap(gap) == text


def test_english_counts_one_thing_as_one():
    figures = {"groups": 1, "bays": "1,021", "ports": 1, "power": 1.5, "cost": "1"}
    assert EN.t("card.layout", **figures) == "1,021 bays in 1 group, 1 port, 1.5 kW, CNY 1 when complete"
    assert ZH.t("card.layout", **figures).startswith("1,021 个车位,1 组")
    assert EN.t("map.n_ports", n="11") == "11 ports"
    assert EN.t("map.n_ports", n="2.1") == "2.1 ports"


def test_map_and_texts_count_the_same_things():
    source = files("siting.outputs").joinpath("templates", "map.js").read_text(encoding="utf-8")
    assert f"1 ({_COUNTED})s" in source


def test_every_unit_of_the_law_that_is_a_word_has_a_text():
    units = {unit for _, unit in SENSE.values()} - {"m", "kW"}
    assert sorted(units - set(ZH.under("unit"))) == []
