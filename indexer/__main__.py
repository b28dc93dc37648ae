"""`python -m indexer index|info|backup|restore`: this package's commands alone."""

from indexer.backup_commands import backup, restore
from indexer.cli import run_commands
from indexer.commands import index, info

if __name__ == "__main__":
    run_commands(index, info, backup, restore)
