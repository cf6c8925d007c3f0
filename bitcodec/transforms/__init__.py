"""Analysis and synthesis transforms: what the networks are (needs torch)."""
