import pytest
from builders import building, compound, district, obstacle
from sites.options_builders import clause, judged, offered, shed_table

from siting.kinds import Completeness, Kind, Outcome
from siting.rules.clause import Force, Metric
from siting.sites.verdicts import judge

YARD = compound((0, 0, 80, 60))
BLOCK = building((30, 25, 50, 35), id="block")
WALL = clause("wall", Metric.SEPARATION, "building", 3.0)


def test_each_clause_is_judged_on_each_candidate_in_order():
    verdicts = judged(district(YARD, BLOCK), WALL, clause("touch", Metric.ADJACENCY, "building"))
    ledger = verdicts.frame

    assert len(ledger) == 2 * len(verdicts.candidates.frame)
    assert ledger[["candidate_id", "clause_id"]].apply(tuple, axis=1).is_monotonic_increasing
    assert set(ledger["feature_id"]) == {"block"}


def test_what_was_searched_on_allowed_ground_is_accepted():
    verdicts = judged(district(YARD, BLOCK), WALL)
    clearance = verdicts.clearance_m

    assert (clearance[list(verdicts.accepted)] >= 3.0).all()
    assert (clearance[verdicts.outcomes == "FAIL"] < 3.0).all()
    assert verdicts.counts()["PASS"] == len(verdicts.accepted) > 10
    assert verdicts.counts()["FAIL"] >= 1  # the ledger can say why not there


def test_clearance_is_the_distance_to_the_nearest_wall():
    verdicts = judged(district(YARD, BLOCK), WALL)
    expected = verdicts.candidates.frame.geometry.distance(
        verdicts.candidates.zones.district.buildings.geometry.iloc[0]
    )

    assert verdicts.clearance_m.to_list() == pytest.approx(expected.to_list())


def test_a_should_that_fails_keeps_nobody_out():
    verdicts = judged(district(YARD, BLOCK), clause("wish", Metric.SEPARATION, "building", 30.0, force=Force.SHOULD))

    assert "FAIL" in set(verdicts.frame["outcome"])
    assert set(verdicts.outcomes) == {"PASS"}
    assert len(verdicts.accepted) == len(verdicts.outcomes)


def test_the_position_error_makes_places_uncertain_until_they_are_admitted():
    candidates = offered(district(YARD, BLOCK, position_error_m=1.0), WALL)
    strict, lenient = judge(candidates), judge(candidates, admit=(Outcome.UNCERTAIN,))
    uncertain = set(strict.outcomes.index[strict.outcomes == "UNCERTAIN"])

    assert uncertain
    assert not uncertain & set(strict.accepted)
    assert set(lenient.accepted) == set(strict.accepted) | uncertain
    assert (strict.clearance_m[list(strict.accepted)] >= 4.0).all()


def test_a_fact_nobody_mapped_is_not_evaluated_and_keeps_nobody_out():
    verdicts = judged(district(YARD, BLOCK), clause("hydrant", Metric.SEPARATION, "hydrant", 5.0))

    assert set(verdicts.outcomes) == {"NOT EVALUATED"}
    assert len(verdicts.accepted) == len(verdicts.outcomes)


def test_a_surveyed_class_passes_where_nothing_is_near():
    surveyed = {"building": Completeness.MAPPED, "hydrant": Completeness.SURVEYED}
    verdicts = judged(
        district(YARD, BLOCK, obstacle("hydrant", (5, 5)), completeness=surveyed),
        clause("hydrant", Metric.SEPARATION, "hydrant", 5.0),
    )

    assert (verdicts.outcomes[list(verdicts.accepted)] == "PASS").all()


def test_the_worst_must_decides():
    verdicts = judged(
        district(YARD, BLOCK), clause("hydrant", Metric.SEPARATION, "hydrant", 5.0), WALL, kind=Kind.EBIKE_SHED
    )
    by_candidate = verdicts.frame.groupby("candidate_id")["outcome"].agg(set)

    assert (verdicts.outcomes[by_candidate.map(lambda found: "FAIL" in found)] == "FAIL").all()
    assert (verdicts.outcomes[by_candidate.map(lambda found: "FAIL" not in found)] == "NOT EVALUATED").all()


def test_only_uncertain_places_can_be_admitted():
    candidates = offered(district(YARD, BLOCK), WALL)

    with pytest.raises(ValueError, match="only UNCERTAIN can be admitted, not FAIL"):
        judge(candidates, admit=(Outcome.FAIL,))


@pytest.mark.parametrize(("fire_class", "clear_m"), [("I-II", 9.0), ("IV", 14.0), ("unknown", 14.0)])
def test_the_class_of_the_shed_decides_how_near_it_may_stand(fire_class, clear_m):
    tower = building((60, 50, 80, 60), levels=18)
    verdicts = judged(
        district(compound((0, 0, 140, 110)), tower),
        shed_table(),
        kind=Kind.EBIKE_SHED,
        figures={"fire_class": fire_class},
    )

    nearest_m = verdicts.clearance_m[list(verdicts.accepted)].min()

    assert clear_m <= nearest_m < clear_m + 1.0
