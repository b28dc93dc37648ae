"""`python -m service ask|serve|demo`: this package's commands alone."""

import typer

from indexer.cli import run
from service.commands import ask, demo, serve

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command("ask")(ask)
app.command("serve")(serve)
app.command("demo")(demo)

if __name__ == "__main__":
    run(app)
