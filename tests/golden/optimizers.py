"""Makes optimizers.json: 20 steps of PyTorch's optimizers in float64, on given gradients.

Run with `python3 tests/golden/optimizers.py > tests/golden/optimizers.json` where PyTorch is installed.
Heddle follows Keras, so what differs is stated here: Keras's epsilon of Adam stands outside the bias correction and that of
RMSprop inside the root (both are made negligible: the gradients are far from zero); weight decay is decoupled, which in
PyTorch only AdamW has. The learning rate is constant, since the two define momentum differently when it changes.
"""

import json

import torch

SIZE = 21
STEPS = 20

generator = torch.Generator().manual_seed(20)
start = torch.randn(SIZE, generator=generator, dtype=torch.float64).float().double()
noise = torch.randn(STEPS, SIZE, generator=generator, dtype=torch.float64)
# Far from zero, with changing signs.
gradients = (noise + 0.25 * torch.sign(noise)).float().double()

CASES = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.01),
    "sgd momentum": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9),
    "sgd nesterov": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-12),
    "rmsprop momentum": lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-12, momentum=0.5),
    "rmsprop centered": lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-12, centered=True),
    "rmsprop centered momentum": lambda p: torch.optim.RMSprop(
        p, lr=0.01, alpha=0.9, eps=1e-12, momentum=0.5, centered=True
    ),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01, eps=1e-12),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1, eps=1e-12),
}


def run(make):
    parameter = torch.nn.Parameter(start.clone())
    optimizer = make([parameter])
    for gradient in gradients:
        parameter.grad = gradient.clone()
        optimizer.step()
    return parameter.detach().tolist()


def clipped(limit):
    """The first gradients as two parameters', clipped by their common norm."""
    parameters = [torch.nn.Parameter(torch.zeros(8)), torch.nn.Parameter(torch.zeros(13))]
    for parameter, gradient in zip(parameters, gradients[0].float().split([8, 13])):
        parameter.grad = gradient.clone()
    torch.nn.utils.clip_grad_norm_(parameters, limit)
    return torch.cat([p.grad for p in parameters]).tolist()


print(
    json.dumps(
        {
            "torch": torch.__version__,
            "start": start.tolist(),
            "gradients": gradients.tolist(),
            "after": {name: run(make) for name, make in CASES.items()},
            "clipped": {str(limit): clipped(limit) for limit in (0.5, 100.0)},
        },
        indent=1,
    )
)
