"""Contender of benchmarks/peers.py that uses PyTorch: a plain loop over images in memory, with the same networks.

python -m benchmarks.peers_torch CASE

It runs in an environment of its own, with torch and numpy only.
"""

import contextlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks.peers_worker import BATCH, Case, read_case, serve

OPTIMIZERS = {
    "adam": torch.optim.Adam,
    "nadam": torch.optim.NAdam,
    "rmsprop": torch.optim.RMSprop,
    "sgd": torch.optim.SGD,
}
INCEPTION_BEFORE_LAST_150 = 6  # parts of `inception_v3` that the last 150 layers of Keras's model follow
CHANNELS = {"vgg19": 512, "inception_v3": 2048}


class BatchNorm(nn.Module):
    """Batch normalization without a factor, as in Keras's Inception V3."""

    def __init__(self, channels: int, momentum: float) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))
        self.momentum = momentum

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalize by the batch in training, else by the moving statistics."""
        return functional.batch_norm(
            x, self.mean, self.variance, None, self.bias, self.training, momentum=self.momentum, eps=1e-3
        )


def conv(
    inputs: int, filters: int, kernel: int | tuple[int, int], momentum: float, *, stride: int = 1, valid: bool = False
) -> nn.Module:
    """Return a convolution without bias, batch normalization and ReLU."""
    height, width = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    padding = (0, 0) if valid else (height // 2, width // 2)
    convolution = nn.Conv2d(inputs, filters, (height, width), stride, padding, bias=False)
    return nn.Sequential(convolution, BatchNorm(filters, momentum), nn.ReLU(inplace=True))


class Branches(nn.Module):
    """Branches with the same input, whose outputs are concatenated."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs of all branches, along the channels."""
        return torch.cat([branch(x) for branch in self.branches], 1)


def inception_v3(momentum: float) -> list[nn.Module]:
    """Return Inception V3 as keras.applications has it: its stem and its blocks mixed0 to mixed10."""

    def chain(inputs: int, *layers: tuple[Any, ...]) -> nn.Sequential:
        """Return convolutions in a row, each described by filters, kernel and "reduce" (stride 2, no padding)."""
        modules = []
        for filters, kernel, *reduce in layers:
            modules.append(conv(inputs, filters, kernel, momentum, stride=1 + len(reduce), valid=bool(reduce)))
            inputs = filters
        return nn.Sequential(*modules)

    def pooled(inputs: int, filters: int) -> nn.Sequential:
        pool = nn.AvgPool2d(3, 1, 1, count_include_pad=False)
        return nn.Sequential(pool, conv(inputs, filters, 1, momentum))

    def first(inputs: int, filters: int) -> nn.Module:
        return Branches(
            chain(inputs, (64, 1)),
            chain(inputs, (48, 1), (64, 5)),
            chain(inputs, (64, 1), (96, 3), (96, 3)),
            pooled(inputs, filters),
        )

    def second(filters: int) -> nn.Module:
        row, column = (1, 7), (7, 1)
        double = [(filters, 1), (filters, column), (filters, row), (filters, column), (192, row)]
        return Branches(
            chain(768, (192, 1)),
            chain(768, (filters, 1), (filters, row), (192, column)),
            chain(768, *double),
            pooled(768, 192),
        )

    def third(inputs: int) -> nn.Module:
        def wide(channels: int) -> nn.Module:
            return Branches(chain(channels, (384, (1, 3))), chain(channels, (384, (3, 1))))

        return Branches(
            chain(inputs, (320, 1)),
            nn.Sequential(chain(inputs, (384, 1)), wide(384)),
            nn.Sequential(chain(inputs, (448, 1), (384, 3)), wide(384)),
            pooled(inputs, 192),
        )

    def pool() -> nn.Module:
        return nn.MaxPool2d(3, 2)

    stem = nn.Sequential(
        conv(3, 32, 3, momentum, stride=2, valid=True),
        conv(32, 32, 3, momentum, valid=True),
        conv(32, 64, 3, momentum),
        pool(),
        conv(64, 80, 1, momentum),
        conv(80, 192, 3, momentum, valid=True),
        pool(),
    )
    reduced = Branches(chain(288, (384, 3, "reduce")), chain(288, (64, 1), (96, 3), (96, 3, "reduce")), pool())
    last = [(192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3, "reduce")]
    reduced_again = Branches(chain(768, (192, 1), (320, 3, "reduce")), chain(768, *last), pool())
    blocks = [first(192, 32), first(256, 64), first(288, 64), reduced]
    return [stem, *blocks, second(128), second(160), second(160), second(192), reduced_again, third(1280), third(2048)]


def vgg19() -> list[nn.Module]:
    """Return the convolutions and poolings of VGG19."""
    modules: list[nn.Module] = []
    inputs = 3
    for filters, count in ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4)):
        for _ in range(count):
            modules += [nn.Conv2d(inputs, filters, 3, padding=1), nn.ReLU(inplace=True)]
            inputs = filters
        modules.append(nn.MaxPool2d(2))
    return modules


def network(member: dict[str, Any], trained: str | int) -> tuple[nn.Sequential, nn.Sequential]:
    """Return the frozen and the trained part of a member's network, which ends with the logit.

    Args:
        member: Parameters of the member.
        trained: "all", or 150: the last layers of Inception V3, which follow the block mixed5.
    """
    if member["kind"] == "small_cnn":
        body, features = small_cnn(member)
        units = [member["units"]] * member["dense_layers"]
    else:
        body = vgg19() if member["backbone"] == "vgg19" else inception_v3(1 - member["batch_norm_momentum"])
        features, units = CHANNELS[member["backbone"]], member["dense"]
        body += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    for width in units:
        body += [nn.Linear(features, width), nn.ReLU(), nn.Dropout(member["dropout"])]
        features = width
    body.append(nn.Linear(features, 1))
    first = 0 if trained == "all" else INCEPTION_BEFORE_LAST_150 + 1
    return nn.Sequential(*body[:first]), nn.Sequential(*body[first:])


def small_cnn(member: dict[str, Any]) -> tuple[list[nn.Module], int]:
    """Return the convolutions of a small CNN, with padding "valid" and maximum pooling, and its number of features."""
    modules: list[nn.Module] = []
    inputs, size = 3, member["image_size"]
    for _ in range(member["conv_layers"]):
        convolution = nn.Conv2d(inputs, member["filters"], member["kernel_size"])
        modules += [convolution, nn.ReLU(), nn.MaxPool2d(member["pool_size"])]
        inputs, size = member["filters"], (size - member["kernel_size"] + 1) // member["pool_size"]
    return [*modules, nn.Flatten()], inputs * size**2


def count(tensors: Iterable[torch.Tensor]) -> int:
    """Return the number of values in tensors."""
    return sum(tensor.numel() for tensor in tensors)


def prepare(case: Case) -> tuple[dict[str, Callable[[int], None]], int, int]:
    """Prepare a loop of training steps and a loop of predictions."""
    torch.set_num_threads(case.threads)
    torch.manual_seed(1)
    member = case.member
    frozen, trained = network(member, case.trained)
    frozen.requires_grad_(requires_grad=False)
    if len(frozen):  # moving statistics stay frozen in the trained part too
        for module in trained.modules():
            if isinstance(module, BatchNorm):
                module.requires_grad_(requires_grad=False)
    model = nn.Sequential(frozen, trained)
    model = model.to(memory_format=torch.channels_last)  # faster than PyTorch's default in both precisions
    weights = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = OPTIMIZERS[member["optimizer"]](weights, lr=member["learning_rate"])
    images = torch.from_numpy(np.load(case.images))
    labels = torch.arange(len(images)).remainder(2).float()

    def read(positions: torch.Tensor) -> torch.Tensor:
        return images[positions].permute(0, 3, 1, 2).float().div_(255)

    def autocast() -> Any:
        return torch.autocast("cpu", torch.bfloat16) if case.precision == "bfloat16" else contextlib.nullcontext()

    def train(count: int) -> None:
        model.train()
        if len(frozen):
            for module in model.modules():
                if isinstance(module, BatchNorm):
                    module.eval()
        for positions in torch.arange(count).split(BATCH):
            optimizer.zero_grad()
            with autocast():
                logits = model(read(positions))
            loss = functional.binary_cross_entropy_with_logits(logits.float()[:, 0], labels[positions])
            loss.backward()
            if member["clip"] is not None:
                nn.utils.clip_grad_value_(weights, member["clip"])
            optimizer.step()

    def predict(count: int) -> None:
        model.eval()
        with torch.inference_mode(), autocast():
            for positions in torch.arange(count).split(BATCH):
                torch.sigmoid(model(read(positions)).float()).numpy()

    return {"training": train, "inference": predict}, count([*model.parameters(), *model.buffers()]), count(weights)


if __name__ == "__main__":
    case = read_case()
    serve(lambda: prepare(case))
