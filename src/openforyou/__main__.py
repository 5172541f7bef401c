"""`python -m openforyou` is the command `openforyou`."""

from openforyou.cli.main import main

main()
