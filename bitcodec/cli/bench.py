"""``bitcodec bench``: how fast, how small, how good, beside Pillow's codecs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bitcodec.cli import options
from bitcodec.cli.batch import console, end_with, readable
from bitcodec.cli.plan import plan
from bitcodec.container import SUFFIX

if TYPE_CHECKING:
    from bitcodec.evaluation.bench import Timing

EPILOG = """
[bold]Examples[/bold]

bitcodec bench photo.png

bitcodec bench photos/ -q 70 --repeat 5
"""


def bench(
    paths: options.Pictures,
    quality: options.Quality = None,
    model: options.Model = None,
    repeat: Annotated[int, typer.Option(min=1, help="Runs of each step; the best counts.")] = 3,
    quiet: options.Quiet = False,
) -> None:
    """Time encoding and decoding, on one thread and on all, in one table.

    Pillow's JPEG, WebP, AVIF and JPEG 2000 run at whatever quality comes nearest to bitcodec's
    file size, picture by picture, with Pillow's default settings otherwise.
    """
    from rich.progress import Progress

    from bitcodec import installed_models
    from bitcodec.cli.encode import _is_picture
    from bitcodec.evaluation import bench as timing
    from bitcodec.loading import load

    tasks = plan(paths, None, SUFFIX, _is_picture)
    pictures, failures = readable([task.name for task in tasks])
    folder = installed_models.find(model, quality)
    codec = load(folder.path)
    wanted = quality if folder.facts.steps else None
    sizes = [len(codec.encode(picture, quality=wanted)) for picture in pictures]
    rivals = timing.available_rivals()
    rows: list[Timing] = []
    with Progress(console=console(), transient=True, disable=quiet) as progress:
        bar = progress.add_task("timing", total=2 * (1 + len(rivals)))
        for one_thread in (True, False):
            rows.append(timing.time_bitcodec(folder, quality, pictures, one_thread, repeat))
            progress.advance(bar)
            for rival in rivals:
                rows.append(timing.time_rival(rival, pictures, sizes, one_thread, repeat))
                progress.advance(bar)
    _print(rows, len(pictures))
    end_with(failures, len(tasks))


def _print(rows: list[Timing], pictures: int) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"means over {pictures} picture{'s' * (pictures != 1)}; times in milliseconds",
        title_justify="left",
    )
    table.add_column("codec", no_wrap=True)
    for heading in ("threads", "bytes", "PSNR"):
        table.add_column(heading, justify="right", no_wrap=True)
    for direction in ("enc", "dec"):
        for part in ("network", "coder", "total", "process"):
            table.add_column(f"{direction}\n{part}", justify="right", no_wrap=True)
    for row in rows:
        times = (
            row.encode_network,
            row.encode_coder,
            row.encode_total,
            row.encode_process,
            row.decode_network,
            row.decode_coder,
            row.decode_total,
            row.decode_process,
        )
        cells = ("" if value is None else f"{value:.0f}" for value in times)
        table.add_row(row.codec, row.threads, f"{row.bytes:,.0f}", f"{row.psnr:.2f}", *cells)
    # A table cut to the terminal's width would lose its figures.
    Console(width=max(120, Console().width)).print(table)
