"""Run a reliability campaign: `python -m eval.reliability NAME`."""

from eval.reliability import commands, hostile_command, service_commands
from indexer.cli import run_commands

if __name__ == "__main__":
    run_commands(
        commands.crashes,
        commands.replay,
        commands.faults,
        commands.damage,
        commands.forgery,
        service_commands.reload,
        service_commands.flood,
        service_commands.shutdown,
        hostile_command.hostile,
    )
