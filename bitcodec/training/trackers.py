"""Loggers of experiment trackers: Weights & Biases, MLflow and Aim, each an extra of its own."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from lightning.pytorch.loggers import Logger, MLFlowLogger, WandbLogger
from lightning.pytorch.loggers.logger import rank_zero_experiment
from lightning.pytorch.utilities import rank_zero_only
from omegaconf import DictConfig, OmegaConf

from bitcodec.errors import BitcodecError, UsageError
from bitcodec.files import write_file
from bitcodec.training.loggers import PictureLog


class _Tracker(PictureLog):
    """What trackers have in common: numbers, settings and results go to one run of theirs."""

    log_hyperparams: Any
    log_metrics: Any
    _note: Path
    """Holds the tracker's name of the run, for when it goes on."""

    def _kept(self, package: str, folder: str, first: int) -> str | None:
        """The tracker's name of the run that this one goes on with at step ``first``.

        Raises:
            UsageError: naming the extra, where the tracker's package is missing.
        """
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise UsageError(
                f"logger={package} needs a package that is not installed: "
                f"pip install 'bitcodec[{package}]'"
            ) from error
        self._note = Path(folder, package, "run_id")
        return self._note.read_text().strip() if first and self._note.is_file() else None

    def _keep(self, name: str) -> None:
        self._note.parent.mkdir(parents=True, exist_ok=True)
        write_file(self._note, name.encode())

    def log_result(self, settings: Mapping[str, Any], result: Mapping[str, float]) -> None:
        self.log_hyperparams(dict(settings))
        self.log_metrics({f"final/{name}": value for name, value in result.items()})


class WandbLog(WandbLogger, _Tracker):
    """Weights & Biases. A run that goes on goes on there too.

    Args:
        first: the step of the checkpoint that the run goes on from; 0 for a new one.
        save_dir: the run's folder; what is to be uploaded lies in ``wandb`` there.
        options: Lightning's, and those of ``wandb.init``.

    Raises:
        UsageError: if wandb is not installed.
    """

    def __init__(self, first: int = 0, save_dir: str = ".", **options: Any) -> None:
        options |= {"name": _name(save_dir), "id": self._kept("wandb", save_dir, first)}
        if options.get("offline"):
            options |= {"mode": "offline"}  # wandb reads its environment only once
        super().__init__(save_dir=save_dir, **options)

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        if self._experiment is None:
            import wandb

            self._note.parent.mkdir(parents=True, exist_ok=True)  # or it writes elsewhere
            try:
                run = super().experiment
            except wandb.errors.Error as error:
                raise BitcodecError(
                    f"Weights & Biases refuses ({' '.join(str(error).split())}): log in with "
                    "`wandb login`, or keep the run here with logger.wandb.offline=true"
                ) from error
            self._keep(run.id)
        return self._experiment

    @rank_zero_only
    def log_picture(self, name: str, pixels: np.ndarray, step: int) -> None:
        self.log_image(name, [pixels], step)

    def close(self) -> None:
        if self._experiment is not None:
            self._experiment.finish()  # or the next run of a sweep would be drawn into this one


class MlflowLog(MLFlowLogger, _Tracker):
    """MLflow: a server, or a folder of its own kind. A run that goes on goes on there too.

    Args:
        first: the step of the checkpoint that the run goes on from; 0 for a new one.
        save_dir: the run's folder.
        options: Lightning's.

    Raises:
        UsageError: if mlflow is not installed.
    """

    def __init__(self, first: int = 0, save_dir: str = ".", **options: Any) -> None:
        options |= {"run_name": _name(save_dir), "run_id": self._kept("mlflow", save_dir, first)}
        super().__init__(**options)

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        if not self._initialized:
            from mlflow.exceptions import MlflowException

            try:
                client = super().experiment
            except (MlflowException, OSError) as error:
                raise BitcodecError(
                    f"MLflow refuses ({' '.join(str(error).split())}): check "
                    f"logger.mlflow.tracking_uri={self._tracking_uri}"
                ) from error
            self._keep(str(self._run_id))
            return client
        return self._mlflow_client

    @rank_zero_only
    def log_picture(self, name: str, pixels: np.ndarray, step: int) -> None:
        self.experiment.log_image(self.run_id, pixels, key=name, step=step)

    @rank_zero_only
    def log_result(self, settings: Mapping[str, Any], result: Mapping[str, float]) -> None:
        # MLflow refuses another value; a run that goes on may have asked for more steps.
        known = self.experiment.get_run(self.run_id).data.params
        super().log_result({k: v for k, v in settings.items() if k not in known}, result)


class AimLog(Logger, _Tracker):
    """Aim. A run that goes on goes on there too.

    Args:
        first: the step of the checkpoint that the run goes on from; 0 for a new one.
        save_dir: the run's folder.
        repo: where Aim keeps all runs.
        experiment_name: of all runs.

    Raises:
        UsageError: if aim is not installed.
    """

    def __init__(
        self,
        first: int = 0,
        save_dir: str = ".",
        repo: str = ".",
        experiment_name: str = "bitcodec",
    ) -> None:
        super().__init__()
        self._hash = self._kept("aim", save_dir, first)
        self._repo, self._experiment_name, self._run_name = repo, experiment_name, _name(save_dir)
        self._run: Any = None

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        if self._run is None:
            from aim import Run

            self._run = Run(
                run_hash=self._hash,
                repo=self._repo,
                experiment=self._experiment_name,
                capture_terminal_logs=False,
            )
            self._run.name = self._run_name
            self._hash = str(self._run.hash)
            self._keep(self._hash)
        return self._run

    @property
    def name(self) -> str:
        return self._run_name

    @property
    def version(self) -> str | None:
        return self._hash

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        for name, value in metrics.items():
            self.experiment.track(float(value), name=name, step=step)

    @rank_zero_only
    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        plain = params if isinstance(params, dict) else dict(params)
        for name, value in plain.items():
            node = OmegaConf.to_container(value) if isinstance(value, DictConfig) else value
            self.experiment[name] = node

    @rank_zero_only
    def log_picture(self, name: str, pixels: np.ndarray, step: int) -> None:
        from aim import Image
        from PIL import Image as Pillow

        self.experiment.track(Image(Pillow.fromarray(pixels)), name=name, step=step)

    def close(self) -> None:
        if self._run is not None:
            self._run.close()


def _name(folder: str) -> str:
    """What a tracker calls a run: its folder, and in a sweep so what was swept."""
    return Path(folder).resolve().name
