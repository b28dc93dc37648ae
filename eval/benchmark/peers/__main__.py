"""`python -m eval.benchmark.peers`: see `eval.benchmark.peers.commands`."""

from eval.benchmark.peers.commands import compare
from indexer.cli import run_commands

if __name__ == "__main__":
    run_commands(compare)
