"""The jobs: the nightly chain, its ledger and scheduler, and the commands that start them."""
