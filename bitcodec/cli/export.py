"""``bitcodec export``: a training run becomes a model folder that runs without torch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from bitcodec.cli import options
from bitcodec.errors import UsageError

EPILOG = """
[bold]Examples[/bold]

bitcodec export outputs/2026-01-31/12-00-00 -o models/mine --images photos/train

bitcodec export last.ckpt -o models/mine --images photos/train --quality 2

bitcodec export run-for-ms-ssim -o models/both --model models/mine --tune ms-ssim

bitcodec encode photo.jpg --model models/mine
"""


def export(
    run: Annotated[
        Path, typer.Argument(metavar="RUN_OR_CKPT", help="A run's folder, or a checkpoint.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="The model folder to write.")
    ],
    images: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Training pictures; the coders' tables are fitted to them."
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Up to 16 of a-z 0-9 . _ - [dim]Default: the folder's name.[/dim]"),
    ] = None,
    quality: Annotated[int, typer.Option(min=1, help="What -q will select.")] = 1,
    coder: Annotated[
        str | None,
        typer.Option(help="The model's default coder. [dim]Default: the smaller one.[/dim]"),
    ] = None,
    most: Annotated[
        int, typer.Option("--most", min=1, help="Fit to no more pictures than this.")
    ] = 500,
    fit_steps: Annotated[
        int | None,
        typer.Option(
            min=1, help="Steps of the context coder's fit. [dim]Default: by the pictures.[/dim]"
        ),
    ] = None,
    fit_rounds: Annotated[
        int,
        typer.Option(min=1, help="Code each picture so often, mirrored every second time."),
    ] = 1,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="NAME|FOLDER",
            help="With --tune: the model that gets one more encoder, in a new folder.",
        ),
    ] = None,
    tune: Annotated[
        str | None,
        typer.Option(
            "--tune",
            metavar="MEASURE",
            help="Take only the run's encoder, which was trained for this measure while the "
            "decoder of --model kept its weights.",
        ),
    ] = None,
    quiet: options.Quiet = False,
) -> None:
    """Turn a checkpoint into a model folder: networks, coders' tables, weights.

    Needs bitcodec[train]; what it writes does not.
    """
    from bitcodec.cli.encode import _is_picture
    from bitcodec.container import is_model_name
    from bitcodec.model_folder import refuse_existing

    if (model is None) != (tune is None):
        raise UsageError("--model and --tune go together: name the model that gets an encoder")
    if model is not None and tune is not None:
        if images is not None:
            raise UsageError("--tune fits no tables, those of --model stay: leave --images away")
        return _add_encoder(run, output, model, tune, quiet)
    if images is None:
        raise UsageError("the coders' tables are fitted to pictures: name some with --images")
    name = name or output.name
    if not is_model_name(name):
        raise UsageError(f"{name!r} cannot be a model's name: up to 16 of a-z 0-9 . _ - (--name)")
    refuse_existing(output)
    checkpoint = find_checkpoint(run)
    if not images.is_dir():
        raise UsageError("this is not a folder of pictures (--images)", images)
    pictures = evenly(sorted(p for p in images.rglob("*") if _is_picture(p)), most)
    _require_training()
    from bitcodec.training.export import export_model
    from bitcodec.training.modules import load_module, model_facts

    module = load_module(checkpoint)
    record = {"network": dict(module.hparams["model"]), **recorded(checkpoint)}
    record |= {"fitted_on_pictures": len(pictures), "fit_rounds": fit_rounds}
    record |= {"fit_steps": fit_steps} if fit_steps else {}
    facts = model_facts(module, name, quality, coder or "", record)

    def watch(pictures: Sequence[Any]) -> Iterable[Any]:
        from rich.progress import track

        from bitcodec.cli.batch import console

        return track(
            pictures, "bitmaps of the pictures", console=console(), disable=quiet, transient=True
        )

    folder = export_model(
        module.encoder,
        module.decoder,
        facts,
        pictures,
        output,
        fit_settings={"context": {"progress": not quiet, "steps": fit_steps}},
        rounds=fit_rounds,
        watch=watch,
    )
    if not quiet:
        from bitcodec.cli.batch import console

        console().print(f"{folder.path}: {folder.facts.name}, -q {quality}", highlight=False)


def _add_encoder(run: Path, output: Path, model: str, tune: str, quiet: bool) -> None:
    from bitcodec import installed_models
    from bitcodec.model_folder import refuse_existing

    refuse_existing(output)
    folder, checkpoint = installed_models.find(model), find_checkpoint(run)
    _require_training()
    from bitcodec.training.modules import load_module
    from bitcodec.training.tuned_encoder import add_encoder

    module, record = load_module(checkpoint), recorded(checkpoint)
    out = add_encoder(folder, module.encoder, module.decoder, tune, output, record)
    if not quiet:
        from bitcodec.cli.batch import console

        console().print(f"{out.path}: {out.facts.name}, --tune {tune}", highlight=False)


def _require_training() -> None:
    try:
        import bitcodec.training.export
        import bitcodec.training.modules  # noqa: F401
    except ModuleNotFoundError as error:
        raise UsageError(
            f"exporting needs {error.name}, which is not installed: pip install 'bitcodec[train]'"
        ) from None


def find_checkpoint(run: Path) -> Path:
    """The checkpoint itself, or the one to ship of a run's folder: last.ckpt, else the newest.

    Raises:
        UsageError: if there is none.
    """
    if run.is_file():
        return run
    found = sorted(run.rglob("*.ckpt"), key=lambda p: (p.name == "last.ckpt", p.stat().st_mtime))
    if not found:
        raise UsageError("no checkpoint (*.ckpt) here", run)
    return found[-1]


def recorded(checkpoint: Path) -> dict[str, Any]:
    """Seed, steps, commit and hardware from the ``run.json`` of the checkpoint's run, if any.

    Overrides that name folders stay out: a model tells nothing of the machine it comes from.
    """
    record = checkpoint.resolve().parent.parent / "run.json"
    try:
        run = json.loads(record.read_text("utf-8"))
        overrides = [str(text) for text in run["overrides"] if "/" not in str(text)]
        facts = {key: run["provenance"][key] for key in ("commit", "dirty", "processor")}
        facts |= {key: run["timing"][key] for key in ("train_seconds", "threads", "precision")}
        return {
            "seed": run["seed"],
            "steps": run["metrics"]["steps"],
            "overrides": overrides,
        } | facts
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def evenly(items: Sequence[Path], most: int) -> list[Path]:
    """At most ``most`` of the items, spread evenly over all of them."""
    count = min(len(items), most)
    return [items[i * len(items) // count] for i in range(count)]
