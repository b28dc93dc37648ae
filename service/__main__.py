"""`python -m service ask|serve|demo`: this package's commands alone."""

from indexer.cli import run_commands
from service.commands import ask, demo, serve

if __name__ == "__main__":
    run_commands(ask, serve, demo)
