"""Blocks of parameters that change nothing: no augmentation, no balance, no decay."""

from typing import Any

RUNTIME: dict[str, Any] = {
    "threads": 2,
    "precision": "float32",
    "eager": False,
    "devices": 1,
    "memory": 4.0,
    "disk": 0.0,
}
AUGMENT: dict[str, Any] = {
    "flip": 0.0,
    "quarter_turns": False,
    "zoom": 0.0,
    "shift": 0.0,
    "crop": 0.0,
    "brightness": 0.0,
    "contrast": 0.0,
}
TRAINING: dict[str, Any] = {
    "target": "binary",
    "batch_size": 4,
    "monitor": "val_accuracy",
    "patience": None,
    "schedule": "constant",
    "warmup_epochs": 0,
    "weight_decay": 0.0,
    "weight_average": None,
    "loss": "cross_entropy",
    "focal_gamma": 2.0,
    "label_smoothing": 0.0,
    "center_loss": 0.0,
    "balance": "none",
    "group_step": 0.01,
    "augment": AUGMENT,
    "mix": "none",
    "mix_alpha": 0.2,
}
