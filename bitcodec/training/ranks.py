"""Several processes that train one model: one folder, one record, one decision when to stop.

Three ways start them: Lightning (`trainer=ddp`), which repeats the command with the folder of the
first; `torchrun`, whose processes learn it through torchrun's own store; and SLURM's `srun`, where
the user names it.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import Any

from omegaconf import DictConfig

from bitcodec.errors import UsageError

_STORE_SECONDS = 600
_QUESTIONS = ("-h", "-c", "-i", "--help", "--hydra-help", "--cfg", "--info", "--version")
"""Options with which Hydra answers and trains nothing."""


def rank() -> int:
    """The number of this process among those that train one model; 0 decides and records."""
    from lightning.pytorch.utilities import rank_zero_only

    return int(getattr(rank_zero_only, "rank", 0) or 0)


def launched() -> int:
    """How many processes torchrun or srun has started for this run; 1 without them."""
    if "TORCHELASTIC_RUN_ID" in os.environ:
        return int(os.environ["WORLD_SIZE"])
    if "SLURM_PROCID" in os.environ and "SLURM_STEP_NUM_TASKS" in os.environ:
        return int(os.environ["SLURM_STEP_NUM_TASKS"])
    return 1


def processes(trainer: DictConfig) -> int | None:
    """How many processes a config asks for; None where the hardware decides."""
    devices = trainer.devices
    if isinstance(devices, str) and devices.isdecimal():
        devices = int(devices)
    if isinstance(devices, bool) or not isinstance(devices, int) or devices < 1:
        return None
    return devices * int(trainer.get("num_nodes") or 1)


def on_this_machine(trainer: DictConfig) -> int:
    """How many processes a config asks for on each machine."""
    total = processes(trainer)
    if total is not None:
        return total // int(trainer.get("num_nodes") or 1)
    if trainer.accelerator == "cpu":
        return 1
    import torch

    return max(1, torch.cuda.device_count())


def check_ranks(config: DictConfig, sweep: bool = False) -> None:
    """Refuse numbers and kinds of processes that would train something else than was asked for.

    Args:
        config: of the run.
        sweep: whether it is one of several that a single command starts.

    Raises:
        UsageError: with what to do instead.
    """
    trainer, started = config.trainer, launched()
    wanted = processes(trainer)
    if any(word in str(trainer.strategy) for word in ("spawn", "fork", "notebook")):
        raise UsageError(
            f"trainer.strategy={trainer.strategy}: its processes get no config of their own; "
            "use trainer=ddp, or torchrun"
        )
    if started > 1 and wanted is not None and wanted != started:
        raise UsageError(
            f"{started} processes were started, and trainer.devices={trainer.devices} asks for "
            f"{wanted}: add trainer=ddp trainer.devices={os.environ.get('LOCAL_WORLD_SIZE', 'N')}, "
            "and +trainer.num_nodes=N on N machines"
        )
    if sweep and started == 1 and (wanted or 1) > 1:
        raise UsageError(
            f"trainer.devices={trainer.devices}: a run of a sweep has one process; start the runs "
            "one by one, or with hydra/launcher=submitit_slurm and hydra.launcher.tasks_per_node"
        )


def check_started(world: int) -> None:
    """As :func:`check_ranks`, once Lightning knows the hardware.

    Raises:
        UsageError: if processes were started that would not train together.
    """
    if launched() > 1 and world != launched():
        raise UsageError(
            f"{launched()} processes were started, and {world} would train together: add "
            "trainer=ddp and trainer.devices"
        )


def follow(arguments: list[str]) -> list[str]:
    """The command line of this process, for the folder of the first one.

    Raises:
        UsageError: if there is no way to learn that folder.
    """
    if launched() == 1 or any(a.partition("=")[0] in _QUESTIONS for a in arguments):
        return arguments
    if {"-m", "--multirun"} & set(arguments):
        raise UsageError(
            "several processes were started for a sweep: start the runs one by one, or let "
            "hydra/launcher=submitit_slurm start the processes of each"
        )
    given = any(a.startswith("hydra.run.dir=") for a in arguments)
    if not given and not _has_store():
        raise UsageError("several processes need one folder: add hydra.run.dir=DIR")
    if rank() == 0:
        return arguments
    own = [f"hydra.job.name=rank{rank()}", "hydra.output_subdir=null"]
    if not given:
        folder = _store().get(_key()).decode()
        own.append(f"hydra.run.dir='{folder}'")
    return [*arguments, *own]


def lead(folder: str) -> None:
    """Tell the other processes of torchrun where this run writes."""
    if launched() > 1 and rank() == 0 and _has_store():
        _store().set(_key(), folder)


def _has_store() -> bool:
    return os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"


def _store() -> Any:
    from datetime import timedelta

    from torch.distributed import TCPStore

    host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    return TCPStore(host, port, is_master=False, timeout=timedelta(seconds=_STORE_SECONDS))


def _key() -> str:
    return f"bitcodec/folder/{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}"


def gathered(value: Any) -> list[Any]:
    """The values of all processes, by rank."""
    import torch.distributed as dist

    if not _together():
        return [value]
    values: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(values, value)
    return values


def _together() -> bool:
    import torch.distributed as dist

    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


class Agreement:
    """Whether any process was asked to stop. It talks through the processor, so that an
    accelerator need not wait for it; made by all processes at once."""

    def __init__(self) -> None:
        import torch.distributed as dist

        self._group: Any = dist.new_group(backend="gloo") if _together() else None

    def on(self, number: signal.Signals | None) -> signal.Signals | None:
        """The highest of all processes' signals."""
        if self._group is None:
            return number
        import torch
        import torch.distributed as dist

        highest = torch.tensor([number or 0])
        dist.all_reduce(highest, dist.ReduceOp.MAX, group=self._group)
        return signal.Signals(int(highest)) if highest else None


def leave_together() -> None:
    """Wait for all processes at the end: what starts them ends the others with the first."""
    if _together():
        import torch.distributed as dist

        with suppress(RuntimeError):  # one of them has failed, and says so itself
            dist.barrier()


def exit_code(code: int) -> int:
    """What this process ends with when all were interrupted; Lightning kills the first process
    as soon as one that it has started ends with anything but 0."""
    return code if rank() == 0 or launched() > 1 else 0


def say(sentence: object) -> None:
    """To standard error, once for all processes."""
    if rank() == 0:
        print(sentence, file=sys.stderr)
