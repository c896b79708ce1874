import pandas as pd
from outputs import run_builders as builders

from siting.outputs.tables import write_csv


def test_the_columns_are_the_contract(folder):
    verdicts, links = (
        (folder / name).read_text(encoding="utf-8").splitlines() for name in ("verdicts.csv", "links.csv")
    )
    assert verdicts[0] == "candidate_id,clause_id,metric,measured,required,unit,tolerance,outcome,force,feature_id"
    assert verdicts[1] == "p/1#a,n.separation,separation,25,6,m,0,PASS,must,b/1"
    assert verdicts[2] == "p/1#a,n.hydrant,separation,,1.5,m,0,NOT EVALUATED,must,"
    assert len(verdicts) == 10
    assert links == ["building_id,site_id,walk_m,served", "b/1,p/1#a,32,20", "b/2,p/1#a,61.5,5"]


def test_a_formula_is_inert_and_a_distance_keeps_what_decides(tmp_path):
    frame = pd.DataFrame({"id": [builders.FORMULA, "way/1"], "walk_m": [5.999999998, 1e-9]})
    write_csv(frame, ("id", "walk_m"), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == f"id,walk_m\n'{builders.FORMULA},5.999999998\nway/1,1e-09\n"
