"""`python -m heatlens`, the same as the command `heatlens`."""

from heatlens.cli import main

main()
