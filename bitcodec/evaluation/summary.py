"""What is made of the rows once they are measured: curves, BD-rates, plots and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bitcodec.evaluation import plots, report
from bitcodec.evaluation.bd_rate import BdRate, bd_rates
from bitcodec.evaluation.curves import METRICS, Curve, curves, family_curves
from bitcodec.evaluation.measure import Measurement
from bitcodec.evaluation.published import is_kodak, published
from bitcodec.provenance import provenance


@dataclass(frozen=True)
class Summary:
    """All that a sweep says.

    Attributes:
        variants: curves by codec, variants apart.
        families: for each metric one curve for each family, its best variants.
        published: curves of others, if the images are those they are published for.
        bd_rates: between all of these.
    """

    variants: Mapping[str, Curve]
    families: Mapping[str, Mapping[str, Curve]]
    published: Mapping[str, Curve]
    bd_rates: Sequence[BdRate]


def summarize(rows: Sequence[Measurement], families: Mapping[str, str]) -> Summary:
    """Aggregate the rows of a sweep.

    Args:
        rows: every codec at every setting on every image.
        families: the family of each codec.
    """
    variants = curves(rows)
    best = {metric: family_curves(variants, families, metric) for metric in METRICS}
    others = published() if is_kodak({row.image for row in rows}) else {}
    # Variants are compared too (what is `optimize` worth?), so they stand beside their envelope.
    everything = {metric: {**variants, **best[metric], **others} for metric in METRICS}
    return Summary(variants, best, others, bd_rates(everything))


def write(
    summary: Summary,
    rows: Sequence[Measurement],
    originals_blockiness: float,
    facts: Mapping[str, Any],
    name: str,
    folder: Path,
) -> None:
    """Write ``<name>.csv``, ``<name>.json``, ``bd_rate.csv`` and the plots.

    Args:
        summary: of the rows.
        rows: as measured.
        originals_blockiness: mean over the images.
        facts: of the run, for the JSON file.
        name: of the set of images.
        folder: to write to.
    """
    report.write_measurements(rows, folder / f"{name}.csv")
    report.write_bd_rates(summary.bd_rates, folder / "bd_rate.csv")
    report.write_json(
        {
            **facts,
            **provenance(),
            "originals_blockiness": originals_blockiness,
            "points": {name: _points(curve) for name, curve in summary.variants.items()},
            "best_variant": {
                metric: {name: _choice(curve) for name, curve in by_name.items()}
                for metric, by_name in summary.families.items()
            },
            "published": {name: curve.source for name, curve in summary.published.items()},
        },
        folder / f"{name}.json",
    )
    count = len({row.image for row in rows})
    title = f"{name}, means over {count} image{'s' * (count != 1)}"
    for quantity, metric in (
        ("psnr", "psnr"),
        ("ms_ssim", "ms_ssim_db"),
        ("ms_ssim_db", "ms_ssim_db"),
    ):
        best = summary.families[metric]
        path = folder / f"rate_{quantity}.png"
        plots.rate_distortion(best, summary.published, quantity, title, path)
    plots.mosaic(
        summary.families["psnr"],
        originals_blockiness,
        f"The mosaic: {title}",
        folder / "rate_blockiness.png",
    )
    plots.stairs(
        summary.families["psnr"],
        f"False edges in smooth places: {title}",
        folder / "rate_false_edges.png",
    )


def _points(curve: Curve) -> list[dict[str, Any]]:
    return [
        {key: _rounded(value) for key, value in asdict(point).items() if key != "codec"}
        for point in curve.points
    ]


def _choice(curve: Curve) -> list[dict[str, Any]]:
    return [
        {"bpp": _rounded(point.bpp), "codec": point.codec, "setting": point.setting}
        for point in curve.points
    ]


def _rounded(value: Any) -> Any:
    return round(value, 5) if isinstance(value, float) else value
