"""`python -m controller.cli` is `tatara`."""

from controller.cli import main

main()
