"""``bitcodec inspect``: any photograph as bits, on a page to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bitcodec.cli import options
from bitcodec.cli.batch import console
from bitcodec.errors import BitcodecError, UsageError

EPILOG = """
[bold]Examples[/bold]

bitcodec inspect photo.jpg                 photo.html in the working folder

bitcodec inspect photo.bitc --open         what a file holds, in the browser at once

bitcodec inspect photo.jpg -o page.html --model q5
"""


def inspect(
    path: Annotated[Path, typer.Argument(metavar="PICTURE", help="A picture, or a .bitc file.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="The page to write. [dim]Default: the picture's name with .html, here.[/dim]",
        ),
    ] = None,
    model: options.Model = None,
    overwrite: options.Overwrite = False,
    open_it: Annotated[bool, typer.Option("--open", help="Show the page in a browser.")] = False,
    quiet: options.Quiet = False,
) -> None:
    """Show a picture as the codec sees it: its bits, its reconstruction, other codecs beside it.

    One HTML file that needs nothing else: original and reconstruction under a divider, at several
    qualities, against JPEG, WebP and AVIF of equal bytes; every channel of the bitmap with its
    share of the file; and where in the picture the bits go.
    """
    from rich.progress import BarColumn, Progress, TimeElapsedColumn

    from bitcodec.container import read_file
    from bitcodec.files import write_file
    from bitcodec.images import open_rgb
    from bitcodec.inspect_page.report import of_file, of_photograph

    target = output or Path(path.with_suffix(".html").name)
    if target.exists() and not overwrite:
        raise UsageError("exists already: name another file with -o, or add --overwrite", target)
    columns = (BarColumn(), TimeElapsedColumn())
    hidden = quiet or not console().is_terminal
    try:
        with Progress(*columns, console=console(), transient=True, disable=hidden) as progress:
            bar = progress.add_task("", total=None)
            if path.suffix.lower() == ".bitc":
                page = of_file(read_file(path), path.name, model)
            else:
                page = of_photograph(
                    open_rgb(path),
                    path.name,
                    model,
                    lambda total: progress.update(bar, total=total, advance=1),
                )
    except BitcodecError as error:
        raise error.at(path) from None
    write_file(target, page.encode(), overwrite=overwrite)
    if not quiet:
        size = f"{len(page) / 1e6:.1f} MB"
        console().print(f"{target}: {path.name} as bits, {size}", markup=False, highlight=False)
    if open_it:
        typer.launch(target.resolve().as_uri())
