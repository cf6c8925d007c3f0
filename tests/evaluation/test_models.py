"""Which codecs of ours an evaluation has."""

from __future__ import annotations

import shutil
from pathlib import Path

from bitcodec.evaluation.models import BitcodecModel, default_setting, models
from bitcodec.model_folder import ModelFolder, tuned_files


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
