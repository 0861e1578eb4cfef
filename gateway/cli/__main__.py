"""`python -m gateway.cli` is the command `silverpoint`."""

from gateway.cli import main

main()
