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

bitcodec inspect photo.jpg --model outputs/2026-01-31/12-00-00     a training run's
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
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FOLDER",
            help="A model by name or folder, or a training run's folder (needs bitcodec\\[train]).",
        ),
    ] = None,
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

    from bitcodec.cli.extras import require
    from bitcodec.cli.run_model import exported, is_run
    from bitcodec.container import read_file
    from bitcodec.files import write_file
    from bitcodec.images import open_rgb
    from bitcodec.inspect_page.report import of_file, of_photograph

    target = output or Path(path.with_suffix(".html").name)
    if target.exists() and not overwrite:
        raise UsageError("exists already: name another file with -o, or add --overwrite", target)
    of_run = is_run(model)
    if of_run and path.suffix.lower() == ".bitc":
        raise UsageError("a file is read by the model that wrote it, not by a training run", path)
    if of_run:
        packages = ("torch", "lightning", "onnx", "onnxscript")
        require("inspect --model RUN", packages, extra="train")
    columns = (BarColumn(), TimeElapsedColumn())
    hidden = quiet or not console().is_terminal
    try:
        with Progress(*columns, console=console(), transient=True, disable=hidden) as progress:
            bar = progress.add_task("", total=None)
            if path.suffix.lower() == ".bitc":
                page = of_file(read_file(path), path.name, model)
            else:
                photograph = open_rgb(path)

                def step(total: int) -> None:
                    progress.update(bar, total=total, advance=1)

                if model is not None and of_run:
                    with exported(model, photograph) as (folder, note):
                        page = of_photograph(photograph, path.name, folder, step, [note])
                else:
                    page = of_photograph(photograph, path.name, model, step)
    except BitcodecError as error:
        raise error.at(path) from None
    write_file(target, page.encode(), overwrite=overwrite)
    if not quiet:
        size = f"{len(page) / 1e6:.1f} MB"
        console().print(f"{target}: {path.name} as bits, {size}", markup=False, highlight=False)
    if open_it:
        typer.launch(target.resolve().as_uri())
