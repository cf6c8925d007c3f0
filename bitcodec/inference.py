"""A network of a model folder, run by ONNX Runtime on the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bitcodec.errors import UnknownModelError
from bitcodec.machine import cores


class Network:
    """One graph, loaded. Safe to share between threads.

    Args:
        path: the ``.onnx`` file.
        threads: that one picture may use; None for as many as :func:`bitcodec.machine.cores`.

    Raises:
        UnknownModelError: naming the folder, if the graph cannot be loaded.
    """

    def __init__(self, path: Path, threads: int | None) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # Left alone, its pool takes every core of the machine, granted or not.
        options.intra_op_num_threads = threads or cores()
        options.inter_op_num_threads = 1
        # Threads that wait do not turn in circles, which costs more than a small picture does.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4  # What it would log as an error it also raises.
        self._path = path
        with _named(path, "cannot be loaded"):
            # Its fallback tells standard output, where a picture may be under way, of its reasons.
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"], enable_fallback=0
            )
            self._inputs = [wanted.name for wanted in self._session.get_inputs()]
            self._channels = int(self._session.get_inputs()[0].shape[1])

    def run(self, planes: NDArray[np.float32], step: float | None) -> NDArray[np.float32]:
        """One picture through the network, ``C x H x W`` to what it answers, without a batch.

        Args:
            planes: where the network takes more channels, the others are 0.
            step: the quantization step, of a model with steps.

        Raises:
            UnknownModelError: naming the folder, if the graph cannot be run.
        """
        with _named(self._path, "cannot be run"):
            missing = self._channels - planes.shape[0]
            if missing > 0:
                planes = np.concatenate([planes, np.zeros((missing, *planes.shape[1:]), "f4")])
            inputs = {self._inputs[0]: planes[None]}
            if step is not None:
                inputs[self._inputs[1]] = np.array([step], np.float32)
            answer: NDArray[np.float32] = self._session.run(None, inputs)[0][0]
            return answer


@contextmanager
def _named(path: Path, what: str) -> Iterator[None]:
    """Whatever a damaged graph raises as one sentence: ONNX Runtime's exceptions share no base
    class, and names in a graph need not even be text.
    """
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise UnknownModelError(f"{path.name} {what} ({reason})", path.parent) from None
