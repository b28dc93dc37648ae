"""`python -m eval.benchmark.growth`: see `eval.benchmark.growth.commands`."""

from eval.benchmark.growth.commands import growth
from indexer.cli import run_commands

if __name__ == "__main__":
    run_commands(growth)
