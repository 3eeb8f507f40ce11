"""The optimizers one can name."""

from typing import Literal

Optimizer = Literal["sgd", "adam", "adamax", "nadam", "rmsprop"]
