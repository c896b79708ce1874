"""LAW: clauses as data, the profiles that hold them, and one pure measure for each metric."""
