"""Random numbers that do not depend on how a batch is split."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from bitcodec.training.batches import BatchConfig, BatchStream, Share
from bitcodec.training.draws import VALIDATION, Draws
from tests.conftest import tiny_run
from tests.training.test_run import logged, record


@pytest.mark.parametrize("kind", ["normal", "uniform"])
def test_each_image_has_its_own_numbers_wherever_it_is_drawn(kind: str) -> None:
    def draw(draws: Draws, count: int) -> torch.Tensor:
        like = torch.empty(count, 3, 5, 7)
        return draws.normal(like, 2.0) if kind == "normal" else draws.uniform(like)

    whole = draw(Draws(3, 9), 6)
    parts = [draw(Draws(3, 9, first), 2) for first in (0, 2, 4)]
    assert torch.equal(whole, torch.cat(parts))
    assert len({image.sum().item() for image in whole}) == 6
    for other in (Draws(4, 9), Draws(3, 8), Draws(3, 9, 0, VALIDATION)):
        assert not torch.equal(draw(other, 6), whole)


def test_what_a_whole_batch_shares_does_not_depend_on_the_part() -> None:
    drawn = [[Draws(0, step, first).integer(5, 90) for step in range(50)] for first in (0, 4)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) > 20 and min(drawn[0]) >= 5 and max(drawn[0]) < 90


@pytest.mark.parametrize("shares", [[Share(0, 1, 4)], [Share(0, 2, 2), Share(1, 2, 2)]])
def test_parts_of_a_batch_are_the_whole_batch(shares: list[Share]) -> None:
    photos = [np.random.default_rng(i).integers(0, 256, (20, 24, 3), np.uint8) for i in range(7)]
    settings = (16, True, 0.4, 0.2, 0.25, 0.5)
    whole = BatchStream(photos, BatchConfig(8, *settings), seed=5, step=3)
    streams = [iter(BatchStream(photos, BatchConfig(2, *settings), 5, 3, s)) for s in shares]
    for batch, _ in zip(whole, range(3), strict=False):
        parts = [next(stream) for _ in range(4 // len(streams)) for stream in streams]
        assert torch.equal(torch.cat(parts), batch)


RECIPES = {"article": ["penalty=entropy"], "stepped": ["experiment=codec", "model.width=4"]}


@pytest.mark.parametrize("recipe", RECIPES)
def test_eight_images_at_once_are_four_and_four(
    recipe: str, photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    more = [*RECIPES[recipe], "trainer.max_steps=4", "trainer.val_check_interval=2"]
    # Where hardware has bfloat16, it would round away what is to be equal.
    more += ["data.batch.crop=32", "callbacks.last.every=2", "trainer.precision=32-true"]
    if recipe == "stepped":
        more += ["model.blocks=0", "callbacks.rate=null"]
    for name, size, parts in (("whole", 8, 1), ("parts", 4, 2)):
        split = [f"data.batch.batch_size={size}", f"trainer.accumulate_grad_batches={parts}"]
        outcome = train(*tiny_run(photo_folder, tmp_path / name, *more, *split))
        assert outcome.code == 0, outcome.error
    whole, parts = (
        [row for row in logged(tmp_path / name) if row["train/loss"] or row["val/loss"]]
        for name in ("whole", "parts")
    )
    assert len(whole) == 7
    assert [row["step"] for row in whole] == [row["step"] for row in parts]
    for ours, theirs in zip(whole, parts, strict=True):
        for column, value in ours.items():
            if value:
                assert float(theirs[column]) == pytest.approx(float(value), rel=2e-3), column
    metrics = [record(tmp_path / name)["metrics"] for name in ("whole", "parts")]
    assert metrics[1] == pytest.approx(metrics[0], rel=2e-3), json.dumps(metrics)
