"""`python -m eval`: the same as `quoth eval`."""

import typer

from eval.commands import evaluate
from indexer.cli import run

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command()(evaluate)

if __name__ == "__main__":
    run(app)
