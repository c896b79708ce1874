"""Files: maps, tables, ledgers and reports of a finished run."""
