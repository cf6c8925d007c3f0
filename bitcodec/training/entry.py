"""What `python train.py` and `bitcodec train` do: Hydra composes a config, a run follows it.

Errors become one sentence each; in a sweep they end a run and not the runs after it.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from bitcodec.errors import BitcodecError, InterruptedRunError, UsageError
from bitcodec.training.config_errors import NO_GROUP, sentence
from bitcodec.training.objective import FAILED, check, objective
from bitcodec.training.ranks import check_ranks, exit_code, follow, lead, rank, say
from bitcodec.training.run_names import varied
from bitcodec.training.sweep_signals import end_worker, stopped

# Hydra then raises instead of printing a traceback of its own; main() turns errors into sentences.
os.environ["HYDRA_FULL_ERROR"] = "1"

log = logging.getLogger(__name__)

_PACKAGE = Path(__file__).resolve().parents[1]
CONFIGS = _PACKAGE / "conf"
"""Inside the package, where a wheel puts it; in a checkout beside it."""
if not CONFIGS.is_dir():
    CONFIGS = _PACKAGE.parent / "conf"

_command_line: list[str] = []
"""What this process was started with, where Hydra is given something else to read."""


@hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="train")
def task(config: DictConfig) -> float:
    """One run; returns what an optimising sweeper minimises."""
    if _command_line:
        sys.argv = _command_line  # Lightning starts the processes of other devices with it
    # Imported late: torch and lightning take seconds, and --help or a typing error need neither.
    from bitcodec.training.preemption import goes_on_by_itself
    from bitcodec.training.run import run
    from bitcodec.training.sweep_resume import resume

    # Lightning's advice on worker counts and sync is for large jobs and hides what matters here.
    warnings.filterwarnings("ignore", module="lightning")
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    hydra_config = HydraConfig.get()
    folder = Path(hydra_config.runtime.output_dir)
    lead(str(folder.absolute()))
    try:
        if not stopped():
            check(config.objective, config.rd_weight)
            check_ranks(config, hydra_config.mode == RunMode.MULTIRUN)
            typed = list(hydra_config.overrides.task)
            left = config.resume_sweep or goes_on_by_itself(folder, config)
            train = resume if left else run
            metrics = train(config, folder, typed, varied(hydra_config))
            return objective(metrics, config.objective, config.rd_weight)
    except InterruptedRunError as error:
        say(error)
        if not end_worker(error):
            sys.exit(exit_code(error.exit_code))
    except BitcodecError as error:
        if rank() == 0 or not isinstance(error, UsageError):  # those are the same everywhere
            print(error, file=sys.stderr)
        if hydra_config.mode == RunMode.RUN:
            # SystemExit, because Hydra would put a line of its own before any other error.
            sys.exit(error.exit_code)
    except Exception:
        if hydra_config.mode == RunMode.RUN:
            raise
        log.exception("%s: this run failed, the sweep goes on", folder)
    return FAILED


def _sweep_first(arguments: list[str]) -> list[str]:
    """The same with `-m` before the keys: argparse does not know those after it otherwise."""
    sweep = [each for each in arguments if each in ("-m", "--multirun")]
    return [*sweep, *(each for each in arguments if each not in sweep)]


def main(program: str = "python train.py", arguments: list[str] | None = None) -> None:
    """The whole command.

    Args:
        program: what the user typed before the arguments, for the sentences on errors.
        arguments: keys, values and options of Hydra's; those of this process by default.

    Raises:
        SystemExit: for whatever went wrong, with its code, after one sentence on standard error.
    """
    if arguments is not None:
        _command_line[:] = sys.argv
        sys.argv = [program, *arguments]
    try:
        sys.argv = [sys.argv[0], *follow(_sweep_first(sys.argv[1:]))]
        task()
    except UsageError as error:
        say(error)
        sys.exit(error.exit_code)
    except (HydraException, OmegaConfBaseException) as error:
        print(sentence(error, program, CONFIGS), file=sys.stderr)
        sys.exit(UsageError.exit_code)
    except ValueError as error:
        if not str(error).startswith(NO_GROUP):
            raise
        print(sentence(error, program, CONFIGS), file=sys.stderr)
        sys.exit(UsageError.exit_code)
