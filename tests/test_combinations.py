"""Every pair of what a study can ask for: planned and audited clean, or refused in one line that names both.

`FEATURES` says how to ask for each thing on the tiny district. Pairs that go together are gathered into few studies
(`gathered`), each planned, written and audited like any other; the few that do not are in `REFUSED`.
"""

import csv
import json
from itertools import combinations

import pytest

from siting.district.synthetic import dataset_path
from siting.errors import StudyError
from siting.pipeline import Stages, frame_study, run_study
from siting.study import make_study

BASE = {
    "source": {"osm": str(dataset_path("tiny.osm"))},
    "rules": {"profile": "national", "on": "2026-01-01"},
    "facility": {"kinds": ["ebike_open"]},
    "limits": {"budget_cny": 90_000.0},
}
YEARS = {"first_year": 2026, "budgets_cny": [50_000.0, 40_000.0], "prices": [1.0, 1.1], "reserve_cny": 20_000.0}
MORE = [{"name": "more", "factor": 1.2}, {"name": "the east empties", "factors": {"way/102": 0.5}}]
SIGNED = {"id": "s1", "subject": "ebike_open", "fact": "cctv", "value": True}
SIGNED |= {"who": "Li", "when": "2026-01-01", "document": "p. 3"}
WAIVED = {
    "id": "w1",
    "clause": "national.a02",
    "where": "way/101",
    "who": "Li",
    "when": "2026-01-01",
    "reason": "tried",
}

#: What a study asks for: dotted keys and values. Those with one word before the colon exclude each other.
FEATURES = {
    "goal: cost": {"goal.aim": "cost", "goal.service_share": 0.3},
    "goal: walking": {"goal.aim": "walking", "goal.service_share": 0.3},
    "goal: worst-off": {"goal.aim": "floor"},
    "goal: margin": {"goal.aim": "margin", "goal.service_share": 0.3},
    "least service": {"goal.service_share": 0.3},
    "floor for all": {"limits.floor_share": 0.2},
    "own floor": {"limits.floors": [{"compound": "way/101", "vehicles": 10.0}]},
    "counts": {"limits.least_sites": 1, "limits.most_sites": 6},
    "walking limit": {"limits.walking_km": 20.0},
    "quotas": {"layers": ["compounds.csv"], "limits.quotas": [{"subdistrict": "S", "most": 2}]},
    "locked in": {"limits.locked_in": ["lawful in way/101"]},
    "locked out": {"limits.locked_out": ["lawful in way/102"]},
    "standing sites": {"layers": ["candidates.csv"]},
    "power": {"layers": ["transformers.csv"]},
    "cables by length": {"facility.cable": "catalogue"},
    "years": {"programme": YEARS},
    "scenarios: worst": {"uncertainty": {"goal": "worst", "scenarios": MORE}},
    "scenarios: share": {"uncertainty": {"goal": "worst_share", "scenarios": MORE}},
    "scenarios: average": {"uncertainty": {"goal": "average", "scenarios": MORE}},
    "earlier run": {"replan.run": "run"},
    "waiting": {"demand.turnover": {}},
    "sharing": {"reach.sharing": "everyone"},
    "no stairs": {"reach.steps": "closed"},
    "network": {"reach.ground": "network"},
    "uncertain admitted": {"rules.admit": ["UNCERTAIN"]},
    "signed facts": {"attestations": [SIGNED]},
    "waivers": {"waivers": [WAIVED]},
    "worth": {"output.worth": True},
    "cbc": {"solver.name": "cbc"},
}

#: Pairs that have no meaning together, and the line that says so; docs/study.md lists them.
REFUSED = {
    ("standing sites", "waiting"): r"demand\.turnover .*standing_modules",
    ("years", "cbc"): r"solver\.name .* programme",
    ("scenarios: worst", "cbc"): r"solver\.name .* uncertainty",
    ("scenarios: share", "cbc"): r"solver\.name .* uncertainty",
    ("scenarios: average", "cbc"): r"solver\.name .* uncertainty",
    ("earlier run", "cbc"): r"solver\.name .* replan",
}


def goes_together(one, other):
    word = one.split(":")[0]
    return word != other.split(":")[0] and (one, other) not in REFUSED and (other, one) not in REFUSED


def gathered():
    """Return few lists of features so that every pair that goes together is in one of them."""
    wanted = {pair for pair in combinations(FEATURES, 2) if goes_together(*pair)}
    found = []
    while wanted:
        chosen = list(min(wanted))
        for name in sorted(FEATURES, key=lambda each: -sum(each in pair for pair in wanted)):
            if name not in chosen and all(goes_together(name, other) for other in chosen):
                chosen.append(name)
        wanted -= {pair for pair in wanted if set(pair) <= set(chosen)}
        found.append(sorted(chosen))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Hold the layers and the earlier run that features name."""
    place = tmp_path_factory.mktemp("tiny")
    (place / "transformers.csv").write_bytes(dataset_path("tiny_transformers.csv").read_bytes())
    write(place / "compounds.csv", ["compound_id", "subdistrict"], [["way/101", "S"], ["way/102", "S"]])
    run_study(make_study(BASE), place / "run")
    verdicts = frame_study(make_study(BASE), Stages()).links.verdicts
    candidates, lawful = verdicts.candidates.frame, sorted(verdicts.accepted)
    spots = {
        f"lawful in {way}": [name for name in lawful if name.startswith(way)][-1] for way in ("way/101", "way/102")
    }
    (place / "spots.json").write_text(json.dumps(spots), encoding="utf-8")
    spot = candidates.to_crs("EPSG:4326").loc["way/101#s01"].geometry.centroid
    head = ["id", "kind", "lon", "lat", "crs", "standing_modules", "removal_cost_cny"]
    write(
        place / "candidates.csv", head, [["old", "ebike_open", f"{spot.x:.7f}", f"{spot.y:.7f}", "EPSG:4326", 1, 500]]
    )
    return place


def write(path, head, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])


def study_with(features, folder):
    data = {key: dict(value) for key, value in BASE.items()}
    spots = json.loads((folder / "spots.json").read_text(encoding="utf-8"))
    for name in features:
        for key, value in FEATURES[name].items():
            section, _, field = key.partition(".")
            if section == "layers":
                layers = [{"role": file.removesuffix(".csv"), "path": str(folder / file)} for file in value]
                data["layers"] = [*data.get("layers", []), *layers]
            elif field.startswith("locked"):
                data[section][field] = [spots[name] for name in value]
            elif field:
                data.setdefault(section, {})[field] = str(folder / value) if key == "replan.run" else value
            else:
                data[section] = value
    return make_study(data)


@pytest.mark.slow
@pytest.mark.parametrize("features", gathered(), ids=lambda features: ", ".join(features))
def test_what_goes_together_is_planned_and_audited_clean(features, folder, tmp_path):
    finished = run_study(study_with(features, folder), tmp_path / "run")

    assert [finding.sentence_en for finding in finished.report.findings] == []
    assert len(finished.run.plan.sites)


@pytest.mark.parametrize("pair", REFUSED, ids=" and ".join)
def test_what_does_not_go_together_is_refused_in_one_line_naming_both(pair, folder):
    with pytest.raises(StudyError, match=REFUSED[pair]) as refusal:
        frame_study(study_with(pair, folder), Stages())

    assert "\n" not in str(refusal.value)


def test_the_documentation_lists_what_does_not_go_together():
    page = (dataset_path("README.md").parents[1] / "docs" / "study.md").read_text(encoding="utf-8")
    listed = page.partition("## What does not go together")[2].partition("\n## ")[0]

    for key in ("demand.turnover", "standing_modules", "solver.name", "programme", "uncertainty", "replan"):
        assert f"`{key}" in listed
