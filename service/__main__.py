"""`python -m service ask|serve|demo|feedback`: this package's commands alone."""

from indexer.cli import run_commands
from service.commands import ask, demo, feedback, serve

if __name__ == "__main__":
    run_commands(ask, serve, demo, feedback)
