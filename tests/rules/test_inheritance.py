import pytest
from rules.rule_builders import clause

from siting.kinds import Kind
from siting.rules.clause import Force, Metric
from siting.rules.inheritance import inherit

BIKES = (Kind.EBIKE_OPEN, Kind.EBIKE_SHED)


def wall(name: str, metres: float, force: Force = Force.MUST, kinds=BIKES, **values):
    return clause(Metric.SEPARATION, "building", metres, clause_id=name, force=force, kinds=kinds, **values)


def laid(above, local) -> tuple[list[tuple[str, int]], int]:
    """Return (id, number of kinds) of the clauses in force and the number of findings."""
    clauses, findings = inherit((above,), (local,))
    return [(item.clause_id, len(item.kinds)) for item in clauses], len(findings)


def test_a_stricter_or_equal_local_must_replaces_the_national_one():
    assert laid(wall("n", 6), wall("l", 8)) == ([("l", 2)], 0)
    assert laid(wall("n", 6), wall("l", 6)) == ([("l", 2)], 0)


def test_a_looser_local_must_is_left_out_with_a_finding():
    assert laid(wall("n", 6), wall("l", 3)) == ([("n", 2)], 1)
    _, findings = inherit((wall("n", 6),), (wall("l", 3),))
    assert findings[0] == "l (must, >= 3 m) would loosen n (must, >= 6 m; nowhere); n stays in force"


def test_a_looser_clause_still_counts_for_the_kinds_the_must_does_not_name():
    assert laid(wall("n", 6, kinds=(Kind.EBIKE_SHED,)), wall("l", 3)) == ([("n", 1), ("l", 1)], 1)


def test_a_replaced_clause_stays_for_the_other_kinds():
    assert laid(wall("n", 6), wall("l", 8, kinds=(Kind.EBIKE_SHED,))) == ([("n", 1), ("l", 1)], 0)


def test_a_should_never_takes_the_place_of_a_must():
    assert laid(wall("n", 6), wall("l", 8, Force.SHOULD)) == ([("n", 2), ("l", 2)], 0)  # it asks for more: both
    assert laid(wall("n", 6), wall("l", 6, Force.SHOULD)) == ([("n", 2)], 1)


def test_a_must_takes_the_place_of_a_should_or_an_interpretation():
    assert laid(wall("n", 6, Force.SHOULD), wall("l", 3)) == ([("l", 2)], 0)
    assert laid(wall("n", 6, Force.INTERPRETATION), wall("l", 6, Force.SHOULD)) == ([("l", 2)], 0)
    assert laid(wall("n", 6, Force.SHOULD), wall("l", 3, Force.PRACTICE)) == ([("n", 2), ("l", 2)], 0)


def test_a_clause_for_some_cases_does_not_replace_one_for_all():
    assert laid(wall("n", 6), wall("l", 8, when={"min_bays": 50})) == ([("n", 2), ("l", 2)], 0)
    assert laid(wall("n", 6), wall("l", 8, applies_to="new")) == ([("n", 2), ("l", 2)], 0)


def test_another_question_is_another_clause():
    exits = clause(Metric.SEPARATION, "exit", 3.0, clause_id="l", kinds=BIKES)
    assert laid(wall("n", 6), exits) == ([("n", 2), ("l", 2)], 0)


def test_a_table_by_class_is_not_loosened_by_one_number():
    table = clause(
        Metric.SEPARATION_BY_CLASS,
        "building",
        None,
        clause_id="n",
        kinds=BIKES,
        values={"low_rise/*/*": 6.0, "high_rise/*/*": 9.0},
    )
    assert laid(table, wall("l", 6)) == ([("n", 2)], 1)
    assert laid(table, wall("l", 9)) == ([("n", 2), ("l", 2)], 0)  # it adds to the table, it does not replace it


def test_fewer_vehicles_are_stricter():
    national = clause(Metric.GROUP_SIZE, value=50.0, clause_id="n")
    assert laid(national, clause(Metric.GROUP_SIZE, value=25.0, clause_id="l")) == ([("l", 1)], 0)
    assert laid(national, clause(Metric.GROUP_SIZE, value=60.0, clause_id="l")) == ([("n", 1)], 1)


def test_a_must_for_some_cases_does_not_silence_a_local_clause_for_all():
    station = wall("n", 6, when={"min_power_kw": 100})
    assert laid(station, wall("l", 6, Force.SHOULD)) == ([("n", 2), ("l", 2)], 0)
    assert laid(station, wall("l", 3)) == ([("n", 2), ("l", 2)], 0)


def test_other_equipment_is_another_question():
    alarm = clause(Metric.EQUIPMENT, "garage", 0.0, clause_id="n", kinds=BIKES, systems=("alarm",))
    walls = clause(Metric.EQUIPMENT, "garage", 0.0, clause_id="l", kinds=BIKES, systems=("fire_separation",))
    assert laid(alarm, walls) == ([("n", 2), ("l", 2)], 0)


def test_a_planner_may_treat_practice_as_a_must_and_the_clause_says_so():
    from datetime import date

    from siting.errors import RuleError
    from siting.rules.profiles import load_rulebook

    day = date(2026, 1, 1)
    plain = load_rulebook("shanxi", on=day)
    book = load_rulebook("shanxi", on=day, require=["practice"])
    one = load_rulebook("shanxi", on=day, require=["shanxi.practice-exit"])

    assert plain.raised == ()
    assert {name for name, _ in book.raised} == {
        clause.clause_id for clause in plain.clauses if clause.force is Force.PRACTICE
    }
    assert book.clause("shanxi.practice-wall").force is Force.MUST
    assert one.raised == (("shanxi.practice-exit", Force.PRACTICE),)
    assert one.clause("shanxi.practice-wall").force is Force.PRACTICE
    assert one.clause("shanxi.practice-exit").note.endswith(
        "Treated as a must by the study; of its own it is practice."
    )
    with pytest.raises(RuleError, match=r"'shanxi.practice-exitt' is no force and no clause .* did you mean"):
        load_rulebook("shanxi", on=day, require=["shanxi.practice-exitt"])
