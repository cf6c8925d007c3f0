"""Fitting the context coder (train time only: needs torch)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from bitcodec.bitmap import Bitmap
from bitcodec.coders.context import ContextCoder
from bitcodec.coders.context_model import ContextModel
from bitcodec.coders.context_planes import GROUP, PHASES, Planes, groups_of, slopes
from bitcodec.coders.integer_network import ONE, Networks
from bitcodec.coders.mean_coder import inputs, signed_count, step_feature
from bitcodec.coders.means import KINDS, Pass, passes
from bitcodec.coders.relative_network import RelativeNetworks
from bitcodec.coders.symbol_tables import SYMBOLS, TABLES, SymbolTables
from bitcodec.errors import UsageError
from bitcodec.layout import Layout
from bitcodec.training.fit.features import choose_features
from bitcodec.training.fit.networks import (
    Samples,
    count_symbols,
    fit_networks,
    probabilities,
)
from bitcodec.training.fit.relative import Relative

FEATURES, SIGNED = 80, 16
UNITS = 96
"""Beside 40, 64 saved 0.3 and 0.2 % of the bits of two groups of latents; more save little more."""
MEAN_UNITS, RELATIVE_UNITS = 24, 48
PLACES = 1_000_000
"""Positions of each phase of a group, and of each kind of pass of a mean, that are looked at. With
an eighth of so many, networks learn these by heart: of other pictures, two groups of latents cost
0.5 and 0.8 % more after 2,500 steps."""
EPOCHS = 10
STEPS = range(60, 1001)

Kind = TypeVar("Kind", Networks, RelativeNetworks)
Fitted = TypeVar("Fitted")


def fit_context(
    samples: Iterable[tuple[Bitmap, Layout]],
    steps: int | None = None,
    progress: bool = True,
    found: Sequence[NDArray[np.float32]] | None = None,
) -> ContextCoder:
    """Fit the integer networks and tables of symbols to bitmaps of training images.

    Args:
        samples: bitmaps of any sizes, with their layouts: the more steps, the better.
        steps: gradient steps for each group of latents; by default ten passes over its positions,
            at most 1,000 (about ten minutes of a core for 192 latents; 4,000 make files 1 %
            smaller). As many groups as torch has threads are fitted at once.
        progress: show a progress bar on stderr.
        found: of each sample what the encoder gives for the means, ``V x H x W`` in steps. Then
            they are fitted twice, the second time to the levels that the first fit makes
            :meth:`ContextCoder.choose` choose.

    Raises:
        UsageError: if there is no bitmap, if two layouts are not those of one model, or if the
            model has nothing but means.
    """
    layouts, levels = [], []
    for bitmap, layout in samples:  # one at a time: they may be unpacked here
        layouts.append(layout)
        levels.append(layout.levels(bitmap))
    if not levels:
        raise UsageError("the context coder cannot be fitted to no bitmap at all")
    most = max(layouts, key=lambda layout: layout.latents)
    if any(layout.means != most.means for layout in layouts):
        raise UsageError("these bitmaps are not of one model: their means differ")
    if most.latents == most.means:
        raise UsageError("the context coder needs other latents beside the means")
    positions = sum(each[0].size for each in levels)
    if steps is None:
        wanted = EPOCHS * positions // 4096
        steps = min(max(wanted, STEPS.start), STEPS.stop - 1)
    single = all(max(layout.bits) == 1 for layout in layouts)
    groups = groups_of(most.latents, most.means)
    pictures = [_planes(*pair) for pair in zip(levels, layouts, strict=True)]
    features = choose_features(pictures, most.means, groups, FEATURES, signed=False)
    signed = choose_features(pictures, most.means, groups, SIGNED, signed=True)
    kinds = KINDS if most.means else 0
    with Progress(console=Console(stderr=True), disable=not progress) as bar:
        task = bar.add_task("context coder", total=(groups + kinds * (1 + bool(found))) * steps)

        def advance() -> None:
            bar.advance(task)

        def fit_group(group: int) -> tuple[Networks, NDArray[np.int64]]:
            here = slice(group * len(PHASES), (group + 1) * len(PHASES))
            seen = _group_samples(pictures, levels, layouts, group, features[here], signed[here])
            networks = fit_networks(seen, UNITS, steps, single, advance)
            return networks, count_symbols(networks, seen)

        parts = _at_once(fit_group, range(groups))
        model = ContextModel(
            features=features,
            signed_features=signed,
            networks=_joined([networks for networks, _ in parts]),
            mean_networks=None,
            relative=None,
            symbols=[_tables(parts)] * 2,
            latents=most.latents,
            means=most.means,
            learning=True,
        )
        if kinds:
            means = [each[: most.means] for each in levels]
            model = fit_means(model, means, layouts, steps, advance)
        if kinds and found:
            chooser = ContextCoder(model)
            alone = [layout.of_means() for layout in layouts]
            pairs = zip(found, alone, strict=True)
            means = [chooser.choose(values, layout)[0] for values, layout in pairs]
            model = fit_means(model, means, layouts, steps, advance)
    model.check()
    return ContextCoder(model)


def fit_means(
    model: ContextModel,
    levels: Sequence[NDArray[np.int16]],
    layouts: Sequence[Layout],
    steps: int,
    advance: Callable[[], object] = lambda: None,
) -> ContextModel:
    """The model with other networks and tables for the means, fitted to these levels of theirs.

    Args:
        model: whose other networks and tables are kept.
        levels: ``V x H x W`` of each picture.
        layouts: of each picture.
        steps: gradient steps for each kind of pass.
        advance: called after every step.
    """

    def fit_kind(kind: int) -> tuple[Networks, RelativeNetworks, NDArray[np.int64]]:
        found = _mean_samples(levels, layouts, model.means, kind)
        relative = Relative(model.means, found[0].s.shape[1], RELATIVE_UNITS)
        networks = fit_networks(found, MEAN_UNITS, steps, progress=advance, relative=relative)
        beside = relative.rounded()
        return networks, beside, count_symbols(networks, found, beside)

    parts = _at_once(fit_kind, range(KINDS))
    return replace(
        model,
        mean_networks=_joined([networks for networks, _, _ in parts]),
        relative=_joined([relative for _, relative, _ in parts]),
        symbols=[_tables(parts), model.symbols[1]],
    )


def _tables(parts: Sequence[tuple[Any, ...]]) -> SymbolTables:
    """From the counts at the end of each part."""
    nothing = np.zeros((TABLES, SYMBOLS), np.int64)
    return SymbolTables(probabilities(sum((part[-1] for part in parts), nothing)))


def _at_once(fit: Callable[[int], Fitted], numbers: range) -> list[Fitted]:
    """The fits of all numbers, each in a thread of its own: what they come to is the same in any
    order, and small networks leave a core idle that has to share them with another.
    """
    threads = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(fit, numbers))
    finally:
        torch.set_num_threads(threads)


def _joined(parts: Sequence[Kind]) -> Kind:
    names = [field.name for field in fields(parts[0])]
    whole = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return type(parts[0])(**whole)


def _planes(levels: NDArray[np.int16], layout: Layout) -> Planes:
    """All planes of a picture."""
    groups = groups_of(layout.latents, layout.means)
    height, width = levels.shape[1:]
    planes = Planes(layout.means, groups, (height, width), dtype=np.int8)
    planes.put_slopes(slopes(levels[: layout.means]))
    for group, first in enumerate(range(layout.means, layout.latents, GROUP)):
        for phase, (row, column) in enumerate(PHASES):
            planes.put_group(group, phase, levels[first : first + GROUP, row::2, column::2])
    return planes


def _group_samples(
    pictures: Sequence[Planes],
    levels: Sequence[NDArray[np.int16]],
    layouts: Sequence[Layout],
    group: int,
    features: NDArray[np.int16],
    signed: NDArray[np.int16],
) -> list[Samples]:
    """What the networks of a group see, one for each phase."""
    rng = np.random.default_rng(group)
    first = layouts[0].means + GROUP * group
    chosen = [index for index, layout in enumerate(layouts) if layout.latents > first]
    result = []
    for phase, (row, column) in enumerate(PHASES):
        found = []
        for index in chosen:
            planes = pictures[index]
            here = levels[index][first : first + GROUP, row::2, column::2]
            if not here.size:
                continue
            inside = planes.inside(phase, np.arange(planes.span)[None]).reshape(-1)
            few = min(len(inside), max(1, PLACES // len(chosen)))
            picks = rng.choice(len(inside), few, replace=False)
            x = np.full((few, features.shape[1] + 2), ONE, np.int8)
            x[:, :-2] = planes.at(0, planes.starts(features[phase], phase), inside[picks])
            x[:, -2] = step_feature(layouts[index].index)
            s = planes.at(1, planes.starts(signed[phase], phase), inside[picks])
            target = np.zeros((few, GROUP), np.int16)
            target[:, : len(here)] = here.reshape(len(here), -1).T[picks]
            coded = np.zeros((few, GROUP), np.bool_)
            coded[:, : len(here)] = True
            found.append(Samples(x, s, target, coded))
        result.append(_together(found) if found else _nothing(features, signed))
    return result


def _mean_samples(
    levels: Sequence[NDArray[np.int16]], layouts: Sequence[Layout], means: int, kind: int
) -> list[Samples]:
    """What the networks of a kind of pass see, one for each mean."""
    rng = np.random.default_rng(kind)
    found: list[list[Samples]] = [[] for _ in range(means)]
    for picture, layout in zip(levels, layouts, strict=True):
        values = picture[:means].reshape(means, -1).astype(np.int32)
        for step in passes(*picture.shape[1:]):
            if step.kind != kind or not len(step.here):
                continue
            few = min(len(step.here), max(1, PLACES // len(levels)))
            picks = rng.choice(len(step.here), few, replace=False)
            part = Pass(kind, step.here[picks], step.around[:, picks])
            for mean in range(means):
                base, x, s = inputs(values, mean, part, step_feature(layout.index))
                target = (values[mean, part.here] - base)[:, None].astype(np.int16)
                coded = np.ones(target.shape, np.bool_)
                rows = x.T.astype(np.int8), s.T.astype(np.int8)
                found[mean].append(Samples(*rows, target, coded))
    if not found[0]:  # pictures of a single position have no other kind than the first
        count = signed_count(means)
        none = np.zeros((1, count + 2), np.int8), np.zeros((1, count), np.int8)
        target = np.zeros((1, 1), np.int16)
        return [Samples(*none, target, np.zeros((1, 1), np.bool_)) for _ in range(means)]
    return [_together(parts) for parts in found]


def _together(parts: Sequence[Samples]) -> Samples:
    names = ("x", "s", "levels", "coded")
    return Samples(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _nothing(features: NDArray[np.int16], signed: NDArray[np.int16]) -> Samples:
    """One place at which nothing is coded."""
    return Samples(
        np.zeros((1, features.shape[1] + 2), np.int8),
        np.zeros((1, signed.shape[1]), np.int8),
        np.zeros((1, GROUP), np.int16),
        np.zeros((1, GROUP), np.bool_),
    )
