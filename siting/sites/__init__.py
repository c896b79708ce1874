"""Options: where not, footprints offered, verdicts on them, and which of them exclude each other."""
