"""`bitcodec train` hands everything to Hydra and says what is missing."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from bitcodec import cli
from bitcodec.errors import typed
from bitcodec.training import entry


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run ``bitcodec train ARGUMENTS`` in this process; returns its exit code."""

    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["/somewhere/bitcodec", "train", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return int(stop.value.code or 0)

    return call


def test_keys_and_options_reach_hydra(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("noise.std=7", "--cfg", "job", "-p", "noise") == 0
    assert yaml.safe_load(capsys.readouterr().out)["std"] == 7


def test_help_is_of_the_keys(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--help") == 0
    assert "penalty: entropy, levels, sparsity" in capsys.readouterr().out


def test_a_wrong_key_is_one_sentence(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("nois.std=7") == 2
    said = capsys.readouterr().err
    assert "nois.std" in said and "`bitcodec train --help`" in said and "Traceback" not in said


def test_the_processes_of_other_devices_are_started_with_the_whole_command(
    command: Callable[..., int], monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    """Lightning repeats ``sys.argv``, so during a run it must be what the user typed."""
    seen = []
    monkeypatch.setattr(
        "bitcodec.training.run.run", lambda *_: seen.append(sys.argv) or {"loss": 1.0}
    )
    assert command("noise.std=7", f"hydra.run.dir={tmp_path}") == 0
    assert seen == [["/somewhere/bitcodec", "train", "noise.std=7", f"hydra.run.dir={tmp_path}"]]


def test_a_missing_package_is_named(
    command: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "lightning", None)
    assert command("noise.std=7") == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "needs the package lightning: pip install 'bitcodec[train]'" in said


def test_the_config_folder_is_there() -> None:
    assert (entry.CONFIGS / "train.yaml").is_file()


MEANT = {
    "nois.std=3": "did you mean noise.std?",
    "noise.sdt=3": "did you mean noise.std?",
    "lr=0.1": "did you mean optimizer.lr?",
    "trainer.max_step=9": "did you mean trainer.max_steps?",
    "data.root=/photos": "it is a key of data=cifar10 and data=folder",
    "hydra.run.dri=x": "did you mean hydra.run.dir?",
}


@pytest.mark.parametrize("override", MEANT)
def test_the_key_that_was_meant_is_named(
    override: str, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(override) == 2
    assert f"({MEANT[override]})" in capsys.readouterr().err
    assert command("unlike.anything=3") == 2
    assert "did you mean" not in capsys.readouterr().err


ADVICE = {
    "trainer.stratgy=ddp": "use +trainer.stratgy=ddp",
    "model=unet": "Available options in 'model': article, stepped, stride8",
    "ckpt_path=runs/noise.std=15/last.ckpt": "quote values",
    "ckpt_path=runs/noise,seed/last.ckpt": "quote the value",
    "ckpt_path=my runs, old/last.ckpt": "quote the value",
    "data.root=/photos/\u00e9t\u00e9": "quote values",
    "noise.std=1,2": "add --multirun",
    "logger=null": "~logger",
}


@pytest.mark.parametrize("override", ADVICE)
def test_hydras_advice_survives(
    override: str, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(override) == 2
    said = capsys.readouterr().err
    assert ADVICE[override] in said and said.count("\n") == 1


def test_a_sweep_may_be_asked_for_anywhere(
    command: Callable[..., int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = []
    monkeypatch.setattr(
        "bitcodec.training.run.run",
        lambda config, *_: seen.append((config.seed, config.noise.std)) or {"loss": 1.0},
    )
    folder = f"hydra.sweep.dir={tmp_path}"
    for place, option in enumerate(("-m", "-m", "--multirun", "-m")):
        keys = ["seed=3", "noise.std=5,15", folder]
        assert command(*keys[:place], option, *keys[place:]) == 0
        assert seen == [(3, 5), (3, 15)]
        seen.clear()


def test_a_path_is_quoted_where_hydra_would_not_read_it(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """What an interrupted run prints can be typed as it stands."""
    for path in (
        "runs/1/last.ckpt",
        "runs/noise.std=15,seed=2/last.ckpt",
        "my \u00e9t\u00e9/last.ckpt",
    ):
        (override,) = shlex.split(typed("ckpt_path", path))
        assert command(override, "--cfg", "job") == 0
        assert yaml.safe_load(capsys.readouterr().out)["ckpt_path"] == path
