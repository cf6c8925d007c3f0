"""How much noise closes the binarization gap, and is noise the best way to close it?

    python -m experiments.noise_sweep.run --data CIFAR

CIFAR is a folder with `train/` and `test/` PNG images. Three seeds of every noise std and of the
two other binarizers; finished runs below `outputs/noise_sweep` are not trained again.
"""

from __future__ import annotations

from experiments.sweeps import Sweep, arguments, train

SWEEPS = (
    Sweep("noise", ("sweep=noise", "seed=0,1,2")),
    # The binarizer `noise` itself is in the sweep above, at the article's std.
    Sweep("binarizer", ("sweep=binarizer", "binarizer=ste,bernoulli", "seed=0,1,2")),
)


def main() -> None:
    options = arguments(__doc__, "outputs/noise_sweep")
    for sweep in SWEEPS:
        train(sweep, options)


if __name__ == "__main__":
    main()
