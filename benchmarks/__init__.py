"""Side by side, in one run: this package and what a user would pick instead."""
