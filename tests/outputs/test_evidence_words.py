"""What a Chinese reader is told of standards and sources has no English left in it."""

import re
from datetime import date

import pytest

from siting.outputs.evidence_words import source_in_chinese, standard_in_chinese
from siting.rules.profiles import available_profiles, load_rulebook
from siting.sites.catalogue import load_catalogue

ENGLISH = re.compile(r"[a-z]{2,}")


@pytest.mark.parametrize("profile", available_profiles())
def test_names_of_standards_and_clauses_have_no_english_pieces_left(profile):
    clauses = load_rulebook(profile, on=date(2026, 1, 1)).clauses
    said = [standard_in_chinese(f"{clause.standard} {clause.clause}") for clause in clauses]
    assert [text for text in said if ENGLISH.search(text)] == []


def test_names_are_put_as_one_says_them():
    assert standard_in_chinese("GB 50016-2014(2018) 5.2.2") == "GB 50016-2014(2018) 5.2.2"
    assert standard_in_chinese("GB 50156-2012(2014) table 4.0.4") == "GB 50156-2012(2014) 表4.0.4"
    assert standard_in_chinese("practice after 福州 导则(试行) 2025 and 东海县 公告").startswith("惯例,参照福州")


def test_every_figure_of_the_catalogue_says_in_chinese_where_it_comes_from():
    sources = set(load_catalogue(None).as_frame()["source"])
    assert [text for text in sorted(sources) if source_in_chinese(text) == text] == []
    assert source_in_chinese("our own count") == "our own count"
