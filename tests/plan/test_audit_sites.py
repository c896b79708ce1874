"""Sites that somebody drew: polygons or points with a kind, judged by the law alone."""

import geopandas as gpd
import pytest
import shapely
from plan.audit_builders import ON, ORIGIN, quarter, write_profile
from shapely import Point, box
from shapely.affinity import translate

from siting.errors import DataError, UsageError
from siting.kinds import Kind
from siting.plan.audit import audit_sites, write_audit
from siting.rules.profiles import load_rulebook

SHED = box(40, 10, 46, 14)  # 4 m from the lane's middle, far from walls


def drawn(*shapes, crs=None, **columns):
    frame = gpd.GeoDataFrame(columns, geometry=[translate(shape, *ORIGIN) for shape in shapes], crs=quarter().crs)
    frame.index = [f"mine/{number}" for number in range(1, len(shapes) + 1)]
    return frame.to_crs(crs) if crs else frame


@pytest.fixture
def rulebook(tmp_path):
    return load_rulebook(str(write_profile(tmp_path / "hand.toml")), on=ON)


def codes(report):
    return [(finding.site_id, finding.clause_id, finding.code) for finding in report.findings]


def test_a_lawful_site_has_no_findings(rulebook):
    report = audit_sites(drawn(SHED, kind=["ebike_shed"]), quarter(), rulebook)

    assert report.clean
    assert len(report.verdicts) == len(rulebook.clauses)


def test_what_is_not_drawn_is_not_evaluated(rulebook):
    verdicts = audit_sites(drawn(SHED, kind=["ebike_shed"]), quarter(), rulebook).verdicts.set_index("clause_id")

    assert list(verdicts["outcome"][["size", "sockets", "gap", "hydrant"]]) == ["NOT EVALUATED"] * 4


def test_every_broken_must_is_named(rulebook):
    report = audit_sites(drawn(SHED, box(46, 36, 62, 42)), quarter(), rulebook, kind=Kind.EBIKE_SHED)

    assert codes(report) == [("mine/2", "lane", "clause-broken"), ("mine/2", "wall", "clause-broken")]


def test_a_point_is_measured_from_where_it_stands(rulebook):
    on_the_lane, near_a_wall = Point(50, 20), Point(28, 45)

    report = audit_sites(drawn(on_the_lane, near_a_wall, kind=["ebike_shed"] * 2), quarter(), rulebook)

    assert codes(report) == [("mine/1", "lane", "clause-broken"), ("mine/2", "wall", "clause-broken")]
    assert report.findings[1].measured == pytest.approx(3.0)


def test_any_crs_will_do(rulebook):
    # 2 m to the lane's edge and 0.5 m of position error: degrees do not blur that.
    report = audit_sites(drawn(translate(SHED, 1.4, 0), crs="EPSG:4326"), quarter(), rulebook, kind=Kind.EBIKE_SHED)

    assert report.clean


def test_a_site_inside_the_position_error_is_uncertain(rulebook):
    report = audit_sites(drawn(translate(SHED, 1.6, 0)), quarter(), rulebook, kind=Kind.EBIKE_SHED)

    assert codes(report) == [("mine/1", "lane", "clause-uncertain")]


def test_two_drawn_sites_may_not_overlap_or_stand_too_close(rulebook):
    overlapping = audit_sites(drawn(SHED, translate(SHED, 0, 3)), quarter(), rulebook, kind=Kind.EBIKE_SHED)
    close = audit_sites(drawn(SHED, translate(SHED, 0, 5)), quarter(), rulebook, kind=Kind.EBIKE_SHED)

    assert [finding.code for finding in overlapping.findings] == ["group-gap", "sites-overlap"]
    assert [finding.code for finding in close.findings] == ["group-gap"]


def test_a_site_without_kind_geometry_or_crs_is_refused(rulebook):
    with pytest.raises(DataError, match="mine/1 has no kind"):
        audit_sites(drawn(SHED), quarter(), rulebook)
    with pytest.raises(UsageError, match="choose one of"):
        audit_sites(drawn(SHED, kind=["shed"]), quarter(), rulebook)
    bow = shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])
    with pytest.raises(DataError, match="no valid geometry"):
        audit_sites(drawn(bow), quarter(), rulebook, kind=Kind.EBIKE_SHED)
    with pytest.raises(DataError, match="no CRS"):
        audit_sites(drawn(SHED).set_crs(None, allow_override=True), quarter(), rulebook, kind=Kind.EBIKE_SHED)


def test_the_report_of_drawn_sites_is_written_too(rulebook, tmp_path):
    write_audit(audit_sites(drawn(SHED, kind=["ebike_shed"]), quarter(), rulebook), tmp_path)

    assert "未发现问题" in (tmp_path / "audit.html").read_text("utf-8")
