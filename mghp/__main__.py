"""`python -m mghp`, where the command is not on the path."""

from mghp.cli.main import main

main()
