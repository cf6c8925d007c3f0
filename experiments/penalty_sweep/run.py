"""What does the weight of the sparsity penalty buy, and at what price?

    python -m experiments.penalty_sweep.run --data CIFAR

CIFAR is a folder with `train/` and `test/` PNG images. Three seeds of every weight, with the
article's noise; finished runs below `outputs/penalty_sweep` are not trained again.
"""

from __future__ import annotations

from experiments.sweeps import Sweep, arguments, train

SWEEPS = (Sweep("penalty", ("sweep=penalty", "seed=0,1,2")),)


def main() -> None:
    options = arguments(__doc__, "outputs/penalty_sweep")
    for sweep in SWEEPS:
        train(sweep, options)


if __name__ == "__main__":
    main()
