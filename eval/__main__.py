"""`python -m eval`: the same as `quoth eval`."""

from eval.commands import evaluate
from indexer.cli import run_commands

if __name__ == "__main__":
    run_commands(evaluate)
