"""``bitcodec eval``: rate and distortion beside the codecs that people use."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bitcodec.cli import options
from bitcodec.cli.batch import console, end_with, readable
from bitcodec.cli.extras import require
from bitcodec.errors import UsageError

if TYPE_CHECKING:
    from bitcodec.evaluation.baselines import ImageCodec
    from bitcodec.evaluation.measure import Measurement
    from bitcodec.evaluation.operating_point import Target

EPILOG = """
[bold]Examples[/bold]

bitcodec eval --images kodak/ -o results/                     every codec, all rates

bitcodec eval --images kodak/ -o results/ --codec jpeg,webp   against two of them

bitcodec eval --images kodak/ -o results/ --target-bpp 0.25 --crop kodim23:300,150

bitcodec eval --images kodak/ -o results/ --target-psnr 30    how many bytes each needs
"""
_PACKAGES = ("scipy", "matplotlib", "bjontegaard")


def evaluate(
    images: Annotated[
        Path, typer.Option("--images", metavar="FOLDER", help="Photographs, without subfolders.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the results go.")
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            metavar="NAME|FOLDER",
            help="A model; may be repeated. [dim]Default: all installed models.[/dim]",
        ),
    ] = None,
    codec: Annotated[
        str, typer.Option("--codec", metavar="LIST", help="Other codecs, separated by commas.")
    ] = "jpeg,jpeg2000,webp,avif,jxl",
    target_bpp: Annotated[
        str | None,
        typer.Option(
            "--target-bpp",
            metavar="BPP|MODEL",
            help="One operating point for each image and codec instead of a sweep: the file size "
            "nearest to this many bits per pixel, or to that model's file of the image.",
        ),
    ] = None,
    target_psnr: Annotated[
        float | None,
        typer.Option(
            "--target-psnr",
            metavar="DB",
            help="The same, with the smallest file that reaches this PSNR.",
        ),
    ] = None,
    crop: Annotated[
        list[str] | None,
        typer.Option(
            "--crop",
            metavar="IMAGE[:X,Y]",
            help="With a target: show this image's detail around a point, as each codec has it; "
            "may be repeated.",
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, help="Processes, each with one thread.")
    ] = 2,
    quiet: options.Quiet = False,
) -> None:
    """Compare with JPEG, JPEG 2000, WebP, AVIF and JPEG XL the way the field does.

    Writes one row for each image, codec and setting (bits per pixel of the real file, PSNR,
    MS-SSIM, blockiness, false edges, processor times), BD-rates with their overlap, and plots.
    A picture that cannot be read is named and left out; the exit code is 0 only if there is none.
    """
    require("eval", _PACKAGES, extra="eval")
    from bitcodec.evaluation.baselines import baselines
    from bitcodec.evaluation.measure import open_original
    from bitcodec.evaluation.models import models

    found = _pictures(images)
    files, failures = readable(found)
    details = [_detail(text, files) for text in crop or ()]
    own = models(model)
    others, missing = baselines([name.strip() for name in codec.split(",") if name.strip()])
    codecs: list[ImageCodec] = own + others
    for name, reason in missing.items():
        console().print(f"{name} is missing: {reason}", markup=False, highlight=False)
    if not codecs:
        raise UsageError("no model is installed and no other codec is left to evaluate")
    target = _target(target_bpp, target_psnr)
    if details and target is None:
        raise UsageError("--crop shows one operating point: add --target-bpp or --target-psnr")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot be created ({error.strerror})", output) from None

    start = time.monotonic()
    rows = _measure(files, codecs, target, jobs, quiet)
    facts: dict[str, Any] = {
        "images": [file.stem for file in files],
        "codecs": [each.name for each in codecs],
        "missing": missing,
        "unreadable": [str(failure) for failure in failures],
        "jobs": jobs,
        "wall_seconds": round(time.monotonic() - start, 1),
    }
    name = images.resolve().name
    if target is None:
        originals = statistics.fmean(open_original(file).blockiness for file in files)
        _report_sweep(rows, codecs, originals, facts, name, output, quiet)
    else:
        name = f"{name}-at-{target.label}"
        _report_targets(rows, codecs, details, facts, name, output, quiet)
    end_with(failures, len(found))


def _pictures(folder: Path) -> list[Path]:
    from bitcodec.cli.encode import _is_picture

    if not folder.is_dir():
        raise UsageError("this is not a folder of pictures", folder)
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and _is_picture(path)]
    if not files:
        raise UsageError("there is no picture in this folder", folder)
    stems = [file.stem for file in files]
    for stem in stems:
        if stems.count(stem) > 1:
            raise UsageError(f"several pictures are called {stem}: rename them", folder)
    return files


def _target(bpp: str | None, psnr: float | None) -> Target | None:
    from bitcodec.evaluation.models import default_setting, models
    from bitcodec.evaluation.operating_point import BppTarget, PsnrTarget

    if bpp is not None and psnr is not None:
        raise UsageError("--target-bpp and --target-psnr exclude each other: give one of them")
    if psnr is not None:
        return PsnrTarget(psnr)
    if bpp is None:
        return None
    try:
        number = float(bpp)
    except ValueError:
        like = models([bpp])[0]
        return BppTarget(like=(like, default_setting(like)))
    if not 0 < number < 24:
        raise UsageError(f"--target-bpp {bpp}: must lie between 0 and 24")
    return BppTarget(number)


def _detail(text: str, files: Sequence[Path]) -> tuple[Path, tuple[int, int] | None]:
    name, _, point = text.partition(":")
    for file in files:
        if file.stem == name:
            break
    else:
        raise UsageError(f"--crop {text}: no picture is called {name}")
    if not point:
        return file, None
    try:
        x, y = (int(number) for number in point.split(","))
    except ValueError:
        raise UsageError(f"--crop {text}: write IMAGE:X,Y with whole pixels") from None
    return file, (x, y)


def _measure(
    files: Sequence[Path],
    codecs: Sequence[ImageCodec],
    target: Target | None,
    jobs: int,
    quiet: bool,
) -> list[Measurement]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from bitcodec.evaluation.measure import Sweep, run
    from bitcodec.evaluation.operating_point import OperatingPoint

    tasks: list[Sweep | OperatingPoint]
    if target is None:
        tasks = [Sweep(file, codec) for file in files for codec in codecs]
    else:
        families: dict[str, list[ImageCodec]] = {}
        for codec in codecs:
            families.setdefault(codec.family, []).append(codec)
        tasks = [
            OperatingPoint(file, variants, target)
            for file in files
            for variants in families.values()
        ]
    # A log file wants the result, not the bar.
    hidden = quiet or not console().is_terminal
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(), transient=True, disable=hidden) as progress:
        bar = progress.add_task("", total=sum(len(task) for task in tasks))
        finished: Callable[[int], None] = lambda i: progress.advance(bar, len(tasks[i]))  # noqa: E731
        return run(tasks, min(jobs, len(tasks)), finished)


def _report_sweep(
    rows: list[Measurement],
    codecs: Sequence[ImageCodec],
    originals: float,
    facts: dict[str, Any],
    name: str,
    folder: Path,
    quiet: bool,
) -> None:
    from rich.console import Console

    from bitcodec.evaluation import report
    from bitcodec.evaluation.summary import summarize, write

    summary = summarize(rows, {codec.name: codec.family for codec in codecs})
    write(summary, rows, originals, facts, name, folder)
    if quiet:
        return
    best = summary.families["psnr"]
    # A table cut to the terminal's width would lose its figures.
    out = Console(width=max(140, Console().width))
    images = len(facts["images"])
    out.print(
        report.means_table(list(best.values()), f"means over {images} images, best variants"),
        report.bd_table(
            [row for row in summary.bd_rates if row.codec in best],
            "psnr",
            list(best),
            "BD-rate at equal PSNR, and the qualities that both reach",
        ),
    )


def _report_targets(
    rows: list[Measurement],
    codecs: Sequence[ImageCodec],
    details: Sequence[tuple[Path, tuple[int, int] | None]],
    facts: dict[str, Any],
    name: str,
    folder: Path,
    quiet: bool,
) -> None:
    from rich.console import Console

    from bitcodec.evaluation import report
    from bitcodec.evaluation.crops import detail_sheet
    from bitcodec.evaluation.curves import Curve
    from bitcodec.evaluation.operating_point import mean_points
    from bitcodec.provenance import provenance

    means = mean_points(rows, {codec.name: codec.family for codec in codecs})
    report.write_measurements(rows, folder / f"{name}.csv")
    points = {point.codec: vars(point) for point in means}
    report.write_json({**facts, **provenance(), "points": points}, folder / f"{name}.json")
    if details:
        detail_sheet(rows, codecs, details, name, folder / f"{name}.png")
    if not quiet:
        title = f"{name}: means over {len(facts['images'])} images"
        out = Console(width=max(140, Console().width))
        out.print(report.means_table([Curve("", tuple(means))], title))
