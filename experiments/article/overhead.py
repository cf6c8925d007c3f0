"""Is `train.py` slower per step than a bare PyTorch loop? Prints and stores the ratio.

    python -m experiments.article.overhead

Both train the article's network with noise 15 on the sample photographs, one after the other,
in turns, with the same precision and one thread; the median of the turns counts. Times are
processor time, so that other work on the machine does not matter.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from statistics import median

import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from bitcodec.provenance import provenance
from bitcodec.training.assembly import build_module, build_trainer, resolve_precision
from bitcodec.training.data import SampleData
from bitcodec.transforms.networks import build_transforms
from experiments.runs import REPOSITORY

HERE = Path(__file__).resolve().parent


def bare_loop(config: DictConfig, data: SampleData, steps: int) -> float:
    """Processor seconds a step of the shortest loop that does the same work."""
    torch.manual_seed(0)
    encoder, decoder = build_transforms(**config.model)
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 1e-3)
    batches = iter(data.train_dataloader())
    half = resolve_precision("auto") == "bf16-mixed"
    started = time.process_time()
    for _ in range(steps):
        image = next(batches)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            logits = encoder(image).float()
            code = torch.sigmoid(logits + 15 * torch.randn_like(logits))
            loss = (decoder(code).float() - image).square().mean() + 0.01 * code.square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return (time.process_time() - started) / steps


def lightning_loop(config: DictConfig, data: SampleData, folder: Path) -> float:
    """Processor seconds a step of the real thing, logging included, validation not."""
    module, trainer = build_module(config), build_trainer(config, folder)
    data.setup()
    started = time.process_time()
    trainer.fit(module, datamodule=data)
    return (time.process_time() - started) / trainer.global_step


def validation_seconds(config: DictConfig, data: SampleData, folder: Path) -> float:
    """One validation with its panels and coded files."""
    module, trainer = build_module(config), build_trainer(config, folder)
    started = time.process_time()
    trainer.validate(module, datamodule=data, verbose=False)
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--turns", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with initialize_config_dir(str(REPOSITORY / "conf"), version_base="1.3"):
            config = compose(
                "train",
                [
                    "quiet=true",
                    f"trainer.max_steps={arguments.steps}",
                    f"trainer.val_check_interval={arguments.steps + 1}",
                    f"callbacks.panels.folder={folder}/panels",
                    f"callbacks.best.dirpath={folder}/checkpoints",
                    f"callbacks.last.path={folder}/checkpoints/last.ckpt",
                    f"logger.tensorboard.save_dir={folder}",
                    f"logger.csv.save_dir={folder}",
                ],
            )
        plain = OmegaConf.to_container(config.data, resolve=True)
        del plain["_target_"]
        data = SampleData(**plain, seed=0)
        data.setup()
        bare, ours = [], []
        for _ in range(arguments.turns):
            bare.append(bare_loop(config, data, arguments.steps))
            ours.append(lightning_loop(config, data, folder))
        interval = validation_interval()
        validation = median(validation_seconds(config, data, folder) for _ in range(3))
    result = {
        "bare_ms": round(median(bare) * 1e3, 1),
        "lightning_ms": round(median(ours) * 1e3, 1),
        "ratio": round(median(o / b for o, b in zip(ours, bare, strict=True)), 3),
        "steps": arguments.steps,
        "turns": arguments.turns,
        "threads": torch.get_num_threads(),
        "precision": resolve_precision("auto"),
        "validation_s": round(validation, 2),
        "validation_share": round(validation / (interval * median(ours)), 4),
        "provenance": provenance(),
    }
    (HERE / "overhead.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def validation_interval() -> int:
    """Steps between two validations by default."""
    with initialize_config_dir(str(REPOSITORY / "conf"), version_base="1.3"):
        return int(compose("train").trainer.val_check_interval)


if __name__ == "__main__":
    main()
