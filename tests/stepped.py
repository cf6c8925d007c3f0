"""A model that takes any step, made by hand: 8x8 cosines on three colour axes, no training."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from bitcodec import bitmap as bits
from bitcodec.bitmap import Bitmap
from bitcodec.codec import Codec
from bitcodec.errors import DamagedFileError
from bitcodec.layout import PER_OCTAVE, Layout, StepRange
from bitcodec.model_facts import ModelFacts
from bitcodec.model_folder import DECODER, ENCODER, ModelFolder

STRIDE = 8
MEANS_FINER = 2
STEPS = (PER_OCTAVE, 6 * PER_OCTAVE)
QUALITIES = ((1, STEPS[1]), (50, 420), (100, STEPS[0]))
COLOURS = np.array([[1, 1, 1], [1, 0, -1], [0.5, -1, 0.5]]) / np.sqrt([[3], [2], [1.5]])


def basis() -> NDArray[np.float32]:
    """Orthonormal, ``192 x 3 x 8 x 8``, the three means first, then by falling wavelength."""
    n = np.arange(STRIDE)
    cosines = np.cos(np.pi * (2 * n + 1) * n[:, None] / (2 * STRIDE)) * np.sqrt(2 / STRIDE)
    cosines[0] /= np.sqrt(2)
    waves = sorted(np.ndindex(STRIDE, STRIDE), key=lambda w: (w[0] + w[1], w))
    members = [
        np.einsum("c,i,j->cij", colour, cosines[v], cosines[u])
        for v, u in waves
        for colour in COLOURS
    ]
    return np.stack(members).astype(np.float32)


def steps() -> StepRange:
    """Latents of short waves end at finer steps, as a trained model's would."""
    latents = len(basis())
    order = np.arange(latents) // 3
    largest = 255 / 2 * STRIDE * np.sqrt(3) / (1 + order)
    reach = np.ceil(PER_OCTAVE * np.log2(largest)).astype(int)
    reach[:3] += PER_OCTAVE * MEANS_FINER // 2
    cutoff = np.maximum(STEPS[1] - 8 * order, STEPS[0])
    cutoff[0:3] = STEPS[1]
    return StepRange(*STEPS, 3, tuple(reach.tolist()), tuple(cutoff.tolist()))


def write_networks(folder: Path) -> None:
    """The encoder, the decoder for all latents and one for the first 48."""
    members = basis()
    finer = np.ones((len(members), 1, 1), np.float32)
    finer[:3] = MEANS_FINER
    _write(
        folder / ENCODER,
        [
            ("Sub", ["image", "half"], {}),
            ("Conv", ["Sub", "analysis"], {"strides": [STRIDE, STRIDE]}),
            ("Mul", ["Conv", "finer"], {}),
            ("Div", ["Mul", "step"], {}),
        ],
        {"half": np.float32(0.5), "analysis": 255 * members, "finer": finer},
        ("image", [1, 3, "height", "width"]),
        ("levels", [1, len(members), "rows", "columns"]),
    )
    for name, count in ((DECODER, len(members)), ("decoder-48.onnx", 48)):
        _write(
            folder / name,
            [
                ("Mul", ["levels", "step"], {}),
                ("Div", ["Mul", "finer"], {}),
                ("ConvTranspose", ["Div", "synthesis"], {"strides": [STRIDE, STRIDE]}),
                ("Add", ["ConvTranspose", "half"], {}),
            ],
            {
                "half": np.float32(0.5),
                "synthesis": members[:count] / np.float32(255),
                "finer": finer[:count],
            },
            ("levels", [1, count, "rows", "columns"]),
            ("image", [1, 3, "height", "width"]),
        )


def _write(
    path: Path,
    chain: Sequence[tuple[str, list[str], dict[str, Any]]],
    constants: dict[str, Any],
    source: tuple[str, list[Any]],
    result: tuple[str, list[Any]],
) -> None:
    from onnx import TensorProto, helper, numpy_helper

    last = len(chain) - 1
    nodes = [
        helper.make_node(kind, inputs, [result[0] if i == last else kind], **options)
        for i, (kind, inputs, options) in enumerate(chain)
    ]
    values = [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()]
    graph = helper.make_graph(
        nodes,
        path.stem,
        [
            helper.make_tensor_value_info(source[0], TensorProto.FLOAT, source[1]),
            helper.make_tensor_value_info("step", TensorProto.FLOAT, [1]),
        ],
        [helper.make_tensor_value_info(result[0], TensorProto.FLOAT, result[1])],
        values,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString(deterministic=True))


def facts(name: str = "cosines") -> ModelFacts:
    """What its ``model.json`` says."""
    known = steps()
    return ModelFacts(
        name=name,
        channels=known.layout(known.finest).channels,
        stride=STRIDE,
        coder="huffman",
        steps=known,
        qualities=QUALITIES,
        default_quality=50,
    )


class PlainCoder:
    """Bits eight to a byte, squeezed by zlib: a coder for tests that are not about coders."""

    name: ClassVar[str] = "huffman"
    id: ClassVar[int] = 1
    latents = 192

    def encode(self, bitmap: Bitmap, layout: Layout) -> bytes:
        return zlib.compress(bits.pack(bitmap))

    def decode(self, payload: bytes, size: tuple[int, int], layout: Layout) -> Bitmap:
        try:
            return bits.unpack(zlib.decompress(payload), (layout.channels, *size))
        except (zlib.error, ValueError) as error:
            raise DamagedFileError(str(error)) from None


@pytest.fixture(scope="session")
def stepped_folder(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """The model as a folder called `cosines`, without coders' tables."""
    pytest.importorskip("onnx", reason="making networks by hand needs bitcodec[train]")
    folder: Path = tmp_path_factory.mktemp("stepped") / "cosines"
    folder.mkdir()
    write_networks(folder)
    (folder / "weights.safetensors").write_bytes(b"")
    (folder / "model.json").write_text(facts().to_json(), "utf-8")
    whole = replace(facts(), fingerprint=ModelFolder(folder).compute_fingerprint())
    (folder / "model.json").write_text(whole.to_json(), "utf-8")
    return ModelFolder(folder)


@pytest.fixture
def stepped(stepped_folder: ModelFolder) -> Codec:
    """A codec of the model above."""
    codec = Codec(stepped_folder, threads=1)
    codec._coders["huffman"] = PlainCoder()  # type: ignore[assignment]
    return codec
