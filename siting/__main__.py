"""The command line as `python -m siting`, for those whose scripts folder is not on the path."""

from siting.cli import main

__all__: list[str] = []

main()
