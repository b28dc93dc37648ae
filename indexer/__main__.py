"""`python -m indexer index|info`: this package's commands alone."""

import typer

from indexer.cli import run
from indexer.commands import index, info

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command("index")(index)
app.command("info")(info)

if __name__ == "__main__":
    run(app)
