"""Coders: from a bitmap to bytes and back, on integers only."""
