"""Fitting the context coder's networks: every class is within reach, no sum out of bounds."""

from __future__ import annotations

import numpy as np
import torch

from bitcodec.coders.context_planes import GROUP
from bitcodec.coders.integer_network import ONE, FastNetworks
from bitcodec.coders.symbol_tables import PROBABILITY_BITS
from bitcodec.coders.symbols import Plan
from bitcodec.training.fit.context import FEATURES, SIGNED, UNITS
from bitcodec.training.fit.networks import (
    Samples,
    _Networks,
    count_symbols,
    fit_networks,
    probabilities,
)

COUNT = 120_000


def rare(one_in: int) -> Samples:
    """Levels of 0, and every now and then of 1, of which features say nothing."""
    rng = np.random.default_rng(one_in)
    levels = (rng.random((COUNT, 1)) < 1 / one_in).astype(np.int16)
    x = np.full((COUNT, 3), ONE, np.int8)
    x[:, :2] = rng.integers(0, 3, (COUNT, 2))
    return Samples(x, np.zeros((COUNT, 1), np.int8), levels, np.ones((COUNT, 1), np.bool_))


def entropy(samples: Samples) -> float:
    """Bits of all levels, had each its own probability."""
    share = float(samples.levels.mean())
    return -COUNT * (share * np.log2(share) + (1 - share) * np.log2(1 - share))


def test_rare_levels_have_a_class_of_their_own() -> None:
    """Tables belong to classes: if what is rare could not have a class of its own, it would be
    charged for what is frequent, and spoil its table, by 11 % here.
    """
    samples = [rare(40), rare(20_000)]
    networks = fit_networks(samples, units=4, steps=200)
    fast, tables = FastNetworks(networks), probabilities(count_symbols(networks, samples))
    bits = 0.0
    for number, part in enumerate(samples):
        x, s = (np.ascontiguousarray(each.T, np.float32) for each in (part.x, part.s))
        plan = Plan(*fast(number, x, s))
        symbols = plan.symbols(plan.remainders(part.levels.reshape(-1).astype(np.int32)))
        bits -= np.log2(tables[plan.table, symbols] / (1 << PROBABILITY_BITS)).sum()
    wanted = sum(map(entropy, samples))
    assert bits < 1.03 * wanted


def test_no_weights_that_a_fit_may_end_with_are_too_large_for_exact_sums() -> None:
    """Of the sizes that it fits: more features or units need narrower bounds of the weights."""
    x, s = np.zeros((1, FEATURES + 2), np.int8), np.zeros((1, SIGNED), np.int8)
    nothing = np.zeros((1, GROUP), np.int16)
    networks = _Networks([Samples(x, s, nothing, nothing > 0)], UNITS)
    with torch.no_grad():
        for weights in networks.parameters():
            weights.fill_(1e6)
    networks.rounded().check()
