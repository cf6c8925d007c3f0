"""Keys of the config that say how a run is carried out, not what it computes."""

CONTROL_KEYS = frozenset(
    {
        "resume_sweep",
        "resume_changed",
        "overwrite",
        "quiet",
        "threads",
        "ckpt_path",
        "sweep",
        "objective",
        "rd_weight",
    }
)
