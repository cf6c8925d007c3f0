"""Which codecs of ours an evaluation has."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bitcodec import targets
from bitcodec.evaluation.metrics import ms_ssim
from bitcodec.evaluation.models import BitcodecModel, default_setting, models
from bitcodec.loading import load
from bitcodec.model_folder import ModelFolder, tuned_files
from bitcodec.pixels import psnr


def test_every_encoder_of_a_model_is_a_variant_of_one_family(
    stepped_folder: ModelFolder, tmp_path: Path
) -> None:
    (alone,) = models([str(stepped_folder.path)])
    assert (alone.name, alone.family) == ("bitcodec", "bitcodec")
    both = shutil.copytree(stepped_folder.path, tmp_path / "both")
    for file in tuned_files("ms-ssim"):
        (both / file).write_bytes(b"")
    own, tuned = models([str(both)])
    assert isinstance(own, BitcodecModel) and isinstance(tuned, BitcodecModel)
    assert (own.name, own.tune) == ("bitcodec-psnr", "psnr")
    assert (tuned.name, tuned.tune) == ("bitcodec-ms-ssim", "ms-ssim")
    assert own.family == tuned.family == "bitcodec"
    assert own.settings == tuned.settings == alone.settings
    assert default_setting(own) == default_setting(tuned) == 50


@pytest.mark.parametrize("bpp", [0.2, 0.6, 1.5])
def test_each_encoder_of_the_shipped_model_is_best_in_its_own_measure(bpp: float) -> None:
    data = pytest.importorskip("skimage.data", reason="photographs of scikit-image")
    photo = Image.fromarray(data.astronaut()[:256, 100:420])
    original = np.asarray(photo)
    decoded = {}
    for tune in ("psnr", "ms-ssim"):
        codec = load("photo", tune=tune)
        decoded[tune] = np.asarray(codec.decode(targets.encode(codec, photo, bpp=bpp)))
    found = {
        tune: (psnr(original, each), ms_ssim(original, each)) for tune, each in decoded.items()
    }
    assert found["psnr"][0] > found["ms-ssim"][0] + 0.2
    assert 1 - found["ms-ssim"][1] < 0.95 * (1 - found["psnr"][1])
