"""``bitcodec models``: which models are installed."""

from __future__ import annotations

import json

from bitcodec.cli import options

EPILOG = """
[bold]Examples[/bold]

bitcodec models

bitcodec models --json | jq '.[].name'
"""


def models(as_json: options.Json = False) -> None:
    """List the installed models, from the smallest files to the best pictures, defaults first.

    More are found in the folders that the environment variable BITCODEC_MODELS names.
    """
    from bitcodec import installed_models

    found = installed_models.available()
    default = installed_models.find().facts.name if found else None
    if as_json:
        print(json.dumps([_as_dict(m, m.facts.name == default) for m in found], indent=2))
        return

    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("-q", justify="right")
    table.add_column("name")
    for heading in ("channels", "stride", "MB"):
        table.add_column(heading, justify="right")
    table.add_column("--coder")
    table.add_column("--tune")
    table.add_column("")
    for model in found:
        facts = model.facts
        coders = sorted(model.coders, key=lambda name: name != facts.coder)
        note = "default" if facts.name == default else ""
        numbers = (str(facts.channels), str(facts.stride), f"{_size(model) / 1e6:.1f}")
        choices = (", ".join(coders), ", ".join(model.tunes))
        qualities = "1 to 100" if facts.steps else str(facts.quality)
        table.add_row(qualities, facts.name, *numbers, *choices, note)
    Console().print(table)


def _as_dict(model, default: bool) -> dict[str, object]:  # type: ignore[no-untyped-def]
    from dataclasses import asdict

    extra = {
        "coders": model.coders,
        "tunes": model.tunes,
        "default": default,
        "path": str(model.path),
        "bytes": _size(model),
    }
    return asdict(model.facts) | extra


def _size(model) -> int:  # type: ignore[no-untyped-def]
    return sum(file.stat().st_size for file in model.path.iterdir())
