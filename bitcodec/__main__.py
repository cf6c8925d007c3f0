"""``python -m bitcodec``: the ``bitcodec`` command where it is not on the path."""

from bitcodec.cli import main

if __name__ == "__main__":
    main()
