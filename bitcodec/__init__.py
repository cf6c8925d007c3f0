"""bitcodec: images compressed into a bitmap of zeros and ones by a neural network."""
