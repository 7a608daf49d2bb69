"""The command `rushlight`; each subcommand is a module that is imported when called."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys

# Name of a subcommand -> the module with its `add_arguments` and `run`, what it does.
_COMMANDS = {
    "inspect": ("rushlight.cli.inspect", "show what a model file holds, safely"),
}


def main(arguments: list[str] | None = None) -> int:
    """Runs a subcommand; returns its exit status.

    Args:
        arguments: what follows the program's name; `sys.argv` by default.
    """
    given = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(
        prog="rushlight", description="Deep learning with PyTorch's API."
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, (module, purpose) in _COMMANDS.items():
        sub = commands.add_parser(name, help=purpose, description=purpose)
        if name in given:
            importlib.import_module(module).add_arguments(sub)
    options = parser.parse_args(given)
    if options.version:
        from rushlight._version import __version__

        print(f"rushlight {__version__}")
        return 0
    if options.command is None:
        parser.print_help()
        return 2
    command = importlib.import_module(_COMMANDS[options.command][0])
    try:
        status: int = command.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads the output has left, as `head` does; nothing more can be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    return status
