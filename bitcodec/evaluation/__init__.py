"""Codecs measured beside each other: rate, distortion, speed, and what goes wrong."""
