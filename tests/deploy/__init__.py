"""What stands under `deploy/`, each file checked by its own program."""
