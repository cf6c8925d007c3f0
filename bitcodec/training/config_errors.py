"""What Hydra and OmegaConf say of a command line, as one sentence with their advice in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from hydra.errors import OverrideParseException
from omegaconf import DictConfig, OmegaConf

NO_GROUP = "Config group override must be"
"""What Hydra says of `logger=null`, as a mere ValueError."""


def sentence(error: Exception, program: str, configs: Path) -> str:
    """The message of an error, which may run over many lines.

    Args:
        error: Hydra's or OmegaConf's.
        program: what the user typed before the arguments.
        configs: the folder `conf/`.
    """
    lines = [" ".join(line.split()) for line in str(error).split("\n")]
    lines = [line for line in lines if line and not line.startswith(("^", "See https://"))]
    if "Config search path:" in lines:
        lines = lines[: lines.index("Config search path:")]
    text, listing = (lines or [type(error).__name__])[0].rstrip("."), False
    likely = _meant(error, configs)
    if likely:
        text += f" ({likely})"
    for line in lines[1:]:
        text += f"{' ' if text.endswith(':') else ', ' if listing else '; '}{line.rstrip('.')}"
        listing = listing or line.endswith(":")
    reason = " ".join(str(error.__cause__ or "").split("\n")[0].split())
    if reason and reason not in text and not likely:
        text += f" ({reason})"
    if text.startswith(NO_GROUP):
        text += "; leave a whole group out with a tilde, as in ~logger"
    if isinstance(error, OverrideParseException):
        text += "; quote values with = , : ( [ { spaces or accents, twice: 'KEY=\"VALUE\"'"
    return f"{text}: see conf/ or `{program} --help` for the keys"


def _meant(error: Exception, configs: Path) -> str | None:
    """What was meant by a key that there is not. Hydra's own advice, to append it, helps only with
    what a library takes beyond `conf/`."""
    wrong = re.match(r"Could not override '([^']+)'", str(error))
    node = getattr(error.__cause__, "parent_node", None)
    if wrong is None or not isinstance(node, DictConfig):
        return None
    group, _, rest = wrong[1].partition(".")
    others = sorted(configs.joinpath(group).glob("*.yaml")) if rest else []
    having = [f"{group}={path.stem}" for path in others if rest in _keys(_content(path))]
    if having:
        return f"it is a key of {' and '.join(having)}"
    root = OmegaConf.to_container(node._get_root(), resolve=False)
    keys = [key for key in _keys(root) if not key.startswith("hydra.") or group == "hydra"]
    last = rest.rpartition(".")[2] or group
    same = [key for key in keys if key.rpartition(".")[2] == last]  # its group is missing or wrong
    found = get_close_matches(wrong[1], same, 1, 0) or get_close_matches(wrong[1], keys, 1, 0.8)
    return f"did you mean {found[0]}?" if found else None


def _content(path: Path) -> object:
    return OmegaConf.to_container(OmegaConf.load(path), resolve=False)


def _keys(values: object, prefix: str = "") -> Iterator[str]:
    if isinstance(values, dict):
        for name, value in values.items():
            yield f"{prefix}{name}"
            yield from _keys(value, f"{prefix}{name}.")
