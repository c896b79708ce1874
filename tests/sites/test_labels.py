from builders import building, compound, district
from sites.options_builders import clause, judged

from siting.rules.clause import Metric
from siting.sites.labels import labels, not_evaluated

YARD, BLOCK = compound((0, 0, 80, 60)), building((30, 25, 50, 35), id="block")
WALL = clause("wall", Metric.SEPARATION, "building", 3.0)
HYDRANT = clause("hydrant", Metric.SEPARATION, "hydrant", 5.0)


def test_clear_needs_survey_and_fails_follow_the_position_error():
    verdicts = judged(district(YARD, BLOCK, position_error_m=1.0), WALL)
    found, apart = labels(verdicts), verdicts.clearance_m

    assert set(found) == {"clear", "needs survey", "fails"}
    assert (apart[found.eq("clear")] >= 4.0).all()
    assert (apart[found.eq("needs survey")].between(2.0, 4.0)).all()
    assert (apart[found.eq("fails")] < 2.0).all()


def test_what_was_not_evaluated_is_counted_beside_the_label():
    verdicts = judged(district(YARD, BLOCK), WALL, HYDRANT)

    assert set(not_evaluated(verdicts)) == {1}
    assert "clear" in set(labels(verdicts))
