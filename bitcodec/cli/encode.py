"""``bitcodec encode``: pictures become .bitc files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bitcodec.cli import options
from bitcodec.cli.batch import Task, make_room, plan, run, share_cores
from bitcodec.container import SUFFIX

EPILOG = """
[bold]Examples[/bold]

bitcodec encode photo.jpg                     photo.bitc beside it

bitcodec encode photo.jpg -q 1                as small as it gets

bitcodec encode *.png holiday/ -o small/      many files and folders

bitcodec encode logo.png --background white   a picture with transparency

cat photo.jpg | bitcodec encode - > photo.bitc
"""


def encode(
    paths: options.Pictures,
    output: options.Output = None,
    quality: options.Quality = None,
    model: options.Model = None,
    coder: Annotated[
        str | None,
        typer.Option(
            help="[bold]context[/bold] (smaller files) or [bold]huffman[/bold]. "
            "[dim]Default: the model's own choice.[/dim]"
        ),
    ] = None,
    background: Annotated[
        str | None,
        typer.Option(
            metavar="COLOUR", help="What transparent pixels are laid upon: white, #rrggbb."
        ),
    ] = None,
    jobs: options.Jobs = None,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
) -> None:
    """Compress pictures into .bitc files.

    Anything that Pillow reads: JPEG, PNG, WebP, TIFF, ... A picture that fails does not stop
    the others; the exit code is 0 only if all went well.
    """
    from bitcodec.codec import load
    from bitcodec.files import write_file
    from bitcodec.images import open_rgb, parse_colour

    if background is not None:
        parse_colour(background)
    tasks = plan(paths, output, SUFFIX, _is_picture)
    jobs, threads = share_cores(jobs, len(tasks))
    codec = load(model, quality=quality, threads=threads)
    # A coder that the model does not have is said once, not for every picture.
    codec.coder(coder)

    def work(task: Task) -> str:
        make_room(task, overwrite)
        stream = sys.stdin.buffer if task.source is None else None
        image = open_rgb(task.name, background, stream)
        data = codec.encode(image, coder=coder)
        if task.target is None:
            sys.stdout.buffer.write(data)
        else:
            write_file(task.target, data)
        return (
            f"{task.target or 'standard output'}: {image.width} x {image.height}, "
            f"{len(data):,} bytes, {8 * len(data) / (image.width * image.height):.3f} bpp "
            f"(model {codec.facts.name})"
        )

    run(tasks, work, jobs, quiet, "encoded")


def _is_picture(path: Path) -> bool:
    from PIL import Image

    suffix = path.suffix.lower()
    formats = Image.registered_extensions()
    return suffix != SUFFIX and not path.name.startswith(".") and formats.get(suffix) in Image.OPEN
