"""The inputs every Python peer works on: those of inputs.js, as NumPy arrays, images NHWC."""
import os

import numpy as np


def digits(folder, count, image_shape):
    """The first `count` training digits: images in [0, 1] of the given shape, labels."""
    with open(os.path.join(folder, "train-images-idx3-ubyte"), "rb") as file:
        pixels = np.frombuffer(file.read(16 + count * 784)[16:], np.uint8).astype(np.float32) / 255
    with open(os.path.join(folder, "train-labels-idx1-ubyte"), "rb") as file:
        labels = np.frombuffer(file.read(8 + count)[8:], np.uint8).astype(np.int64)
    return pixels.reshape(-1, *image_shape), labels


def patterns(count):
    """`count` images [32, 32, 3] of ten kinds, labels."""
    labels = np.arange(count) % 10
    i = np.arange(32 * 32 * 3)
    images = ((i * (2 * labels[:, None] + 3) + np.arange(count)[:, None]) % 101 - 50) / 50
    return images.astype(np.float32).reshape(count, 32, 32, 3), labels


def text(count, length, vocabulary):
    """`count` sequences of `length` tokens of ten kinds, and for each the token that follows it."""
    sequence, at = np.arange(count)[:, None], np.arange(length + 1)
    tokens = (31 * sequence + at * (2 * (sequence % 10) + 3)) % vocabulary
    return np.ascontiguousarray(tokens[:, :-1]), np.ascontiguousarray(tokens[:, 1:])
