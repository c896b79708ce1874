"""Sites labelled clear stay lawful when buildings lie elsewhere within the stated error.

"Clear" speaks of the clauses that were evaluated: PASS under the full position error. What was not evaluated stays
on the survey list. Fire access is left out: its stands move with the buildings, so it is judged as mapped.
"""

from dataclasses import replace

import numpy as np
import pytest
from shapely.affinity import translate

from siting.district.synthetic import dataset_path
from siting.kinds import Kind
from siting.pipeline import Stages, frame_study, plan_framing
from siting.rules.clause import Force, Metric
from siting.rules.measures import measure
from siting.sites.labels import labels
from siting.sites.verdicts import shapes_of
from siting.study import load_study

DRAWS = 200


@pytest.mark.slow
def test_clear_sites_stay_lawful_in_every_draw():
    study = load_study(dataset_path("quarter.toml"))
    plan = plan_framing(frame_study(study, Stages()), study, Stages())
    verdicts = plan.framing.links.verdicts
    candidates = verdicts.candidates
    chosen = candidates.frame.loc[plan.sites.index]
    clear = set(labels(verdicts).index[labels(verdicts).eq("clear")]) & set(chosen.index)
    groups = candidates.groups[candidates.groups["candidate_id"].isin(clear)]
    sites = replace(candidates, frame=chosen.loc[sorted(clear)], groups=groups)
    passed = verdicts.frame[verdicts.frame["outcome"].eq("PASS")].groupby("clause_id")["candidate_id"].agg(set)
    district, rulebook = candidates.zones.district, candidates.zones.rulebook
    rng = np.random.default_rng(7)
    checked = 0
    for _ in range(DRAWS):
        moved = _moved(district, rng)
        for kind in Kind:
            ids, shapes = shapes_of(sites, kind)
            for clause in rulebook.for_kind(kind) if len(ids) else ():
                if clause.force is not Force.MUST or clause.metric is Metric.FIRE_ACCESS:
                    continue
                outcome = measure(clause, shapes, moved, candidates.catalogue.facts(kind)).outcome
                held = [name in passed.get(clause.clause_id, set()) for name in ids]
                checked += sum(held)
                assert set(outcome[held]) <= {"PASS"}

    assert len(clear) == len(chosen) > 20
    assert checked > DRAWS * len(clear)


def _moved(district, rng):
    """Return the district with every building up to the stated error elsewhere, and then taken as exact."""
    buildings = district.buildings
    angle = rng.uniform(0.0, 2.0 * np.pi, len(buildings))
    step = district.position_error_m * np.sqrt(rng.uniform(0.0, 1.0, len(buildings)))
    shapes = [
        translate(shape, far * np.cos(turn), far * np.sin(turn))
        for shape, far, turn in zip(buildings.geometry, step, angle, strict=True)
    ]
    return district.replace(buildings=buildings.set_geometry(shapes, crs=district.crs), position_error_m=0.0)
