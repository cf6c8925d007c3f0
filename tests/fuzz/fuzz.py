"""Coverage-guided fuzzing of the decoder with atheris (not a dependency: pip install atheris).

    python -m tests.fuzz.fuzz WORK tests/fuzz/corpus -max_total_time=600 -max_len=2048

New inputs go to WORK; a crash is written to the current folder.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["bitcodec", "dahuffman"]):
    # Loaded here because they are imported at their first use otherwise, uninstrumented.
    import bitcodec.codec
    import bitcodec.coders  # noqa: F401
    from tests.fuzz.harness import check, golden_codec


def main() -> None:
    """Run libFuzzer with the command line's options."""
    codec = golden_codec()
    for name in codec.folder.coders:
        codec.folder.coder(name)

    def one_input(data: bytes) -> None:
        check(codec, data)

    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
