"""`rushlight inspect FILE`: what a model file holds and what about it is suspicious."""

from __future__ import annotations

import argparse
import json
import shutil
import sys

DETAILS = """exit status: 0 if nothing is suspicious, 1 if something is, 2 if a file
cannot be read. Nothing of a file is executed, imported or built."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.epilog = DETAILS
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--values", action="store_true", help="also count NaN and infinite values"
    )
    parser.add_argument(
        "--all", action="store_true", help="print every row of the tree"
    )
    parser.add_argument(
        "--width", type=int, default=None, help="columns; the terminal's by default"
    )


def run(options: argparse.Namespace) -> int:
    """Inspects every file; returns the exit status."""
    from rushlight.serialization.inspection import inspect_file, render

    width = options.width or shutil.get_terminal_size((80, 24)).columns
    status = 0
    reports = []
    for path in options.files:
        try:
            report = inspect_file(path, values=options.values)
        except OSError as error:
            print(f"rushlight inspect: {path}: {error.strerror}", file=sys.stderr)
            status = 2
            continue
        status = max(status, int(report.suspicious))
        if options.json:
            reports.append(report.as_dict())
        else:
            if reports:
                print()
            reports.append({})
            print(render(report, width, everything=options.all), end="")
    if options.json:
        shown = reports[0] if len(options.files) == 1 and reports else reports
        print(json.dumps(shown, indent=2))
    return status
