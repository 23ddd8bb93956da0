"""Where what a command finds goes: to a file, or as a table, JSON or CSV to stdout."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, TypeAlias

from tui_batching.cli.progress import reporting
from tui_batching.errors import InputError
from tui_batching.output_files import refuse_target, written_whole

Writer: TypeAlias = Callable[[TextIO], None]


def add_output(parser: argparse.ArgumentParser, kind: str) -> None:
    """Let the parser take the file that the command writes, of this kind."""
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        required=True,
        help=f"write {kind} to a new file; - prints it",
    )
    parser.add_argument("--force", action="store_true", help="let --output replace a file")


def output_file(arguments: argparse.Namespace) -> Path | None:
    """The file to write; None stands for stdout.

    Raises:
        InputError: if it is there already and must not be replaced, or is no ordinary file.
    """
    if arguments.output == "-":
        if arguments.force:
            raise InputError("found --force with --output -, expected a file to replace")
        return None
    path = Path(arguments.output)
    refuse_target(path, replace=arguments.force)
    return path


def add_csv(parser: argparse.ArgumentParser) -> None:
    """Let the parser take the CSV file that the command writes beside what it prints."""
    parser.add_argument(
        "--csv", metavar="FILE", help="write CSV to a new file; - prints it instead of the table"
    )
    parser.add_argument("--force", action="store_true", help="let --csv replace a file")


def add_formats(parser: argparse.ArgumentParser, printed: str = "the table") -> None:
    """Let the parser take `--json`, which is printed instead of something, and the CSV file."""
    parser.add_argument(
        "--json",
        dest="format",
        action="store_const",
        const="json",
        default="table",
        help=f"print JSON instead of {printed}",
    )
    add_csv(parser)


@dataclass(frozen=True, slots=True)
class Printout:
    """What is printed, and which file is written beside it.

    Attributes:
        format: of what is printed: `table`, `csv` or `json`, or what else a command knows.
        file: the CSV file; None for none.
        replaces: whether the file may be there already.
    """

    format: str
    file: Path | None
    replaces: bool

    def write(self, *, csv: Writer, table: Callable[[], None], **others: Writer) -> None:
        """Write the file, and print what is asked for, which is one of these.

        Raises:
            InputError: if the file cannot be written.
        """
        if self.file is not None:
            with reporting() as report, written_whole(self.file, replace=self.replaces) as out:
                report(f"writing {self.file.name}")
                csv(out)
        if self.format == "table":
            table()
        else:
            {"csv": csv, **others}[self.format](sys.stdout)


def read_output(arguments: argparse.Namespace) -> Printout:
    """What the arguments ask for.

    Raises:
        InputError: if the CSV file is there already and must not be replaced, is no ordinary file,
            or something else goes to stdout as well as CSV.
    """
    printed, force = arguments.format, arguments.force
    if arguments.csv == "-" and printed != "table":
        option = "--json" if printed == "json" else f"--format {printed}"
        raise InputError(f"found {option} and --csv -, expected only one of them on stdout")
    if arguments.csv not in (None, "-"):
        file = Path(arguments.csv)
        refuse_target(file, replace=force)
        return Printout(printed, file, force)
    if force:
        raise InputError("found --force alone, expected --csv FILE with it")
    return Printout(printed if arguments.csv is None else "csv", None, force)
