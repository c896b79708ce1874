from datetime import date

from rules.rule_builders import clause

from siting.rules.clause import Metric
from siting.rules.describe import rulebook_table, value_text
from siting.rules.profiles import load_rulebook


def test_every_clause_is_one_row_of_plain_values():
    book = load_rulebook("guangxi", on=date(2026, 1, 1))
    table = rulebook_table(book)
    assert list(table["clause_id"]) == [item.clause_id for item in book.clauses]
    last = table.set_index("clause_id", drop=False).loc["guangxi.c17"]
    assert last["kinds"] == "ebike_open"
    assert (last["asks"], last["value"], last["force"]) == (">= 6 m", 6.0, "must")
    assert (last["in_force_from"], last["in_force_to"]) == ("2025-04-01", None)
    assert last["confidence"] == "text seen (N)"


def test_figures_by_case_show_how_each_was_seen():
    table = rulebook_table(load_rulebook("national", on=date(2026, 1, 1))).set_index("clause_id")
    shed = table.loc["national.b01"]
    assert shed["asks"] == ">= 6 to 14 m by class or case"
    assert "low_rise/I-II/I-II 6 [text seen (S)]" in shed["value"]
    assert "low_rise/III/III 8 [from memory]" in shed["value"]
    assert "B03" in shed["exemptions"]


def test_conditions_are_words():
    assert value_text(clause(Metric.GROUP_SIZE, value=25.0)) == "<= 25 vehicles"
