"""A model folder: what is in it, and whether it is what it says it is.

A folder holds::

    model.json            name, channels, stride, margins, steps, qualities, fingerprint, ...
    encoder.onnx          the graph of the analysis transform
    encoder-NAME.onnx     optional: one trained for another measure, weights in .safetensors beside
    decoder.onnx          the graph of the synthesis transform
    decoder-N.onnx        optional: the same for the first N latents alone, which is faster
    weights.safetensors   the weights of all in half precision; the graphs point into it
    <coder>.npz           the integer tables of each coder
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

import numpy as np

from bitcodec.coders import CODERS, load_coder, tables_path
from bitcodec.coders.base import Coder
from bitcodec.container import Header
from bitcodec.errors import UnknownModelError, UsageError
from bitcodec.files import read_regular
from bitcodec.inference import Network
from bitcodec.model_facts import ModelFacts

FACTS = "model.json"
ENCODER = "encoder.onnx"
DECODER = "decoder.onnx"
PSNR = "psnr"
"""What the encoder of every folder is tuned for: squared error, and so PSNR."""
WEIGHTS = "weights.safetensors"

MOST_BYTES, MOST_BYTES_OF_FACTS = 1 << 30, 1 << 20
"""Of one file of a folder, and of its ``model.json``: more is nothing that we wrote."""

TUNE = r"[a-z][a-z0-9-]{0,30}"
"""The name of a measure that an encoder is tuned for."""

_TUNED_ENCODER = re.compile(rf"encoder-({TUNE})\.onnx")
_PARTIAL_DECODER = re.compile(r"decoder-([1-9][0-9]{0,3})\.onnx")
_DECIDING = (
    *("channels", "stride", "encoder_margin", "decoder_margin", "coder", "fingerprint"),
    *("steps", "qualities", "default_quality"),
)


class ModelFolder:
    """A folder on disk, read piece by piece as its parts are asked for.

    Args:
        path: the folder.

    Raises:
        UnknownModelError: if it has no readable ``model.json``.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            text = read_regular(self.path / FACTS, MOST_BYTES_OF_FACTS).decode("utf-8")
            self.facts = ModelFacts.from_json(text)
        except FileNotFoundError:
            raise UnknownModelError(f"no {FACTS} here: this is not a model folder", path) from None
        except (OSError, ValueError) as error:
            raise UnknownModelError(f"{FACTS} is not usable ({error})", path) from None

    @property
    def fingerprint(self) -> bytes:
        """The four bytes that go into a file header."""
        return bytes.fromhex(self.facts.fingerprint)[:4]

    def compute_fingerprint(self) -> str:
        """SHA-256 over the facts, the networks' weights and graph, and the coders' tables."""
        digest = hashlib.sha256()
        digest.update(f"{self.facts.channels} {self.facts.stride}\n".encode())
        if self.facts.steps is not None:
            digest.update(json.dumps(asdict(self.facts.steps), sort_keys=True).encode())
        for name in (DECODER, *self._partial_decoders.values(), WEIGHTS):
            digest.update(self._bytes(name))
        for coder in self.coders:
            for key, array in sorted(load_coder(coder, self.path).tables().items()):
                # Not the bytes of the .npz: those depend on the zlib that wrote them.
                little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
                digest.update(f"{coder} {key} {little.dtype.str} {little.shape}\n".encode())
                digest.update(little.tobytes())
        return digest.hexdigest()

    def compute_integrity(self) -> str:
        """SHA-256 over the files, byte for byte, and the facts that decide what comes out.

        Wider than the fingerprint, which leaves the encoder free to improve: no file states it.
        """
        facts = asdict(self.facts)
        known = json.dumps({name: facts[name] for name in _DECIDING}, sort_keys=True)
        digest = hashlib.sha256(known.encode())
        tables = [tables_path(coder, self.path).name for coder in self.coders]
        tuned = [file for tune in self.tunes[1:] for file in tuned_files(tune)]
        for name in (ENCODER, DECODER, *self._partial_decoders.values(), WEIGHTS, *tables, *tuned):
            content = self._bytes(name)
            digest.update(f"{name} {len(content)}\n".encode())
            digest.update(content)
        return digest.hexdigest()

    @cached_property
    def _is_whole(self) -> bool:
        """Looked into once for a folder: a codec keeps its folder, and a process its codecs."""
        if self.facts.integrity:
            return self.facts.integrity == self.compute_integrity()
        return self.facts.fingerprint in ("", self.compute_fingerprint())

    def verify(self) -> None:
        """That files and facts are those that the folder was made of.

        Damaged weights still make a picture, only another one.

        Raises:
            UnknownModelError: if they are not, or cannot be read.
        """
        if not self._is_whole:
            raise UnknownModelError(
                "the model is damaged or incomplete: install it again, or copy it once more",
                self.path,
            )

    @cached_property
    def _partial_decoders(self) -> dict[int, str]:
        """Graphs that take the first latents alone, by how many they take, fewest first."""
        found = (_PARTIAL_DECODER.fullmatch(path.name) for path in self.path.glob("decoder-*"))
        return dict(sorted((int(match[1]), match[0]) for match in found if match))

    def decoder(self, latents: int) -> str:
        """The file of the smallest decoder graph that takes so many latents."""
        fitting = (name for count, name in self._partial_decoders.items() if count >= latents)
        return next(fitting, DECODER)

    @property
    def tunes(self) -> list[str]:
        """What there is an encoder for, by the measure that it does best in: PSNR, then others."""
        found = (_TUNED_ENCODER.fullmatch(path.name) for path in self.path.glob("encoder-*"))
        return [PSNR, *sorted(match[1] for match in found if match and match[1] != PSNR)]

    def encoder(self, tune: str | None = None) -> str:
        """The file of the encoder for a measure, for PSNR unless another is named.

        Raises:
            UsageError: if there is none.
        """
        if tune in (None, PSNR):
            return ENCODER
        if tune not in self.tunes:
            raise UsageError(
                f"model {self.facts.name} has no encoder tuned for {tune!r}: choose among "
                f"{', '.join(self.tunes)}"
            )
        return tuned_files(tune)[0]

    @property
    def coders(self) -> list[str]:
        """Names of the coders whose tables are here."""
        return [kind.name for kind in CODERS if tables_path(kind.name, self.path).exists()]

    def coder(self, name: str | None = None) -> Coder:
        """The coder of this name, or the model's own choice, with its tables loaded.

        Raises:
            UsageError: if the model has no tables for it.
            UnknownModelError: if the folder is damaged.
        """
        name = name or self.facts.coder
        if name not in self.coders:
            raise UsageError(
                f"model {self.facts.name} has no coder {name!r}: choose among "
                f"{', '.join(self.coders)}"
            )
        self.verify()
        return load_coder(name, self.path)

    def network(self, name: str, threads: int | None) -> Network:
        """One of the folder's networks, ready to run.

        Args:
            name: what :meth:`encoder` or :meth:`decoder` answers.
            threads: that one picture may use; None for as many as there are cores.

        Raises:
            UnknownModelError: if the folder is damaged or the network cannot be loaded.
        """
        self.verify()
        return Network(self.path / name, threads)

    def _bytes(self, name: str) -> bytes:
        try:
            return read_regular(self.path / name, MOST_BYTES)
        except OSError as error:
            raise UnknownModelError(
                f"{name} cannot be read ({error.strerror})", self.path
            ) from None


def tuned_files(tune: str) -> tuple[str, str]:
    """The graph of a tuned encoder and its weights. No file depends on them: a fingerprint leaves
    them out, so that they may come later than the files that the model decodes.
    """
    return f"encoder-{tune}.onnx", f"encoder-{tune}.safetensors"


def check(model: ModelFolder, header: Header) -> None:
    """That ``model`` is the one that wrote the file.

    Raises:
        UnknownModelError: if it is not.
    """
    if header.model != model.facts.name:
        raise UnknownModelError(
            f"the file was made with model {header.model!r} and not with {model.facts.name!r}: "
            "leave --model away, or name that model"
        )
    if header.fingerprint != model.fingerprint:
        raise UnknownModelError(
            f"the file was made with another version of model {header.model!r} (fingerprint "
            f"{header.fingerprint.hex()}, installed {model.fingerprint.hex()}): name that "
            "version's folder with --model"
        )


def refuse_existing(out: Path) -> None:
    """That a new model folder would replace nothing.

    Raises:
        UsageError: if something is there already.
    """
    if out.exists():
        raise UsageError("this exists already: remove it, or choose another place with -o", out)
