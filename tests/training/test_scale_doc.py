"""What docs/scale.md says: the SLURM script, with stand-ins for SLURM's commands; the table."""

import os
import re
import subprocess
from pathlib import Path

from bitcodec.training.trainer_check import check_trainer
from experiments.scale.run import SETUPS, table
from tests.training.test_trainer_keys import composed

SCALE = Path(__file__).parents[2] / "docs" / "scale.md"
SRUN = """#!/bin/bash
echo "$@" >> srun.log
mkdir -p runs/one
printf '{\\n  "state": "%s"\\n}\\n' "$STATE" > runs/one/run.json
exit "$CODE"
"""


def submit(folder: Path, state: str, code: int) -> int:
    settings = {"STATE": state, "CODE": str(code), "SLURM_JOB_ID": "7"}
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    script = ["bash", "job.sh"]
    done = subprocess.run(script, cwd=folder, env={**os.environ, **settings, "PATH": path})
    return done.returncode


def test_the_slurm_script_queues_itself_again_after_a_preemption(
    tmp_path: Path,
) -> None:
    (script,) = re.findall(r"```sh\n(.*?)```", SCALE.read_text(), re.DOTALL)
    (tmp_path / "job.sh").write_text(script)
    for name, text in (("srun", SRUN), ("scontrol", '#!/bin/bash\necho "$@" >> scontrol.log\n')):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    queued = tmp_path / "scontrol.log"

    assert submit(tmp_path, "preempted", 138) == 138
    assert queued.read_text() == "requeue 7\n"
    for state, code in (("finished", 0), ("interrupted", 143)):  # by whoever wants it to end
        assert submit(tmp_path, state, code) == code
        assert queued.read_text() == "requeue 7\n"

    first, *others = (tmp_path / "srun.log").read_text().splitlines()
    assert "hydra.run.dir=runs/one" in first and set(others) == {first}


def test_the_table_of_speeds_is_against_one_process() -> None:
    speeds = {"one": [1.0, 2.0, 9.0], "two": [3.0, 3.0, 1.0]}
    rows = table({"megapixels_per_second": speeds}).splitlines()[2:]
    assert rows == ["| one | 2.0000 | 1.00 |", "| two | 3.0000 | 1.50 |"]
    for overrides in SETUPS.values():
        check_trainer(composed(*overrides))
