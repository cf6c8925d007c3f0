"""``bitcodec info``: what is in a .bitc file, without decoding the picture."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from bitcodec.cli import options, streams
from bitcodec.cli.plan import STANDARD
from bitcodec.errors import BitcodecError, UnknownModelError

EPILOG = """
[bold]Examples[/bold]

bitcodec info photo.bitc

bitcodec info photo.bitc --json | jq .bpp
"""

BARS = " ▁▂▃▄▅▆▇█"
PLAIN_BARS = " .:-=+*%#"
"""For terminals that cannot show the others."""
PER_LINE = 64


def info(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A .bitc file, or - for stdin.")],
    as_json: options.Json = False,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FOLDER", help="The model that made the file, if it is not installed."
        ),
    ] = None,
) -> None:
    """Show a file's header, its rate, and how its bits are spread over the channels."""
    try:
        facts = describe(path, model)
    except BitcodecError as error:
        raise error.at(path) from None
    if as_json:
        print(json.dumps(facts, indent=2))
    else:
        _print(facts)


def describe(path: Path, model: str | None) -> dict[str, Any]:
    """Everything that ``--json`` prints; without the model, what the header alone says."""
    from bitcodec import bitmap, container
    from bitcodec.coders import coder_by_id
    from bitcodec.layout import step_of
    from bitcodec.loading import load, load_for

    if str(path) == STANDARD:
        with streams.reading():
            data = container.read_stream(sys.stdin.buffer)
    else:
        data = container.read_file(path)
    header, payload = container.read(data)
    kept = container.read_metadata(data)
    pixels = header.width * header.height
    facts: dict[str, Any] = {
        "file": str(path),
        "format_version": header.version,
        "model": header.model,
        "fingerprint": header.fingerprint.hex(),
        "width": header.width,
        "height": header.height,
        "coder": coder_by_id(header.coder).name,
        "bytes": len(data),
        "payload_bytes": len(payload),
        "overhead_bytes": len(data) - len(payload) - header.metadata_length,
        "metadata": {name: len(value) for name, value in vars(kept).items() if value},
        "bpp": 8 * len(data) / pixels,
    }
    try:
        codec = load(model) if model else load_for(data)
        # Tables are read before the clock starts.
        codec.coder(facts["coder"])
        # Processor time: the same on a busy machine.
        start = time.process_time()
        _, bits = codec.unpack(data)
        milliseconds = 1000 * (time.process_time() - start)
    except UnknownModelError as error:
        if model:
            raise
        return facts | {"problem": str(error)}
    return facts | {
        "quality": codec.facts.quality_of(header.step) or codec.facts.quality,
        "step": step_of(header.step) if codec.facts.steps else None,
        "channels": bits.shape[0],
        "stride": codec.facts.stride,
        "bits": bits.size,
        "ones": bitmap.ones(bits),
        "order0_bpp": bitmap.order0_bits(bits) / pixels,
        "ones_per_channel": [round(float(share), 6) for share in bits.mean(axis=(1, 2))],
        "unpack_ms": round(milliseconds, 2),
    }


def _print(facts: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    model = f"{facts['model']} (fingerprint {facts['fingerprint']})"
    if "quality" in facts:
        model = f"{facts['model']} (-q {facts['quality']}, fingerprint {facts['fingerprint']})"
    table.add_row("picture", f"{facts['width']} x {facts['height']} pixels")
    table.add_row("file", f"{facts['bytes']:,} bytes, {facts['bpp']:.4f} bits per pixel")
    table.add_row(
        "",
        f"{facts['payload_bytes']:,} of payload, {facts['overhead_bytes']} of header and checksum",
    )
    if facts["metadata"]:
        listed = (f"{name} {count:,} bytes" for name, count in facts["metadata"].items())
        table.add_row("metadata", ", ".join(listed))
    table.add_row("model", model)
    table.add_row("coder", f"{facts['coder']} (format version {facts['format_version']})")
    if "problem" in facts:
        table.add_row("bitmap", facts["problem"])
    else:
        table.add_row(
            "bitmap",
            f"{facts['channels']} channels at stride {facts['stride']}, {facts['bits']:,} bits, "
            f"{facts['ones']:.2%} ones",
        )
        ratio = facts["bpp"] / facts["order0_bpp"] if facts["order0_bpp"] else 1
        table.add_row("", f"order-0 entropy {facts['order0_bpp']:.4f} bpp, file {ratio:.2f} x that")
        table.add_row("time", f"{facts['unpack_ms']:.0f} ms of processor from file to bitmap")
    screen = Console()
    screen.print(table, highlight=False, markup=False)
    shares = facts.get("ones_per_channel", [])
    if shares:
        highest = max(shares)
        screen.print(f"ones per channel (full bar: {highest:.1%})", highlight=False)
    try:
        BARS.encode(screen.encoding)
        bars = BARS
    except (UnicodeEncodeError, LookupError):
        bars = PLAIN_BARS
    per_line = max(8, min(PER_LINE, (screen.width - 6) // 8 * 8))
    for start in range(0, len(shares), per_line):
        if not any(shares[start:]):
            screen.print(f"{start:5} to {len(shares) - 1}: no ones", highlight=False)
            break
        line = bar_chart(shares[start : start + per_line], highest, bars)
        screen.print(f"{start:5} {line}", highlight=False, markup=False)


def bar_chart(shares: list[float], highest: float, bars: str = BARS) -> str:
    """One character a share, its height in eighths of ``highest``; none only for exactly 0."""
    if highest == 0:
        return bars[0] * len(shares)
    eighths = [min(8, -(-share * 8 // highest)) for share in shares]
    return "".join(bars[int(eighth)] for eighth in eighths)
