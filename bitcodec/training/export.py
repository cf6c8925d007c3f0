"""From trained transforms to a model folder that runs without torch.

The weights are stored once, rounded to half precision, in ``weights.safetensors``; both ONNX
graphs point into that file and widen the weights to single precision when they are loaded. What
is evaluated is therefore exactly what is shipped.
"""

from __future__ import annotations

import copy
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from bitcodec import model_folder
from bitcodec.bitmap import Bitmap
from bitcodec.codec import Codec
from bitcodec.coders import CODERS, coder_by_name, save_tables
from bitcodec.coders.base import Coder
from bitcodec.coders.context import ContextCoder
from bitcodec.errors import UsageError
from bitcodec.images import ImageLike
from bitcodec.model_facts import ModelFacts
from bitcodec.model_folder import ModelFolder, refuse_existing

if TYPE_CHECKING:
    from onnx import ModelProto

_TRACED_POSITIONS = (6, 5)


def export_model(
    encoder: nn.Module,
    decoder: nn.Module,
    facts: ModelFacts,
    images: Sequence[ImageLike],
    out: str | Path,
    *,
    coders: Sequence[str] | None = None,
    fit_settings: Mapping[str, Mapping[str, Any]] | None = None,
    watch: Callable[[Sequence[ImageLike]], Iterable[ImageLike]] = iter,
) -> ModelFolder:
    """Write a model folder and return it.

    Args:
        encoder: ``N x 3 x H x W`` in [0, 1] → logits ``N x C x H/s x W/s``.
        decoder: code ``N x C x H/s x W/s`` in [0, 1] → ``N x 3 x H x W``.
        facts: what ``model.json`` is to say; margins and fingerprint are filled in here, and the
            coder with the smallest payloads if none is named.
        images: training pictures whose bitmaps the coders' tables are fitted to.
        out: the folder; it must not exist, and appears only when it is complete.
        coders: names of the coders to fit; None for all.
        fit_settings: for each coder's name, keyword arguments of its ``fit``.
        watch: wraps the pictures as they are encoded, for a progress bar.

    Raises:
        UsageError: if ``out`` exists or there are no pictures.
    """
    out = Path(out)
    refuse_existing(out)
    if not images:
        raise UsageError("the coders' tables are fitted to pictures: name some with --images")
    encoder, decoder = _rounded(encoder), _rounded(decoder)
    facts = replace(
        facts,
        encoder_margin=encoder_radius(encoder, facts.stride),
        decoder_margin=decoder_radius(decoder, facts.channels),
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as temporary:
        folder = Path(temporary) / "model"
        folder.mkdir()
        (folder / model_folder.FACTS).write_text(facts.to_json(), "utf-8")
        _write_networks(encoder, decoder, facts, folder)
        codec = Codec(ModelFolder(folder))
        bitmaps = [codec.bitmap(image) for image in watch(images)]
        for name in [kind.name for kind in CODERS] if coders is None else coders:
            fit: Callable[..., Coder] = coder_by_name(name).fit
            settings = dict((fit_settings or {}).get(name, {}))
            if name == ContextCoder.name:
                settings["numbers"] = getattr(encoder, "numbers", ())
            save_tables(fit(bitmaps, **settings), folder)
        if not facts.coder:
            facts = replace(facts, coder=_smallest(ModelFolder(folder), bitmaps))
        facts = replace(facts, fingerprint=ModelFolder(folder).compute_fingerprint())
        (folder / model_folder.FACTS).write_text(facts.to_json(), "utf-8")
        shutil.move(folder, out)
    return ModelFolder(out)


def _smallest(folder: ModelFolder, bitmaps: Sequence[Bitmap]) -> str:
    """The coder with the fewest bytes over a few of the bitmaps."""
    few = bitmaps[:: max(1, len(bitmaps) // 16)]
    coders = {name: folder.coder(name) for name in folder.coders}
    return min(coders, key=lambda name: sum(len(coders[name].encode(bits)) for bits in few))


def encoder_radius(encoder: nn.Module, stride: int) -> int:
    """How many code positions away a pixel can be and still change a logit, rounded up."""
    twin = _all_positive(encoder)
    reach = _nonzero_reach(lambda side: torch.ones(1, 3, side * stride, side * stride), twin)
    return -(-reach // stride)


def decoder_radius(decoder: nn.Module, channels: int) -> int:
    """How many code positions away a bit can be and still change a pixel."""
    twin = _all_positive(decoder)
    # Half-way between zero and one, folded latents are near zero: large ones of either sign would
    # drown the bits beside them, and rectified units would be dead.
    return _nonzero_reach(lambda side: torch.full((1, channels, side, side), 0.5), twin)


def _nonzero_reach(make_input: Callable[[int], Tensor], network: nn.Module) -> int:
    """Largest distance, in input samples, from which the middle code position is touched.

    The gradient of a network whose weights are all positive is nonzero exactly where there is a
    path from input to output.
    """
    side = 31
    while True:
        x = make_input(side).requires_grad_()
        y = network(x)
        scale_out, scale_in = max(1, y.shape[-1] // side), x.shape[-1] // side
        middle = slice(side // 2 * scale_out, (side // 2 + 1) * scale_out)
        # Unequal weights: outputs that share a path must not cancel each other.
        weights = torch.linspace(1, 2, y.shape[1]).view(-1, 1, 1)
        (y[..., middle, middle] * weights).sum().backward()
        assert x.grad is not None
        touched = x.grad.abs().sum(dim=(0, 1, 2)).nonzero().flatten()
        first, last = int(touched.min()), int(touched.max())
        if first > 0 and last < x.shape[-1] - 1:
            start = side // 2 * scale_in
            return max(start - first, last - (start + scale_in - 1), 0)
        side = 2 * side + 1


def _all_positive(network: nn.Module) -> nn.Module:
    """A copy without dead units, whose activations stay near one."""
    twin = copy.deepcopy(network).float().eval()
    with torch.no_grad():
        for parameter in twin.parameters():
            fan_in = parameter[0].numel() if parameter.dim() > 1 else 0
            parameter.fill_(1 / fan_in if fan_in else 0)
    return twin


def _rounded(network: nn.Module) -> nn.Module:
    """A copy on the CPU whose weights are what half precision keeps of them."""
    twin = copy.deepcopy(network).cpu().float().eval()
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.copy_(parameter.half().float())
    if not all(p.isfinite().all() for p in twin.parameters()):
        raise UsageError("the weights are not finite in half precision: this model is not usable")
    return twin.requires_grad_(False)


def _write_networks(
    encoder: nn.Module, decoder: nn.Module, facts: ModelFacts, folder: Path
) -> None:
    from safetensors.torch import save_file

    tensors = {
        f"{part}.{name}": tensor.half().contiguous()
        for part, network in (("encoder", encoder), ("decoder", decoder))
        for name, tensor in network.state_dict().items()
    }
    weights = folder / model_folder.WEIGHTS
    save_file(tensors, weights)
    weights.chmod(0o644)
    places = _places(weights)

    rows, columns = _TRACED_POSITIONS
    height, width = (torch.export.Dim(name, min=1, max=8192) for name in ("h", "w"))
    stride = facts.stride
    pixels = torch.zeros(1, 3, rows * stride, columns * stride)
    bits = torch.zeros(1, facts.channels, rows, columns)
    for part, network, example, shapes, result in (
        ("encoder", encoder, pixels, {2: stride * height, 3: stride * width}, "logits"),
        ("decoder", decoder, bits, {2: height, 3: width}, "image"),
    ):
        program = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            dynamic_shapes=(shapes,),
            input_names=["input"],
            output_names=[result],
            verbose=False,
        )
        assert program is not None
        graph = _pointing_into(program.model_proto, part, places)
        (folder / f"{part}.onnx").write_bytes(graph.SerializeToString(deterministic=True))


def _places(weights: Path) -> dict[str, tuple[int, int]]:
    """Offset and length in bytes of each tensor of a safetensors file."""
    data = weights.read_bytes()
    length = int.from_bytes(data[:8], "little")
    entries = json.loads(data[8 : 8 + length])
    return {
        name: (
            8 + length + entry["data_offsets"][0],
            entry["data_offsets"][1] - entry["data_offsets"][0],
        )
        for name, entry in entries.items()
        if name != "__metadata__"
    }


def _pointing_into(model: ModelProto, part: str, places: dict[str, tuple[int, int]]) -> ModelProto:
    """The graph with its weights outside and in half precision, and nothing about its maker."""
    import onnx
    from onnx import TensorProto, helper

    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        place = places.get(f"{part}.{tensor.name}")
        if place is None:
            continue
        outside = onnx.TensorProto(
            name=f"{tensor.name}.half",
            dims=tensor.dims,
            data_type=TensorProto.FLOAT16,
            data_location=TensorProto.EXTERNAL,
        )
        for key, value in (
            ("location", model_folder.WEIGHTS),
            ("offset", str(place[0])),
            ("length", str(place[1])),
        ):
            outside.external_data.add(key=key, value=value)
        casts.append(helper.make_node("Cast", [outside.name], [tensor.name], to=TensorProto.FLOAT))
        tensor.CopyFrom(outside)
    for index, cast in enumerate(casts):
        graph.node.insert(index, cast)
    # The exporter's notes hold source paths of the machine it ran on.
    for item in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info):
        del item.metadata_props[:]
        item.doc_string = ""
    del graph.value_info[:]
    return model
