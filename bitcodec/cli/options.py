"""Options that several commands share, each explained once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="PATH",
        help="File, or folder for several; [bold]-[/bold] for standard output. "
        "[dim]Default: beside each input.[/dim]",
    ),
]
Quality = Annotated[
    int | None,
    typer.Option(
        "-q",
        "--quality",
        metavar="1..100",
        help="1 is the smallest file, 100 the best picture. [dim]Default: 50.[/dim]",
    ),
]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME|FOLDER", help="A model by name or folder."),
]
Tune = Annotated[
    str | None,
    typer.Option(
        metavar="MEASURE",
        help="What files are to be best in: [bold]psnr[/bold], or [bold]ms-ssim[/bold], which "
        "keeps more of faint textures. [dim]Default: psnr.[/dim]",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        metavar="N",
        help="Pictures at a time. [dim]Default: one for each core.[/dim]",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")]
SkipExisting = Annotated[
    bool,
    typer.Option(
        "--skip-existing", help="Leave out what has an output already: goes on with a batch."
    ),
]
Shard = Annotated[
    str | None,
    typer.Option(
        metavar="K/N", help="Only the K-th of N parts, from 0; a split by path, for N machines."
    ),
]
Manifest = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Append an outcome per input as JSON lines; what it has as done is left out.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print errors only.")]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, for scripts.")]


def _path(text: str) -> Path:
    # Path("") is the current folder, which an empty variable of a script does not mean.
    if not text:
        raise typer.BadParameter("an empty path names no file")
    return Path(text)


Pictures = Annotated[
    list[Path],
    typer.Argument(metavar="PATH...", help="Files or folders.", show_default=False, parser=_path),
]
