"""Native PyTorch with its default settings, only the number of threads is given. Images are offered in both layouts."""
import torch
from torch import nn
from torch.nn import functional as F

import inputs
from serve import run, serve


def image_tensors(data):
    """Images NCHW, labels."""
    images, labels = data
    return torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(labels)


def tensors(data):
    return tuple(torch.from_numpy(part) for part in data)


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Flatten(),
        nn.Linear(576, 64), nn.ReLU(), nn.Linear(64, 10))


def mlp():
    return nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def conv_bn():
    def block(channels, filters, stride):
        return [nn.Conv2d(channels, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters), nn.ReLU()]
    return nn.Sequential(
        *block(3, 32, 1), *block(32, 64, 2), *block(64, 128, 2), *block(128, 128, 1),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))


class RowReader(nn.Module):
    """Long short-term memory that reads a digit row by row."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(28, 128, batch_first=True)
        self.dense = nn.Linear(128, 10)

    def forward(self, x):
        return self.dense(self.lstm(x)[0][:, -1])


class Gpt(nn.Module):
    def __init__(self, length, vocabulary):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 128)
        self.positions = nn.Parameter(0.02 * torch.randn(length, 128))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(128, 4, 512, 0.0, "gelu", batch_first=True, norm_first=True) for _ in range(4))
        self.norm, self.head = nn.LayerNorm(128), nn.Linear(128, vocabulary)
        self.register_buffer("future", torch.ones(length, length).triu(1).bool())

    def forward(self, tokens):
        x = self.embedding(tokens) + self.positions
        for block in self.blocks:
            x = block(x, self.future)
        return self.head(self.norm(x)).transpose(1, 2)


class Training:
    def __init__(self, model, data, amount_per_step, options, layout=torch.contiguous_format):
        self.model, self.amount_per_step = model.to(memory_format=layout), amount_per_step
        images, labels = data
        parts = images.split(options["batch"])
        parts = [part.contiguous(memory_format=layout) for part in parts]
        self.batches = list(zip(parts, labels.split(options["batch"])))
        self.optimizer = torch.optim.Adam(model.parameters())
        self.at = 0

    def step(self):
        x, y = self.batches[self.at % len(self.batches)]
        self.at += 1
        self.loss = F.cross_entropy(self.model(x), y)
        self.optimizer.zero_grad(set_to_none=True)
        self.loss.backward()
        self.optimizer.step()

    def check(self):
        return self.loss.item()


class Inference:
    def __init__(self, options, layout):
        self.model = cnn().eval().to(memory_format=layout)
        self.amount_per_step = options["batch"]
        images = image_tensors(inputs.digits(options["mnist"], options["batch"], (28, 28, 1)))[0]
        self.x = images.contiguous(memory_format=layout)

    def step(self):
        with torch.no_grad():
            self.y = F.softmax(self.model(self.x), 1)

    def check(self):
        return self.y.sum().item() / len(self.x)


class Matmul:
    def __init__(self, options):
        batch, m, n, k = (options[key] for key in ("batch", "m", "n", "k"))
        self.amount_per_step = 2 * batch * m * n * k / 1e9
        self.samples = torch.tensor(options["samples"])
        i, j = torch.arange(batch * m * k), torch.arange(batch * k * n)
        a = ((i * 31 % 101 - 50) / 50).float()
        b = ((j * 17 % 97 - 48) / 48).float()
        self.a = a.view(batch, k, m).mT if options["transposeA"] else a.view(batch, m, k)
        self.b = b.view(batch, n, k).mT if options["transposeB"] else b.view(batch, k, n)
        if batch == 1:
            self.a, self.b = self.a[0], self.b[0]

    def step(self):
        self.c = self.a @ self.b

    def check(self):
        return self.c.reshape(-1)[self.samples].double().sum().item()


class OpOverhead:
    def __init__(self, options):
        self.amount_per_step = options["opsPerStep"]
        self.a = torch.ones(options["size"])
        self.b = torch.ones(options["size"])

    def step(self):
        a, b = self.a, self.b
        for _ in range(self.amount_per_step):
            torch.add(a, b)

    def check(self):
        return torch.add(self.a, self.b)[-1].item()


def in_faster_layout(make):
    """The task in the layout of images, NCHW or NHWC, that PyTorch is faster with on this machine."""
    tasks = [make(layout) for layout in (torch.contiguous_format, torch.channels_last)]
    seconds = [0.0, 0.0]
    for trial in range(4):
        for which, task in enumerate(tasks):
            result = run(task, 0.2, 2)
            if trial > 0:
                seconds[which] += result["seconds"] / result["amount"]
    return tasks[0] if seconds[0] <= seconds[1] else tasks[1]


TASKS = {
    "matmul": Matmul,
    "cnn-training": lambda options: in_faster_layout(lambda layout: Training(
        cnn(), image_tensors(inputs.digits(options["mnist"], options["images"], (28, 28, 1))), options["batch"], options, layout)),
    "mlp-training": lambda options: Training(
        mlp(), tensors(inputs.digits(options["mnist"], options["images"], (784,))), 1, options),
    "lstm-training": lambda options: Training(
        RowReader(), tensors(inputs.digits(options["mnist"], options["images"], (28, 28))), options["batch"], options),
    "convbn-training": lambda options: in_faster_layout(lambda layout: Training(
        conv_bn(), image_tensors(inputs.patterns(options["images"])), options["batch"], options, layout)),
    "gpt-training": lambda options: Training(
        Gpt(options["length"], options["vocabulary"]),
        tensors(inputs.text(options["images"], options["length"], options["vocabulary"])),
        options["batch"] * options["length"], options),
    "cnn-inference": lambda options: in_faster_layout(lambda layout: Inference(options, layout)),
    "op-overhead": OpOverhead,
}


def set_up(options):
    torch.manual_seed(0)
    torch.set_num_threads(options["threads"])
    return f"set_num_threads({torch.get_num_threads()}), all else by default, {torch.backends.cpu.get_cpu_capability()}"


serve(torch.__version__, set_up, TASKS)
