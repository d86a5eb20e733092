"""Makes losses-torch.json: PyTorch's ctc_loss and TripletMarginLoss, and naive contrastive and semi-hard triplet losses.

Run with `python3 tests/golden/losses-torch.py` where PyTorch is installed. Values are in float64.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

generator = torch.Generator().manual_seed(4)


def numbers(*shape, low=-1.0, high=1.0):
    x = torch.rand(*shape, generator=generator, dtype=torch.float64) * (high - low) + low
    return x.float().double().requires_grad_()


def plain(x):
    data = [float(f"{v:.8g}") for v in x.detach().double().flatten()]
    return {"shape": list(x.shape), "data": data, **({} if x.is_floating_point() else {"dtype": "i32"})}


rows = []


def loss(name, options, y_true, y_pred, values):
    """Notes a loss's values of each example and the gradient of their mean by the prediction."""
    gradient, = torch.autograd.grad(values.mean(), [y_pred])
    tensors = {k: plain(v) for k, v in options.items() if torch.is_tensor(v)}
    others = {k: v for k, v in options.items() if not torch.is_tensor(v)}
    rows.append({"loss": name, "options": others, "tensors": tensors, "yTrue": plain(y_true), "yPred": plain(y_pred),
                 "values": plain(values), "gradient": plain(gradient)})


def ctc(batch, time, classes, labels, inputs, blank):
    longest = max(map(len, labels))
    padded = torch.tensor([list(l) + [blank] * (longest - len(l)) for l in labels], dtype=torch.int32)
    counts = torch.tensor([len(l) for l in labels], dtype=torch.int32)
    inputs = torch.tensor(inputs, dtype=torch.int32)
    logits = numbers(batch, time, classes, low=-3, high=3)
    values = F.ctc_loss(logits.log_softmax(-1).transpose(0, 1), padded.long(), inputs.long(), counts.long(), blank,
                        reduction="none")
    loss("ctc", {"inputLengths": inputs, "labelLengths": counts, "blank": blank}, padded, logits, values)


ctc(3, 12, 5, [[1, 2, 3, 3], [4, 4, 4], [2]], [12, 9, 10], 0)
ctc(2, 9, 4, [[0, 1, 2, 1, 0], [2, 2]], [9, 7], 3)
ctc(1, 40, 3, [[1, 2] * 9], [40], 0)

triplets = numbers(5, 3, 4)
anchor, positive, negative = triplets.unbind(1)
for options in [{}, {"margin": 0.3}, {"swap": True}]:
    values = F.triplet_margin_loss(anchor, positive, negative, **options, reduction="none")
    loss("tripletMargin", options, torch.zeros(5), triplets, values)

together, distances = torch.randint(0, 2, (6, 1), generator=generator).double(), numbers(6, 1, low=0, high=2)
for margin in [1, 1.5]:
    values = together * distances**2 + (1 - together) * (margin - distances).clamp(min=0)**2
    loss("contrastive", {"margin": margin}, together, distances, values[:, 0])

classes = torch.tensor([0, 1, 0, 2, 1, 0])
embeddings = F.normalize(numbers(6, 3).detach(), dim=-1).float().double().requires_grad_()
for margin in [1, 0.2]:
    shares, pairs = [], 0
    for a in range(6):
        share = torch.zeros((), dtype=torch.float64)
        for p in range(6):
            if p == a or classes[p] != classes[a]:
                continue
            pairs += 1
            near = (embeddings[a] - embeddings[p]).norm()
            others = [(embeddings[a] - embeddings[n]).norm() for n in range(6) if classes[n] != classes[a]]
            beyond = [far for far in others if far > near]
            share = share + (near - (min(beyond) if beyond else max(others)) + margin).clamp(min=0)
        shares.append(share)
    loss("tripletSemiHard", {"margin": margin}, classes.int(), embeddings, torch.stack(shares) * 6 / pairs)

path = Path(__file__).with_suffix(".json")
path.write_text(json.dumps(rows, separators=(",", ":")) + "\n")
print(f"{path.name}: {len(rows)} rows, {path.stat().st_size} bytes")
