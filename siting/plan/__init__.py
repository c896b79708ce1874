"""Meaning: the plan, its independent audit, what more money brings, and what changed between two runs."""
