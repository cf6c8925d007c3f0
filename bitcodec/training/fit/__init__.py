"""Fitting the coders' integer tables to the bitmaps of training images (needs torch)."""
