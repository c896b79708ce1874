"""Rulebooks: inheritance over files, dates, differences, and files that are refused with every fault named."""

from datetime import date
from pathlib import Path

import pytest

from siting.errors import RuleError
from siting.kinds import Kind
from siting.rules.profiles import available_profiles, diff_rulebooks, load_rulebook

TODAY = date(2026, 11, 1)
HEAD = """name = "mine"
title_en = "Mine"
title_zh = "我的"
"""
CLAUSE = """
[[clause]]
id = "mine.wall"
kinds = ["ebike_open"]
metric = "separation"
measure_from = "outline"
to = "building"
op = ">="
value = 4.0
unit = "m"
force = "must"
jurisdiction = "Here"
standard = "Local rule"
clause = "3.1"
source = "the paper on my desk"
confidence = "text seen (P)"
title_en = "4 m"
title_zh = "4米"
"""


@pytest.fixture
def write(tmp_path: Path):
    def write_file(text: str, name: str = "mine.toml") -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return write_file


def refusal(path: str) -> str:
    with pytest.raises(RuleError) as caught:
        load_rulebook(path, on=TODAY)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_profile_of_ones_own_inherits_from_a_built_in_one(write):
    book = load_rulebook(write(HEAD + 'parent = "fuzhou"\n' + CLAUSE), on=TODAY)
    assert book.chain == ("national", "fuzhou", "mine")
    assert book.clause("mine.wall").value == 4.0  # stricter than Fuzhou's 3 m, which it replaces
    assert "fuzhou.c04" not in {clause.clause_id for clause in book.clauses}
    assert "fuzhou.c05" in {clause.clause_id for clause in book.for_kind(Kind.EBIKE_OPEN)}


def test_a_local_file_cannot_loosen_what_it_inherits(write):
    book = load_rulebook(write(HEAD + 'parent = "fuzhou"\n' + CLAUSE.replace("4.0", "2.0")), on=TODAY)
    assert [finding for finding in book.findings if "mine.wall" in finding] == [
        "mine.wall (must, >= 2 m) would loosen fuzhou.c04 (must, >= 3 m; Fuzhou); fuzhou.c04 stays in force"
    ]
    assert "mine.wall" not in {clause.clause_id for clause in book.clauses}


def test_fuzhou_does_not_loosen_the_separation_of_sheds():
    book = load_rulebook("fuzhou", on=TODAY)
    assert book.clause("fuzhou.c04").kinds == (Kind.EBIKE_OPEN,)
    assert book.clause("national.b01").kinds == (Kind.EBIKE_SHED,)
    assert len(book.findings) == 1


def test_parents_may_be_files_beside_the_file(write):
    write(HEAD + CLAUSE, "parent.toml")
    child = HEAD.replace("mine", "child") + 'parent = "parent.toml"\n' + CLAUSE.replace("mine.wall", "child.wall")
    book = load_rulebook(write(child, "child.toml"), on=TODAY)
    assert book.chain == ("mine", "child")
    assert [clause.clause_id for clause in book.clauses] == ["child.wall"]


@pytest.mark.parametrize(("day", "count"), [(date(2025, 3, 31), 0), (date(2025, 4, 1), 1)])
def test_a_clause_counts_from_its_day_on(day, count):
    book = load_rulebook("guangxi", on=day)
    assert [item.clause_id for item in book.clauses].count("guangxi.c17") == count
    assert [item.clause_id for item in book.set_aside].count("guangxi.c17") == 1 - count


def test_a_clause_counts_to_its_last_day(write):
    path = write(HEAD + CLAUSE + "in_force_to = 2026-11-01\n")
    assert len(load_rulebook(path, on=TODAY).clauses) == 1
    assert len(load_rulebook(path, on=date(2026, 11, 2)).clauses) == 0


def test_clauses_for_new_buildings_are_set_aside(write):
    path = write(HEAD + CLAUSE + 'applies_to = "new"\n')
    assert load_rulebook(path, on=TODAY).clauses == ()
    assert [item.clause_id for item in load_rulebook(path, on=TODAY).set_aside] == ["mine.wall"]
    assert len(load_rulebook(path, on=TODAY, stage="new").clauses) == 1


@pytest.mark.parametrize(("word", "hint"), [("fuzou", "did you mean 'fuzhou'"), ("atlantis", "choose one of anhui")])
def test_an_unknown_profile_lists_the_choices(word, hint):
    message = refusal(word)
    assert hint in message
    assert all(name in message for name in available_profiles())


def test_a_missing_file_and_a_file_that_is_not_text(tmp_path):
    assert "No such file" in refusal(str(tmp_path / "none.toml"))
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    assert "is not UTF-8 text" in refusal(str(tmp_path / "binary.toml"))


def test_a_file_nested_beyond_reason_is_refused(write):
    assert "nested too deeply" in refusal(write("a = " + "[" * 20_000))


def test_broken_toml_names_line_and_column(write):
    assert "line 2, column" in refusal(write('name = "mine"\ntitle_en = oops\n'))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("value = 4.0", "valeu = 4.0", "line 12: clause 'mine.wall': key 'valeu' is unknown; did you mean 'value'?"),
        ('metric = "separation"', 'metric = "seperation"', "line 8: clause 'mine.wall': metric = 'seperation'"),
        ('metric = "separation"', 'metric = "seperation"', "did you mean 'separation'?"),
        ('to = "building"', 'to = "bilding"', "line 10: clause 'mine.wall': to = 'bilding' is no class of objects"),
        ('to = "building"', 'to = "bilding"', "did you mean 'building'?"),
        ('kinds = ["ebike_open"]', 'kinds = ["ebike"]', "kinds = ['ebike']"),
        ('kinds = ["ebike_open"]', "kinds = []", "names no kind of facility"),
        ('op = ">="', 'op = "<="', "op = '<=': metric separation means '>='"),
        ('unit = "m"', 'unit = "km"', "unit = 'km': metric separation is in 'm'"),
        ("value = 4.0", "value = -4.0", "is not a number of 0 or more"),
        ("value = 4.0", "value = true", "is not a number of 0 or more"),
        ("value = 4.0", 'value = "4"', "is not a number of 0 or more"),
        ("value = 4.0", "value = inf", "is not a number of 0 or more"),
        ('source = "the paper on my desk"\n', "", "line 5: clause 'mine.wall': key 'source' is missing"),
        ('clause = "3.1"\n', "", "clause 'mine.wall': key 'clause' is missing"),
        ('source = "the paper on my desk"', 'source = " "', "source = ' ': is not text"),
        ('id = "mine.wall"\n', "", "clause number 1 (no id): key 'id' is missing"),
        ("value = 4.0\n", "", "key 'value' (or 'values') is missing"),
        ('force = "must"', 'force = "maybe"', "choose one of must, should, practice, interpretation"),
        ('confidence = "text seen (P)"', 'confidence = "sure"', "choose one of text seen (P)"),
        ("value = 4.0", 'value = 4.0\nin_force_from = "2025"', "is not a date like 2025-04-01"),
        ("value = 4.0", "value = 4.0\nwhen = { min_bay = 3 }", "when.min_bay is unknown; known are min_bays, max_bays"),
        ("value = 4.0", 'value = 4.0\napplies_to = "old"', "applies_to = 'old': choose one of new, existing, both"),
        ('title_zh = "我的"', "", "mine.toml: key 'title_zh' is missing"),
        (
            'name = "mine"',
            'name = "mine"\nparant = "national"',
            "line 2: key 'parant' is unknown; did you mean",
        ),
        ('name = "mine"', 'name = "mine"\nparent = "natonal"', "did you mean 'national'?"),
        ('name = "mine"', 'name = "mine"\nparent = "mine.toml"', "is its own parent"),
    ],
)
def test_a_fault_is_named_with_file_line_clause_and_key(write, old, new, expected):
    text = HEAD + CLAUSE
    assert old in text
    message = refusal(write(text.replace(old, new, 1)))
    assert expected in message
    assert "mine.toml" in message or "natonal" in message


def test_all_faults_of_a_file_come_at_once(write):
    broken = CLAUSE.replace("value = 4.0", "valeu = 4.0").replace('source = "the paper on my desk"\n', "")
    message = refusal(write(HEAD + CLAUSE + broken.replace("mine.wall", "mine.other")))
    assert message.count("mine.toml") == 3  # unknown key, missing value, missing source
    assert "mine.wall" not in message


def test_an_id_is_used_once(write):
    assert "is used twice" in refusal(write(HEAD + CLAUSE + CLAUSE))
    text = HEAD + 'parent = "fuzhou"\n' + CLAUSE.replace("mine.wall", "fuzhou.c04")
    assert "clause 'fuzhou.c04': id is used in profile fuzhou too" in refusal(write(text))


TABLE = """
[clause.values]
"low_rise/*/*" = 6
"high_rise/*/I-II" = 9
"hi_rise/*/*" = 13
"""


def test_a_table_by_class_must_answer_every_cell(write):
    by_class = CLAUSE.replace('"separation"', '"separation_by_class"').replace("value = 4.0\n", "")
    message = refusal(write(HEAD + by_class + TABLE))
    assert "line 22: clause 'mine.wall': values.'hi_rise/*/*' names no cell" in message
    assert "values has no figure for high_rise/I-II/III" in message
    assert "low_rise" not in message
    assert "needs 'values' by class" in refusal(write(HEAD + CLAUSE.replace('"separation"', '"separation_by_class"')))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({'"separation"': '"group_size"', ">=": "<=", '"m"': '"vehicles"'}, "is measured on the 'layout'"),
        ({'"separation"': '"adjacency"', ">=": "<=", '"m"': '"objects"'}, "value = 4: metric adjacency means 0 here"),
        ({'"separation"': '"keep_clear"', '"building"': '"water"'}, "value = 4: metric keep_clear means 0 here"),
        ({"value = 4.0": "value = 4.0\nvalues = { a = 1 }"}, "has both 'value' and 'values'"),
        ({"value = 4.0": "values = { a = 1 }\nvalues_confidence = { b = 'from memory' }"}, "'b' names no value"),
        ({"value = 4.0": "value = 4.0\nin_force_from = 2025-02-01\nin_force_to = 2025-01-01"}, "before in_force_from"),
    ],
)
def test_a_contradiction_within_a_clause_is_refused(write, changes, expected):
    text = CLAUSE
    for old, new in changes.items():
        text = text.replace(old, new)
    assert expected in refusal(write(HEAD + text))


def test_differences_are_told_by_kind_and_question():
    frame = diff_rulebooks(load_rulebook("fuzhou", on=TODAY), load_rulebook("national", on=TODAY))
    rows = {(row.kind, row.metric, row.to): (row.change, row.fuzhou, row.national) for row in frame.itertuples()}
    assert rows["ebike_open", "separation", "building"] == ("only in fuzhou", ">= 3 m (must, text seen (N))", "")
    change, mine, other = rows["ev_surface", "separation", "building"]
    assert change == "differs"
    assert ">= 6 m (should, text seen (N))" in mine
    assert ">= 6 m (interpretation, text seen (P))" in other
    assert ">= 6 m if min_power_kw 100, max_bays 100 (must, from memory)" in other
    assert ("ebike_shed", "separation_by_class", "building") not in rows


def test_a_rulebook_does_not_differ_from_itself_but_from_another_day():
    book = load_rulebook("guangxi", on=TODAY)
    assert diff_rulebooks(book, book).empty
    then = load_rulebook("guangxi", on=date(2025, 1, 1))  # before 6 m to car parks and before stations' distances
    assert list(diff_rulebooks(book, then)["kind"]) == ["ebike_open", "ebike_shed", "ev_surface"]
