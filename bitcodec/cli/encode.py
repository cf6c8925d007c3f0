"""``bitcodec encode``: pictures become .bitc files."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from PIL import Image

from bitcodec.cli import options, streams
from bitcodec.cli.batch import run, share_cores
from bitcodec.cli.manifest import Done, Manifest
from bitcodec.cli.plan import Task, make_room, plan, share
from bitcodec.container import SUFFIX

if TYPE_CHECKING:
    from bitcodec.codec import Codec

_ONLY_NAMED = ("BUFR", "GRIB", "HDF5", "MPEG")
"""What Pillow recognises and never reads: no pictures, when a folder is searched."""

EPILOG = """
[bold]Examples[/bold]

bitcodec encode photo.jpg                     photo.bitc beside it

bitcodec encode photo.jpg -q 80               larger and better; 1 to 100

bitcodec encode photo.jpg --bytes 20000       the best file of at most 20,000 bytes

bitcodec encode photo.jpg --tune ms-ssim      more of faint textures, lower PSNR

bitcodec encode *.png holiday/ -o small/      many files and folders

bitcodec encode logo.png --background white   a picture with transparency

cat photo.jpg | bitcodec encode - > photo.bitc
"""


def encode(
    paths: options.Pictures,
    output: options.Output = None,
    quality: options.Quality = None,
    model: options.Model = None,
    tune: options.Tune = None,
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
    bytes_: Annotated[
        int | None,
        typer.Option("--bytes", metavar="N", help="The best file of at most N bytes."),
    ] = None,
    bpp: Annotated[
        float | None,
        typer.Option("--bpp", metavar="X", help="The best file of at most X bits a pixel."),
    ] = None,
    psnr: Annotated[
        float | None,
        typer.Option("--psnr", metavar="DB", help="The smallest file that reaches this PSNR."),
    ] = None,
    keep_metadata: Annotated[
        bool,
        typer.Option("--keep-metadata", help="Carry Exif, but for the orientation, and XMP."),
    ] = False,
    jobs: options.Jobs = None,
    overwrite: options.Overwrite = False,
    skip_existing: options.SkipExisting = False,
    shard: options.Shard = None,
    manifest: options.Manifest = None,
    quiet: options.Quiet = False,
) -> None:
    """Compress pictures into .bitc files.

    Anything that Pillow reads: JPEG, PNG, WebP, TIFF, ... A picture that fails does not stop
    the others; the exit code is 0 only if all went well.
    """
    from bitcodec.errors import BitcodecError, UsageError
    from bitcodec.files import write_file
    from bitcodec.images import open_metadata, open_rgb, parse_colour
    from bitcodec.loading import load
    from bitcodec.targets import Target, encode_to

    target = None
    if not (bytes_ is None and bpp is None and psnr is None):
        target = Target(bytes_, bpp, psnr)
        if quality is not None:
            raise UsageError("a quality and a target exclude each other: give one of them")
    if background is not None:
        parse_colour(background)
    tasks = share(plan(paths, output, SUFFIX, _is_picture), shard)
    jobs, threads = share_cores(jobs, len(tasks))
    codec = load(model, quality=quality, threads=threads, tune=tune)
    # What the model does not have is said once, not for every picture.
    codec.coder(coder)
    layout = codec.layout(quality if codec.facts.steps else None)

    def work(task: Task) -> Done:
        make_room(task, overwrite)
        # Read whole: metadata and pixels are taken one after the other.
        stream = None
        if task.source is None:
            with streams.reading():
                stream = io.BytesIO(sys.stdin.buffer.read())
        kept = open_metadata(task.name, stream) if keep_metadata else None
        if stream:
            stream.seek(0)
        image = open_rgb(task.name, background, stream)
        if target is None:
            data = codec.coded(image, layout, coder=coder, kept=kept).data
        else:
            try:
                data = encode_to(codec, image, target, coder=coder, kept=kept)
            except BitcodecError as error:
                raise error.at(task.name) from None
        if task.target is None:
            with streams.writing():
                sys.stdout.buffer.write(data)
        else:
            write_file(task.target, data, overwrite=overwrite)
        pixels = image.width * image.height
        line = (
            f"{task.target or 'standard output'}: {image.width} x {image.height}, "
            f"{len(data):,} bytes, {8 * len(data) / pixels:.3f} bpp ({_setting(codec, data)})"
        )
        return Done(line, len(data), pixels)

    run(tasks, work, jobs, quiet, "encoded", Manifest(manifest), skip_existing)


def _setting(codec: Codec, data: bytes) -> str:
    """The quality of a file, or the model where there is no other."""
    from bitcodec.container import read_header

    quality = codec.facts.quality_of(read_header(data)[0].step)
    return f"model {codec.facts.name}" if quality is None else f"quality {quality}"


def _is_picture(path: Path) -> bool:
    suffix = path.suffix.lower()
    formats = Image.registered_extensions()
    kind = formats.get(suffix)
    if suffix == SUFFIX or path.name.startswith(".") or kind in _ONLY_NAMED:
        return False
    # Pillow opens these as the JPEG files that they begin with.
    return kind in Image.OPEN or kind == "MPO"
