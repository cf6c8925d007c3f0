"""What training is fed: batches, crops, and folders of photographs good and bad."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from bitcodec.errors import BitcodecError, UsageError
from bitcodec.training.batches import BatchConfig, BatchStream, Share
from bitcodec.training.data import FolderData, SampleData
from bitcodec.training.photos import PhotoFiles, centre_crop
from tests.conftest import tiny_run

COMMON: dict[str, Any] = {
    "batch": {
        "batch_size": 4,
        "crop": 16,
        "flip": True,
        "gain": 0.4,
        "bias": 0.2,
        "synthetic": 0.0,
        "enlarged": 0.0,
    },
    "val_size": 32,
    "val_images": 64,
    "val_batch_size": 3,
    "seed": 3,
}


def folder_data(root: Path | str | None, **changes: Any) -> FolderData:
    root = None if root is None else str(root)
    own = {"val_root": None, "memory_share": 0.5, "workers": 2}
    return FolderData(root=root, **(COMMON | own | changes))


def numbered_photos(count: int) -> list[np.ndarray]:
    """Photographs that can be told apart by their one colour."""
    return [np.full((20, 20, 3), number, np.uint8) for number in range(count)]


def test_a_stream_can_start_at_any_step() -> None:
    config = BatchConfig(4, 16, True, 0.4, 0.2, 0.0, 0.0)
    photos = [np.random.default_rng(i).integers(0, 256, (20, 24, 3), np.uint8) for i in range(7)]
    whole = iter(BatchStream(photos, config, seed=5))
    batches = [next(whole) for _ in range(6)]
    resumed = iter(BatchStream(photos, config, seed=5, step=3))
    for step in range(3, 6):
        assert torch.equal(next(resumed), batches[step])
    assert not torch.equal(batches[0], BatchStream(photos, config, seed=6).batch(0))


def test_every_epoch_shows_every_photograph_once_whatever_the_number_of_ranks() -> None:
    config = BatchConfig(2, 20, False, 0.0, 0.0, 0.0, 0.0)
    photos = numbered_photos(12)
    streams = [BatchStream(photos, config, seed=0, share=Share(rank, 2)) for rank in range(2)]
    for epoch in range(2):
        shown = [
            round(value * 255)
            for step in range(3 * epoch, 3 * epoch + 3)
            for stream in streams
            for value in stream.batch(step)[:, 0, 0, 0].tolist()
        ]
        assert sorted(shown) == list(range(12))


def test_augmentation_stays_within_its_ranges() -> None:
    photos = [np.full((16, 16, 3), 102, np.uint8)]  # 0.4
    config = BatchConfig(64, 16, False, 0.4, 0.2, 0.0, 0.0)
    stream = BatchStream(photos, config, seed=0)
    values = torch.cat([stream.batch(step)[:, 0, 0, 0] for step in range(20)])
    assert values.min() >= 0.6 * 0.4 - 0.2 and values.max() <= 1.4 * 0.4 + 0.2 + 1e-6
    assert values.min() < 0.1 and values.max() > 0.7  # and reaches towards both ends
    white = BatchStream([np.full((16, 16, 3), 255, np.uint8)], config, seed=0)
    assert all(white.batch(step).min() >= 0 and white.batch(step).max() <= 1 for step in range(9))


def test_enlarged_crops_are_parts_of_photographs_at_up_to_twice_their_size() -> None:
    rows, columns = np.mgrid[:64, :64]
    slope = np.stack([4 * columns, 2 * rows, 0 * rows], axis=-1).astype(np.uint8)
    config = BatchConfig(64, 32, False, 0.0, 0.0, 0.0, 0.5)
    batch = 255 * BatchStream([slope], config, seed=2).batch(0)
    along = (batch[:, 0, :, -4] - batch[:, 0, :, 3]).mean(1) / (25 * 4)  # 25 columns apart
    down = (batch[:, 1, -4] - batch[:, 1, 3]).mean(1) / (25 * 2)
    assert torch.allclose(along, down, atol=0.1)
    assert along.min() >= 0.45 and along.max() <= 1.05
    assert 0.3 < (along != 1).float().mean() < 0.7
    assert along.min() < 0.6
    plain = batch[:, 2].amax((1, 2)) == 0
    assert plain[along == 1].all() and 0.3 < plain[along != 1].float().mean() < 0.7, "half grainy"


def test_folder_splits_without_overlap(photo_folder: Path) -> None:
    data = folder_data(photo_folder)
    data.setup()
    assert len(data.train_photos) == 10
    val = torch.cat(data.val_batches)
    assert len(val) == 2
    for image in val:
        pixels = (image.permute(1, 2, 0) * 255).round().byte().numpy()
        assert not any(np.array_equal(pixels, photo) for photo in data.train_photos)


def test_a_stream_cuts_from_the_photographs_and_not_from_copies(photo_folder: Path) -> None:
    data = folder_data(photo_folder)
    data.setup()
    stream = BatchStream(data.train_photos, data.config, seed=0)
    for ours, theirs in zip(data.train_photos, stream.photos, strict=True):
        assert np.shares_memory(ours, theirs.numpy())


def test_separate_validation_folder(photo_folder: Path, tmp_path: Path) -> None:
    shutil.copy(photo_folder / "03.png", tmp_path / "a.png")
    data = folder_data(photo_folder, val_root=str(tmp_path))
    data.setup()
    assert len(data.train_photos) == 12 and len(data.val_batches) == 1


def test_sample_photographs_are_real_and_disjoint() -> None:
    data = SampleData(**COMMON | {"val_size": 256})
    data.setup()
    assert not set(SampleData.train_names) & set(SampleData.val_names)
    assert len(data.train_photos) == 3
    assert sum(len(batch) for batch in data.val_batches) == 2
    assert all(len(np.unique(photo)) > 200 for photo in data.train_photos)


def test_unreadable_images_are_named_and_counted(
    photo_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("01.png", "02.png", "03.png"):
        shutil.copy(photo_folder / name, tmp_path / name)
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    cut = (photo_folder / "04.png").read_bytes()[:200]
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "cut.png").write_bytes(cut)
    (tmp_path / "notes.txt").write_text("ignored")
    with caplog.at_level(logging.WARNING):
        data = folder_data(tmp_path, val_root=str(photo_folder))
        data.setup()
    assert len(data.train_photos) == 3
    assert "broken.png" in caplog.text and "cut.png" in caplog.text
    assert "2 of 5 images left out" in caplog.text


def test_small_images_are_left_out_with_a_count(
    photo_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copy(photo_folder / "01.png", tmp_path / "a.png")
    Image.new("RGB", (15, 40)).save(tmp_path / "b.png")
    with caplog.at_level(logging.WARNING):
        data = folder_data(tmp_path, val_root=str(photo_folder))
        data.setup()
    assert len(data.train_photos) == 1
    assert "1 of 2" in caplog.text


def test_folders_that_cannot_work_are_explained(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"data\.root=DIR"):
        folder_data(None)
    with pytest.raises(BitcodecError, match="nowhere: no such folder"):
        folder_data(tmp_path / "nowhere").setup()
    with pytest.raises(BitcodecError, match="holds no PNG, JPEG or WebP"):
        folder_data(tmp_path).setup()
    (tmp_path / "only.png").write_bytes(b"junk")
    (tmp_path / "other.png").write_bytes(b"junk")
    with pytest.raises(BitcodecError, match="none of the images can be read"):
        folder_data(tmp_path).setup()


def test_grey_and_palette_images_become_rgb(tmp_path: Path, photo_folder: Path) -> None:
    Image.new("L", (20, 20), 77).save(tmp_path / "grey.png")
    Image.open(photo_folder / "01.png").convert("P").save(tmp_path / "palette.png")
    data = folder_data(tmp_path, val_root=str(photo_folder))
    data.setup()
    assert {photo.shape[2] for photo in data.train_photos} == {3}


def test_centre_crop_keeps_the_centre_and_the_multiple() -> None:
    photo = np.arange(50 * 70 * 3, dtype=np.int64).reshape(50, 70, 3)
    crop = centre_crop(photo, 64, 16)  # type: ignore[arg-type]
    assert crop.shape == (48, 64, 3)
    assert np.array_equal(crop, photo[1:49, 3:67])


@pytest.mark.parametrize("more", [{}, {"synthetic": 0.5, "enlarged": 0.7}])
def test_photographs_that_stay_on_disk_give_the_same_batches(
    more: dict[str, float], photo_folder: Path
) -> None:
    batch = COMMON["batch"] | more
    for share in (Share(), Share(1, 2, 2)):
        streams = []
        for memory_share in (0.5, 0.0):
            data = folder_data(photo_folder, batch=batch, memory_share=memory_share, workers=3)
            data.setup()
            assert isinstance(data.train_photos, PhotoFiles) == (memory_share == 0)
            where = {"share": share, "step": 3, "workers": data.workers}
            streams.append(iter(BatchStream(data.train_photos, data.config, 3, **where)))
        for _ in range(9):  # into the next epochs
            assert torch.equal(next(streams[0]), next(streams[1]))


def test_processes_share_the_memory_and_too_small_files_are_left_out(
    photo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(photo_folder, tmp_path, dirs_exist_ok=True)
    Image.new("RGB", (40, 8)).save(tmp_path / "flat.png")
    (tmp_path / "torn.png").write_bytes(b"\x89PNG")
    monkeypatch.setattr("bitcodec.machine.memory", lambda: 100_000)
    for processes, on_disk in ((1, False), (2, True)):
        data = folder_data(tmp_path, val_root=str(photo_folder))
        data.processes = processes
        data.setup()
        assert len(data.train_photos) == 12  # 3,072 bytes each
        assert isinstance(data.train_photos, PhotoFiles) == on_disk


def damaged(photos: Path, root: Path, *names: str) -> Path:
    """A copy of a folder in which some files are cut off behind their header."""
    shutil.copytree(photos, root, dirs_exist_ok=True)
    for name in names:
        (root / name).write_bytes((photos / name).read_bytes()[:200])
    return root


def test_a_damaged_photograph_on_disk_is_left_out_whoever_meets_it_first(
    photo_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = damaged(photo_folder, tmp_path, "01.png", "05.png")
    config = BatchConfig(4, 16, True, 0.4, 0.2, 0.0, 0.0)

    def batches(folder: Path, workers: int, share: Share, size: int) -> list[torch.Tensor]:
        data = folder_data(folder, val_root=str(photo_folder), memory_share=0.0, workers=workers)
        data.setup()
        part = BatchConfig(size, *list(vars(config).values())[1:])
        stream = iter(BatchStream(data.train_photos, part, 3, 3, share, workers=workers))
        drawn = [next(stream) for _ in range(9)]  # three epochs
        assert len(list(data.sample_crops(12))) == 3, "and where tables are fitted"
        return drawn

    with caplog.at_level(logging.WARNING):
        one = batches(root, 1, Share(), 4)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2, said
    for name in ("01.png", "05.png"):
        assert sum(f"{root / name}: unreadable, left out" in line for line in said) == 1
    for ours, theirs in zip(one, batches(root, 3, Share(), 4), strict=True):
        assert torch.equal(ours, theirs)
    ranks = [batches(root, 2, Share(rank, 2), 2) for rank in range(2)]
    for whole, *parts in zip(one, *ranks, strict=True):
        assert torch.equal(torch.cat(parts), whole)
    crops, sound = torch.cat(one), torch.cat(batches(photo_folder, 3, Share(), 4))
    others = sum(not torch.equal(ours, theirs) for ours, theirs in zip(crops, sound, strict=True))
    assert others == 6, "each of the two is met in every epoch, and nothing else is another"


def test_a_run_goes_on_without_a_damaged_photograph_in_memory_or_on_disk(
    photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    root = damaged(photo_folder, tmp_path / "photos", "01.png")
    for share in (0.5, 0):
        run = tiny_run(root, tmp_path / f"{share}", f"data.memory_share={share}")
        outcome = train(*run)
        assert outcome.code == 0, outcome.error
        log_file = (tmp_path / f"{share}" / "train.log").read_text()
        assert log_file.count("01.png") == 1, log_file
        assert f"{root / '01.png'}: unreadable, left out" in log_file


def test_a_folder_whose_every_photograph_is_damaged_is_explained(
    photo_folder: Path, tmp_path: Path
) -> None:
    names = sorted(path.name for path in photo_folder.iterdir())
    data = folder_data(damaged(photo_folder, tmp_path, *names), memory_share=0.0)
    data.val_root = photo_folder
    data.setup()
    with pytest.raises(BitcodecError, match=f"{tmp_path}: none of the images can be read"):
        next(iter(BatchStream(data.train_photos, data.config, 0)))
