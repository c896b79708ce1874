"""The audit of a run folder written by hand: clean as it is, and every kind of tampering named by its own code."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import district, entrance, gate, obstacle, parking
from plan.audit_builders import ORIGIN, edit_csv, edit_geojson, edit_json, edit_layer, edit_study, write_run_folder
from shapely import Point
from shapely.affinity import translate

from siting.errors import DataError, RuleError
from siting.plan.audit import audit_run, write_audit

Tamper = Callable[[Path], None]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_run_folder(tmp_path_factory.mktemp("hand") / "run")


@pytest.fixture
def folder(written, tmp_path):
    return Path(shutil.copytree(written, tmp_path / "run"))


def run(**changes) -> Tamper:
    return lambda folder: edit_json(folder, lambda record: record.update(changes))


def cell(name: str, where: dict[str, str], **changes) -> Tamper:
    """Change cells of a CSV file in the rows where columns have the given values."""

    def change(frame):
        rows = (frame[list(where)] == list(where.values())).all(axis="columns")
        assert rows.any()
        for column, value in changes.items():
            frame.loc[rows, column] = str(value)
        return frame

    return lambda folder: edit_csv(folder, name, change)


def row(layer: str, key: str, **changes) -> Tamper:
    """Change cells of one row of a layer of plan.gpkg."""

    def change(frame):
        assert key in frame.index
        for column, value in changes.items():
            frame.loc[key, column] = value
        return frame

    return lambda folder: edit_layer(folder, layer, change)


def move(layers: tuple[str, ...], key: str, east: float, north: float) -> Tamper:
    """Move a site, its candidate and its group in some layers of plan.gpkg."""

    def change(frame):
        return frame.set_geometry(
            [
                translate(shape, east, north) if str(name).startswith(key) else shape
                for name, shape in frame.geometry.items()
            ]
        )

    def tamper(folder):
        for layer in layers:
            edit_layer(folder, layer, change)

    return tamper


def car_park():
    return district(parking((40, 0, 48, 11), id="k/1", compound_id="c/1"), origin=ORIGIN).parking


def put(layer: str, item) -> Tamper:
    """Draw one more thing into the facts."""
    return lambda folder: edit_layer(folder, layer, lambda _: getattr(district(item, origin=ORIGIN), layer))


def refuse(feature) -> None:
    feature["properties"]["outcome"] = "FAIL"


def praise(feature) -> None:
    feature["properties"]["outcome"] = "PASS"


EVERYWHERE = ("sites", "candidates", "groups")

TAMPERED: dict[str, tuple[Tamper, str]] = {
    "a site moved by 1 m": (move(("sites",), "s/1", 1, 0), "site-moved"),
    "a site moved by 2 mm": (move(("sites",), "s/1", 0.002, 0), "site-moved"),
    "two sites that swapped ids": (
        lambda folder: edit_layer(folder, "sites", lambda sites: sites.rename({"s/1": "s/2", "s/2": "s/1"})),
        "site-moved",
    ),
    "a site on a fire lane": (move(EVERYWHERE, "s/1", 5, 0), "clause-broken"),
    "a site too near to a wall": (move(EVERYWHERE, "s/1", -18, 23), "clause-broken"),
    "a site within the position error of a limit": (move(EVERYWHERE, "s/1", 1.8, 0), "clause-uncertain"),
    "two sites that overlap": (move(EVERYWHERE, "s/2", -118, 0), "sites-overlap"),
    "two sites 1 m apart": (move(EVERYWHERE, "s/2", -120, 5), "group-gap"),
    "a site over the compound's edge": (move(EVERYWHERE, "s/1", 0, -12), "outside-compound"),
    "a site on somebody's car park": (
        lambda folder: edit_layer(folder, "parking", lambda _: car_park()),
        "ground-taken",
    ),
    "a site in a gateway": (put("gates", gate((44, 12))), "ground-taken"),
    "a site on a doorstep": (put("entrances", entrance((44, 12))), "ground-taken"),
    "a site in the yard of a kindergarten": (
        put("obstacles", obstacle("kindergarten", (30, 0, 48, 30))),
        "ground-taken",
    ),
    "a site where nobody has mapped the houses": (row("compounds", "c/1", state="survey_first"), "survey-first"),
    "a site that is no candidate": (
        lambda folder: edit_layer(folder, "sites", lambda sites: sites.rename({"s/1": "s/9"})),
        "site-not-a-candidate",
    ),
    "a site that was refused": (
        lambda folder: edit_geojson(
            folder, "candidates.geojson", lambda item: item["properties"].update(outcome="FAIL")
        ),
        "candidate-not-accepted",
    ),
    "a candidate that was refused and is praised": (
        lambda folder: edit_geojson(folder, "candidates.geojson", praise, at=2),
        "candidate-differs",
    ),
    "a refused candidate left out": (
        lambda folder: edit_json(folder, lambda copy: copy["features"].pop(), "candidates.geojson"),
        "candidate-differs",
    ),
    "more bays than the candidate has": (row("sites", "s/1", bays=30), "site-differs"),
    "inflated ports": (row("sites", "s/1", ports=30), "ports-differs"),
    "power made smaller": (row("sites", "s/1", power_kw=1.0), "power-differs"),
    "cost made smaller": (row("sites", "s/1", cost_cny=2700.0), "cost-differs"),
    "more modules than there is room for": (row("sites", "s/1", modules=3), "modules-differ"),
    "another clearance": (row("sites", "s/1", clearance_m=31.0), "clearance-differs"),
    "a better outcome at a site": (row("sites", "s/1", outcome="PASS"), "outcome-differs"),
    "a deleted row of the ledger": (
        lambda folder: edit_csv(folder, "verdicts.csv", lambda ledger: ledger[ledger["clause_id"] != "wall"]),
        "verdict-missing",
    ),
    "a row for a clause that is not in force": (
        cell("verdicts.csv", {"candidate_id": "s/3", "clause_id": "wall"}, clause_id="floor"),
        "verdict-unknown",
    ),
    "a changed outcome": (
        cell("verdicts.csv", {"candidate_id": "s/1", "clause_id": "hydrant"}, outcome="PASS"),
        "verdict-outcome",
    ),
    "a changed outcome of a candidate not chosen": (
        cell("verdicts.csv", {"candidate_id": "s/3", "clause_id": "wall"}, outcome="FAIL"),
        "verdict-outcome",
    ),
    "an edited distance": (
        cell("verdicts.csv", {"candidate_id": "s/1", "clause_id": "wall"}, measured="29.53"),
        "verdict-measured",
    ),
    "a lower requirement": (
        cell("verdicts.csv", {"candidate_id": "s/1", "clause_id": "wall"}, required="3"),
        "verdict-required",
    ),
    "another rule profile": (run(rules={"profile": "national", "on": "2026-01-01"}), "rulebook-differs"),
    "an altered budget": (run(budget_cny=90000.0), "study-differs"),
    "a smaller position error": (
        lambda folder: edit_study(folder, "position_error_m = 0.5", "position_error_m = 0.1"),
        "study-differs",
    ),
    "more vehicles to a port than the catalogue says": (
        lambda folder: edit_json(folder, lambda record: record["parameters"].update(vehicles_per_port=4.8)),
        "study-differs",
    ),
    "overspend": (
        lambda folder: edit_study(folder, "budget_cny = 60000.0", "budget_cny = 50000.0"),
        "over-budget",
    ),
    "money that was not counted": (run(spent_cny=50500.0), "spent-differs"),
    "an upgrade that nobody paid": (run(upgrades={}, spent_cny=50500.0), "overload"),
    "an upgrade at half price": (run(upgrades={"t/1": 2500.0}, spent_cny=53000.0), "upgrade-differs"),
    "raised spare power": (row("transformers", "t/1", spare_kva=100.0), "facts-changed"),
    "another transformer": (row("sites", "s/1", transformer_id="t/2"), "transformer-differs"),
    "a removed building": (
        lambda folder: edit_layer(folder, "buildings", lambda buildings: buildings.drop("b/2")),
        "facts-changed",
    ),
    "service beyond the ports": (
        cell("links.csv", {"building_id": "b/3"}, served="30"),
        "served-differs",
    ),
    "service beyond the ports, in both files": (row("sites", "s/2", served=30.0), "beyond-ports"),
    "a building served more than it has": (
        cell("links.csv", {"building_id": "b/3"}, served="30"),
        "beyond-demand",
    ),
    "totals made larger": (run(served=96.0), "total-differs"),
    "a link beyond the radius": (cell("links.csv", {"building_id": "b/1"}, walk_m="140.0"), "beyond-radius"),
    "a link shorter than the straight line": (
        cell("links.csv", {"building_id": "b/1"}, walk_m="20.0"),
        "walk-too-short",
    ),
    "a walk made 2 cm shorter": (cell("links.csv", {"building_id": "b/1"}, walk_m="59.98"), "walk-differs"),
    "a link to a foreign compound": (cell("links.csv", {"building_id": "b/3"}, building_id="b/2"), "sharing-broken"),
    "a link to a building that is not there": (
        cell("links.csv", {"building_id": "b/3"}, building_id="b/7"),
        "link-unknown",
    ),
    "a link that stands there twice": (cell("links.csv", {"building_id": "b/2"}, building_id="b/1"), "id-repeated"),
    "a copy that lies elsewhere": (
        lambda folder: edit_geojson(
            folder,
            "sites.geojson",
            lambda item: (
                item["geometry"]["coordinates"][0].__setitem__(0, [111.0, 29.8])
                or item["geometry"]["coordinates"][0].__setitem__(-1, [111.0, 29.8])
            ),
        ),
        "copy-moved",
    ),
    "a copy with other figures": (
        lambda folder: edit_geojson(folder, "sites.geojson", lambda item: item["properties"].update(ports=200)),
        "copy-differs",
    ),
    "a copy without a site": (
        lambda folder: edit_json(folder, lambda copy: copy["features"].pop(), "sites.geojson"),
        "copy-differs",
    ),
    "an input without its hash": (run(inputs=[{"name": "quarter.osm.pbf"}]), "input-hash-missing"),
}


def test_a_run_as_written_has_no_findings(folder):
    report = audit_run(folder)

    assert report.findings == ()
    assert report.clean
    assert report.checks > 250
    assert len(report.verdicts) == 2 * 7


def test_one_figure_for_all_kinds_is_as_good(folder):
    edit_json(folder, lambda record: record["parameters"].update(vehicles_per_port=2.4))

    assert audit_run(folder).clean


@pytest.mark.parametrize(("tamper", "code"), TAMPERED.values(), ids=TAMPERED.keys())
def test_tampering_is_named_by_its_own_code(folder, tamper, code):
    tamper(folder)

    found = {finding.code for finding in audit_run(folder).findings}

    assert code in found


def test_staff_housing_in_the_grounds_of_a_college_uses_its_own_ground(folder):
    put("obstacles", obstacle("school", (-20, -20, 100, 60)))(folder)

    assert "ground-taken" not in {finding.code for finding in audit_run(folder).findings}


def test_an_uncertain_must_is_no_finding_where_the_study_admits_it(folder):
    TAMPERED["a site within the position error of a limit"][0](folder)
    edit_study(folder, "admit = []", 'admit = ["UNCERTAIN"]')

    found = {finding.code for finding in audit_run(folder).findings}

    assert "clause-uncertain" not in found


def test_a_finding_says_what_was_measured_and_what_is_asked(folder):
    TAMPERED["a site on a fire lane"][0](folder)

    finding = next(item for item in audit_run(folder).findings if item.code == "clause-broken")

    # The lane's centreline is 50 m east, the site now reaches from 45 to 51 m: it lies on it.
    assert (finding.site_id, finding.clause_id, finding.feature_id) == ("s/1", "lane", "w/1")
    assert (finding.measured, finding.required, finding.unit) == (0.0, 2.0, "m")
    assert "s/1" in finding.sentence_en
    assert "s/1" in finding.sentence_zh


def test_a_point_for_a_site_is_no_site(folder):
    edit_layer(folder, "sites", lambda sites: sites.set_geometry([Point(500_043, 3_300_012), sites.geometry.iloc[1]]))

    with pytest.raises(DataError, match=r"plan\.gpkg: table sites: geometry Point"):
        audit_run(folder)


@pytest.mark.parametrize(
    "name", ["run.json", "study.toml", "plan.gpkg", "sites.geojson", "candidates.geojson", "verdicts.csv", "links.csv"]
)
@pytest.mark.parametrize("harm", ["missing", "empty", "noise"])
def test_a_missing_or_broken_file_is_one_line_with_its_name(folder, name, harm):
    path = folder / name
    path.unlink() if harm == "missing" else path.write_bytes(b"" if harm == "empty" else b"\xff\xfe{[ noise")

    with pytest.raises(DataError) as caught:
        audit_run(folder)

    message = str(caught.value)
    assert name in message
    assert "\n" not in message


@pytest.mark.parametrize("layer", ["buildings", "candidates", "sites"])
def test_a_layer_that_is_gone_is_named(folder, layer):
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(folder / "plan.gpkg")) as database, database:
        for table in ("gpkg_contents", "gpkg_geometry_columns"):
            database.execute(f"DELETE FROM {table} WHERE table_name = ?", (layer,))

    with pytest.raises(DataError, match=layer):
        audit_run(folder)


def test_no_folder_is_said(tmp_path):
    with pytest.raises(DataError, match="no such run folder"):
        audit_run(tmp_path / "nowhere")


def test_a_profile_that_is_gone_is_a_rule_error(folder):
    edit_study(folder, "hand.toml", "lost.toml")

    with pytest.raises(RuleError):
        audit_run(folder)


def test_the_report_is_written_the_same_each_time(folder, tmp_path):
    TAMPERED["inflated ports"][0](folder)
    texts = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_audit(audit_run(folder), tmp_path / name)
        texts.append(((tmp_path / name / "audit.json").read_bytes(), (tmp_path / name / "audit.html").read_bytes()))

    assert texts[0] == texts[1]
    record = json.loads(texts[0][0])
    assert record["clean"] is False
    assert "ports-differs" in {finding["code"] for finding in record["findings"]}


def test_foreign_text_is_inert_in_the_page(folder, tmp_path):
    edit_csv(folder, "links.csv", lambda links: links.replace("b/3", "<script>alert(1)</script>"))
    write_audit(audit_run(folder), tmp_path)

    page = (tmp_path / "audit.html").read_text("utf-8")

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("change", [{"demand": 10**400}, {"inputs": [3]}, {"upgrades": 7}])
def test_a_run_json_with_values_of_the_wrong_kind_is_bad_data(folder, change):
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    (folder / "run.json").write_text(json.dumps(record | change), encoding="utf-8")

    with pytest.raises(DataError):
        audit_run(folder)
