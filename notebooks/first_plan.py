# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A first plan 第一个方案
#
# Every stage of `siting` on the embedded quarter. The quarter is **synthetic** (合成数据): made up after published
# figures of old compounds, so nothing here describes a real place.
#
# Each stage is a function from one record to the next; each record keeps the one it was made from.

# %%
from datetime import date

import siting
from siting.district.synthetic import dataset_path

# %% [markdown]
# ## Facts 事实
# OpenStreetMap tells what is there; `inspect_district` tells what is missing, guessed or contradictory.

# %%
district = siting.read_district(siting.SourceOptions(osm=dataset_path("quarter.osm.pbf")))
district.counts()

# %%
for sentence in siting.inspect_district(district).sentences("en"):
    print(sentence)

# %% [markdown]
# ## Law 条款
# Clauses are data with value, force, source and confidence. Only a *must* keeps a place out.

# %%
rulebook = siting.load_rulebook("national", on=date(2026, 1, 1))
shed = siting.Kind.EBIKE_SHED
[(clause.clause_id, clause.title_en, clause.force.value, clause.confidence.value) for clause in rulebook.for_kind(shed)]

# %% [markdown]
# ## Options and verdicts 候选与判定
# A candidate is a footprint with bays in groups. Every clause is judged on every candidate by true distance.

# %%
catalogue = siting.load_catalogue(None)
zones = siting.draw_zones(district, rulebook, (shed,), catalogue)
candidates = siting.offer_candidates(zones, catalogue, siting.CandidateOptions())
verdicts = siting.judge(candidates)
verdicts.counts()

# %%
failed = verdicts.frame[verdicts.frame["outcome"] == "FAIL"]
failed[["candidate_id", "clause_id", "measured", "required", "unit", "feature_id"]].head(8)

# %% [markdown]
# ## Reach and choice 步行与选址
# Who can walk where, then an integer program within the budget.

# %%
demand = siting.estimate_demand(district, siting.DemandOptions())
links = siting.measure_links(verdicts, demand, siting.WalkOptions(radius_m=200.0))
framing = siting.frame_problem(links, siting.connect_power(verdicts), siting.Limits(budget_cny=500_000.0))
print(framing.problem)

# %%
solution = siting.solve(framing.problem, siting.SolverOptions())
plan = siting.make_plan(framing, solution)
print(solution.status, f"gap {solution.gap:.4%}")
plan.sites.drop(columns="geometry")[["compound_name", "kind", "ports", "served", "cost_cny", "clearance_m", "outcome"]]

# %% [markdown]
# ## Files 成果
# `run_study` does all of the above, writes the run folder, and audits what it wrote by other code.

# %%
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp()) / "run"
finished = siting.run_study(siting.load_study(dataset_path("quarter.toml")), folder)
print(len(finished.report.findings), "findings in", finished.report.checks, "checks")
sorted(path.name for path in folder.iterdir())
