"""Train a codec: `python train.py noise.std=15`, `python train.py -m noise.std=0,1,5,15`.

Every key is in `conf/`; `python train.py --cfg job` prints the composed config. Where bitcodec is
installed, `bitcodec train` is the same.
"""

from bitcodec.training.entry import main

if __name__ == "__main__":
    main()
