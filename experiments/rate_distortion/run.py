"""Where bitcodec stands among the codecs people use: every file of this folder, regenerated.

python -m experiments.rate_distortion.run --images PHOTOS/kodak
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from bitcodec.files import write_file
from experiments import documents

HERE = Path(__file__).parent
#: A face, a sky over a propeller and blurred leaves: smooth places; fixed before any result.
DETAILS = ("kodim04:300,190", "kodim20:420,100", "kodim23:80,60")
#: Bits a pixel of the sheets of details.
RATES = ("0.06", "0.1", "0.2")
SHEET_CODECS = "avif,jpeg2000"
#: The rows of the short table beside JPEG's.
BRIEF = {
    "webp": "WebP",
    "avif": "AVIF",
    "bmshj2018-hyperprior": "hyperprior of Ballé et al. 2018 (as published)",
    "bitcodec": "**bitcodec**",
}


def answer(folder: Path, name: str) -> str:
    """The figures of the README, in Markdown, from the files of a sweep in ``folder``."""
    facts = json.loads((folder / f"{name}.json").read_text())
    with (folder / "bd_rate.csv").open(newline="") as stream:
        rates = {
            (row["codec"], row["anchor"], row["metric"]): row for row in csv.DictReader(stream)
        }
    codecs = [codec for codec in facts["best_variant"]["psnr"] if codec != "jpeg"]
    at = codecs.index("bitcodec") + 1
    codecs[at:at] = [codec for codec in facts["codecs"] if codec.startswith("bitcodec-")]
    codecs += list(facts["published"])
    lines = [
        "| | rate against JPEG at equal PSNR | over | at equal MS-SSIM | over "
        "| bitcodec against it, PSNR | MS-SSIM |",
        "|---|---|---|---|---|---|---|",
    ]
    for codec in codecs:
        cells = [f"{codec} (published)" if codec in facts["published"] else codec]
        for metric in ("psnr", "ms_ssim_db"):
            row = rates[codec, "jpeg", metric]
            if row["bd_rate_percent"]:
                low, high = (float(row[key]) for key in ("overlap_low", "overlap_high"))
                cells += [f"{float(row['bd_rate_percent']):+.1f} %", f"{low:.1f} to {high:.1f} dB"]
            else:
                cells += ["no overlap", ""]
        for metric in ("psnr", "ms_ssim_db"):
            row = rates.get(("bitcodec", codec, metric), {})
            found = row.get("bd_rate_percent")
            cells.append(f"{float(found):+.1f} %" if found else "–")
        lines.append("| " + " | ".join(cells) + " |")
    best = facts["best_variant"]["psnr"]["jpeg"]
    changes = [
        f"{point['codec']} from {point['bpp']:.2f} bpp"
        for before, point in zip([None, *best[:-1]], best, strict=True)
        if before is None or before["codec"] != point["codec"]
    ]
    lines += [
        "",
        f"The JPEG of reference, best by PSNR: {', '.join(changes)}.",
        "",
        f"{len(facts['images'])} images, {facts['jobs']} processes, {facts['wall_seconds']:.0f} s "
        f"on {facts['cores']} cores ({facts['processor']}), commit {facts['commit']}. "
        f"Blockiness of the originals: {facts['originals_blockiness']:.3f}.",
    ]
    return "\n".join(lines) + "\n"


def brief(folder: Path) -> str:
    """The README's table: a few codecs, one figure each, the largest files first."""
    with (folder / "bd_rate.csv").open(newline="") as stream:
        rates = {
            row["codec"]: row
            for row in csv.DictReader(stream)
            if (row["anchor"], row["metric"]) == ("jpeg", "psnr")
        }
    lines = [
        "| codec | bytes for the same PSNR, of the best JPEG's | mean over |",
        "|---|---|---|",
        "| JPEG | 100 % | |",
    ]
    found = [(rates[codec], label) for codec, label in BRIEF.items() if codec in rates]
    for row, label in sorted(found, key=lambda item: -float(item[0]["bd_rate_percent"])):
        low, high = float(row["overlap_low"]), float(row["overlap_high"])
        share = 100 + float(row["bd_rate_percent"])
        lines.append(f"| {label} | {share:.0f} % | {low:.0f} to {high:.0f} dB |")
    return "\n".join(lines) + "\n"


def operating_points(folder: Path, name: str) -> str:
    """The shipped model's means, in Markdown, with the grid and the false edges they show, and
    AVIF's false edges at the same rate.
    """
    facts = json.loads((folder / f"{name}.json").read_text())
    lines = [
        "| -q | bpp | PSNR, dB | MS-SSIM | blockiness / originals' | false edges | AVIF's "
        "| encode ms | decode ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    rival = sorted((p["bpp"], p["false_edges"]) for p in facts["points"].get(RIVAL, []))
    lines += [
        f"| {point['setting']} | {point['bpp']:.3f} | {point['psnr']:.2f} | {point['ms_ssim']:.4f} "
        f"| {point['blockiness'] / facts['originals_blockiness']:.3f} "
        f"| {point['false_edges']:.1f} | {_between(rival, point['bpp'])} "
        f"| {point['encode_ms']:.0f} | {point['decode_ms']:.0f} |"
        for point in facts["points"].get(OWN, [])
    ]
    return "\n".join(lines) + "\n"


OWN, RIVAL = "bitcodec-psnr", "avif-psnr"
"""Variants that both do best in PSNR."""


def _between(points: list[tuple[float, float]], bpp: float) -> str:
    """A quantity at a rate, linear between two points, or a dash outside of them."""
    if not points or not points[0][0] <= bpp <= points[-1][0]:
        return "–"
    return f"{np.interp(bpp, *zip(*points, strict=True)):.1f}"


def main() -> None:
    """Measure, draw and bring the README's figures up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="the 24 Kodak images")
    parser.add_argument("--jobs", default="2")
    options = parser.parse_args()
    command = [sys.executable, "-m", "bitcodec", "eval", "--images", str(options.images)]
    command += ["-o", str(HERE), "--jobs", options.jobs]
    subprocess.run(command, check=True)
    crops = [word for detail in DETAILS for word in ("--crop", detail)]
    for rate in RATES:
        sheet = [*command, "--codec", SHEET_CODECS, "--target-bpp", rate, *crops]
        subprocess.run(sheet, check=True)
    name = options.images.resolve().name
    write_file(HERE / "table.md", answer(HERE, name).encode())
    write_file(HERE / "brief.md", brief(HERE).encode())
    write_file(HERE / "models.md", operating_points(HERE, name).encode())
    documents.main()


if __name__ == "__main__":
    main()
