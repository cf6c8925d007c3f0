"""From trained transforms to a model folder that runs without torch.

The weights are stored once, rounded to half precision, in ``weights.safetensors``; the ONNX
graphs point into that file and widen the weights to single precision when they are loaded. What
is evaluated is therefore exactly what is shipped.
"""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from bitcodec import model_folder
from bitcodec.codec import Codec
from bitcodec.coders import CODERS, save_tables
from bitcodec.coders.context import ContextCoder
from bitcodec.errors import UsageError
from bitcodec.images import ImageLike
from bitcodec.model_facts import ModelFacts
from bitcodec.model_folder import ModelFolder, refuse_existing
from bitcodec.training.fit import FITS
from bitcodec.training.fit.pictures import Packed, View, coded, views
from bitcodec.training.receptive_field import TRACED_STEP, decoder_radius, encoder_radius
from bitcodec.transforms.stepped import LATENTS

if TYPE_CHECKING:
    from onnx import ModelProto

_TRACED_POSITIONS = (6, 5)

FEWER_LATENTS = (56, 112)
"""Of a model with steps: decoder graphs that take so many latents alone stand beside the whole."""


def export_model(
    encoder: nn.Module,
    decoder: nn.Module,
    facts: ModelFacts,
    images: Sequence[ImageLike],
    out: str | Path,
    *,
    coders: Sequence[str] | None = None,
    fit_settings: Mapping[str, Mapping[str, Any]] | None = None,
    rounds: int = 1,
    watch: Callable[[Sequence[View]], Iterable[View]] = iter,
) -> ModelFolder:
    """Write a model folder and return it.

    Args:
        encoder: ``N x 3 x H x W`` in [0, 1] → logits ``N x C x H/s x W/s``; of a model with
            steps :class:`bitcodec.transforms.stepped.StepEncoder`.
        decoder: code ``N x C x H/s x W/s`` in [0, 1] → ``N x 3 x H x W``, or
            :class:`bitcodec.transforms.stepped.StepDecoder`.
        facts: what ``model.json`` is to say; margins and digests are filled in here, and the
            coder with the smallest payloads if none is named.
        images: training pictures whose bitmaps the coders' tables are fitted to; with steps, each
            at one of them, spread over the range, and made-up pages of text among them.
        out: the folder; it must not exist, and appears only when it is complete.
        coders: names of the coders to fit; None for all.
        fit_settings: for each coder's name, keyword arguments of its fit.
        rounds: how often each picture is looked at, mirrored every second time, and with steps each
            time at another of them.
        watch: wraps the pictures as they are encoded, for a progress bar.

    Raises:
        UsageError: if ``out`` exists or there are no pictures.
    """
    out = Path(out)
    refuse_existing(out)
    if not images:
        raise UsageError("the coders' tables are fitted to pictures: name some with --images")
    encoder, decoder = rounded(encoder), rounded(decoder)
    facts = replace(
        facts,
        encoder_margin=encoder_radius(encoder, facts.stride),
        decoder_margin=decoder_radius(decoder, facts.channels),
        fingerprint="",
        integrity="",
    )
    graphs = [encoder_graph(encoder, facts), *_decoder_graphs(decoder, facts)]
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as temporary:
        folder = Path(temporary) / "model"
        folder.mkdir()
        (folder / model_folder.FACTS).write_text(facts.to_json(), "utf-8")
        write_networks({"encoder": encoder, "decoder": decoder}, graphs, folder)
        seen = views(images, rounds, pages=facts.steps is not None)
        samples, found = coded(Codec(ModelFolder(folder)), watch(seen))
        for name in _default_coders(facts) if coders is None else coders:
            settings = (fit_settings or {}).get(name, {})
            save_tables(FITS[name](samples, found=found, **settings), folder)
        if not facts.coder:
            facts = replace(facts, coder=_smallest(ModelFolder(folder), samples))
        seal(folder, facts)
        appear(folder, out)
    return ModelFolder(out)


def appear(folder: Path, out: Path) -> None:
    """Move a folder that is complete to its place."""
    try:
        folder.rename(out)  # a move would go inside a folder that has appeared meanwhile
    except OSError:
        refuse_existing(out)
        raise


def seal(folder: Path, facts: ModelFacts) -> None:
    """Write the facts with the digests of what the folder holds: the last thing to be written."""
    path = folder / model_folder.FACTS
    path.write_text(facts.to_json(), "utf-8")
    facts = replace(facts, fingerprint=ModelFolder(folder).compute_fingerprint())
    path.write_text(facts.to_json(), "utf-8")
    facts = replace(facts, integrity=ModelFolder(folder).compute_integrity())
    path.write_text(facts.to_json(), "utf-8")


def _default_coders(facts: ModelFacts) -> list[str]:
    """All, or with steps the one that serves them all."""
    return [kind.name for kind in CODERS] if facts.steps is None else [ContextCoder.name]


def _smallest(folder: ModelFolder, samples: Packed) -> str:
    """The coder with the fewest bytes over a few of the bitmaps."""
    few = [samples[number] for number in range(0, len(samples), max(1, len(samples) // 16))]
    coders = {name: folder.coder(name) for name in folder.coders}
    return min(
        coders, key=lambda name: sum(len(coders[name].encode(bits, own)) for bits, own in few)
    )


def rounded(network: nn.Module) -> nn.Module:
    """A copy on the CPU whose weights are what half precision keeps of them."""
    twin = copy.deepcopy(network).cpu().float().eval()
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.copy_(parameter.half().float())
    if not all(p.isfinite().all() for p in twin.parameters()):
        raise UsageError("the weights are not finite in half precision: this model is not usable")
    return twin.requires_grad_(False)


class Graph(NamedTuple):
    """One ONNX file to be traced."""

    file: str
    part: str
    """Whose weights it has: ``encoder`` or ``decoder``."""
    network: nn.Module
    inputs: dict[str, Tensor]
    """Examples; the first is a picture or code, of any height and width."""
    unit: int
    """Height and width of the first input are multiples of this."""
    output: str


def encoder_graph(encoder: nn.Module, facts: ModelFacts, file: str = model_folder.ENCODER) -> Graph:
    """The graph of an analysis transform."""
    rows, columns = _TRACED_POSITIONS
    stride = facts.stride
    pixels = torch.zeros(1, 3, rows * stride, columns * stride)
    if facts.steps is None:
        return Graph(file, "encoder", encoder, {"input": pixels}, stride, "logits")
    inputs = {"image": pixels, "step": torch.tensor([TRACED_STEP])}
    return Graph(file, "encoder", encoder, inputs, stride, "levels")


def _decoder_graphs(decoder: nn.Module, facts: ModelFacts) -> list[Graph]:
    if facts.steps is None:
        code = torch.zeros(1, facts.channels, *_TRACED_POSITIONS)
        return [Graph(model_folder.DECODER, "decoder", decoder, {"input": code}, 1, "image")]
    graphs = []
    for latents in (*FEWER_LATENTS, LATENTS):
        file = model_folder.DECODER if latents == LATENTS else f"decoder-{latents}.onnx"
        levels = torch.zeros(1, latents, *_TRACED_POSITIONS)
        inputs = {"levels": levels, "step": torch.tensor([TRACED_STEP])}
        graphs.append(Graph(file, "decoder", decoder, inputs, 1, "image"))
    return graphs


def write_networks(
    parts: Mapping[str, nn.Module],
    graphs: Sequence[Graph],
    folder: Path,
    weights_file: str = model_folder.WEIGHTS,
) -> None:
    """Write the weights of the parts in half precision, and graphs that point into that file."""
    from safetensors.torch import save_file

    tensors = {
        f"{part}.{name}": tensor.half().contiguous()
        for part, network in parts.items()
        for name, tensor in network.state_dict().items()
    }
    weights = folder / weights_file
    save_file(tensors, weights)
    weights.chmod(0o644)
    places = _places(weights)
    height, width = (torch.export.Dim(name, min=1, max=8192) for name in ("h", "w"))
    for graph in graphs:
        whole = {2: graph.unit * height, 3: graph.unit * width}
        program = torch.onnx.export(
            graph.network,
            tuple(graph.inputs.values()),
            dynamo=True,
            dynamic_shapes=(whole, *({} for _ in range(len(graph.inputs) - 1))),
            input_names=list(graph.inputs),
            output_names=[graph.output],
            verbose=False,
        )
        assert program is not None
        proto = _pointing_into(program.model_proto, graph.part, places, weights_file)
        (folder / graph.file).write_bytes(proto.SerializeToString(deterministic=True))


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


def _pointing_into(
    model: ModelProto, part: str, places: dict[str, tuple[int, int]], weights_file: str
) -> ModelProto:
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
            ("location", weights_file),
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
