"""Tables in the documents come from files under `experiments/`: this puts them there.

    python -m experiments.documents

A block that begins with `<!-- from FILE -->` and ends with `<!-- end -->` is replaced by the
content of FILE. The tests check that every block is up to date.
"""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
DOCUMENTS = ("*.md", "experiments/README.md", "experiments/*/README.md", "docs/*.md")
_BLOCK = re.compile(r"(<!-- from (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def documents() -> list[Path]:
    """All Markdown files that may hold blocks."""
    return sorted(path for pattern in DOCUMENTS for path in REPOSITORY.glob(pattern))


def filled(text: str) -> str:
    """The text with the current content of every file that it quotes.

    Raises:
        FileNotFoundError: if a block names a file that is not there.
    """

    def block(match: re.Match[str]) -> str:
        content = (REPOSITORY / match[2]).read_text().strip("\n")
        if not match[2].endswith(".md"):
            content = f"```\n{content}\n```"
        return f"{match[1]}{content}\n{match[3]}"

    return _BLOCK.sub(block, text)


def main() -> None:
    for path in documents():
        text = path.read_text()
        if (new := filled(text)) != text:
            path.write_text(new)
            print(f"{path.relative_to(REPOSITORY)}: brought up to date")


if __name__ == "__main__":
    main()
