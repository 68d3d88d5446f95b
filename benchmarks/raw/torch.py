"""The workloads in plain PyTorch: `channels_last`, fused Adam, attention, LSTM and normalisations, and a tuned malloc."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
import workloads
from torch import nn

import raw

_DEFAULTS = {"adam": "fused", "malloc": 1, "lstm": "one", "compile": 0, "layout": "last"}
_CHOSEN: dict = {**{n: {} for n in workloads.SHAPES}, "residual": {"layout": "first"}}
# Tried, ms a step (2 cores; the best of 7 epochs, variants taking turns):
#   adam=foreach     mlp 4.9 (fused 4.0), tiny_mlp 0.41 (0.31), mnist_cnn 20.9 (20.4), transformer 48.6 (48.2)
#   layout=first     mnist_cnn 29.5 (channels_last 20.4), cifar_cnn 42.4 (27.8); but residual 78 (87)
#   lstm=two, time   11.7 and 11.1 (11.3): no difference
#   batch normalisation over pixels as one row of channels_last memory: residual 107 (87), cifar_cnn 32.2 (30.7)
#   torch.compile    5 to 22 s of compilation, and slower than eager on six of the seven


class MultiHead(nn.Module):
    def __init__(self, width, heads, causal=False):
        super().__init__()
        self.qkv, self.out, self.heads, self.causal = nn.Linear(width, 3 * width), nn.Linear(width, width), heads, causal

    def forward(self, x):
        n, t, w = x.shape
        q, k, v = self.qkv(x).view(n, t, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.out(y.transpose(1, 2).reshape(n, t, w))


class Block(nn.Module):
    def __init__(self, width=128, heads=4, activation=None, causal=False):
        super().__init__()
        self.n1, self.n2, self.attention = nn.LayerNorm(width, 1e-3), nn.LayerNorm(width, 1e-3), MultiHead(width, heads, causal)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), activation or nn.ReLU(), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attention(self.n1(x))
        return x + self.mlp(self.n2(x))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64, 1e-3, 0.01)
        self.c2, self.b2 = nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64, 1e-3, 0.01)

    def forward(self, x):
        y = F.relu(self.b1(self.c1(x)), inplace=True)
        return F.relu(self.b2(self.c2(y)).add_(x), inplace=True).mean((2, 3))


class LSTM(nn.Module):
    """One bias, as Keras has it. `nn.LSTM` trains a second one, of the same effect."""

    def __init__(self, form):
        super().__init__()
        self.cell, self.form = nn.LSTM(1, 64, batch_first=form != "time"), form
        if form != "two":
            self.cell.bias_hh_l0.requires_grad_(False).zero_()

    def forward(self, x):
        return self.cell(x.transpose(0, 1))[0][-1] if self.form == "time" else self.cell(x)[0][:, -1]


class Mean(nn.Module):
    def forward(self, x):
        return x.mean(1)


def body(name: str, o):
    relu = lambda: nn.ReLU(inplace=True)
    if name == "mlp":
        return nn.Sequential(nn.Linear(784, 512), relu(), nn.Dropout(0.2), nn.Linear(512, 256), relu(), nn.Dropout(0.2)), 256
    if name == "tiny_mlp":
        return nn.Sequential(nn.Linear(4, 16), relu()), 16
    if name == "mnist_cnn":
        layers = [nn.Conv2d(1, 32, 3), relu(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), relu(), nn.MaxPool2d(2)]
        return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.5)), 1600
    if name == "cifar_cnn":
        layers = [nn.Conv2d(3, 64, 3), relu(), nn.BatchNorm2d(64, 1e-3, 0.01), nn.MaxPool2d(2)]
        layers += [nn.Conv2d(64, 64, 3), relu(), nn.BatchNorm2d(64, 1e-3, 0.01), nn.MaxPool2d(2)]
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(2304, 64), relu(), nn.Dropout(0.25)), 64
    if name == "residual":
        return Residual(), 64
    if name == "lstm":
        return LSTM(o["lstm"]), 64
    return nn.Sequential(Block(), Block(), Mean()), 128


class Training:
    """Adam, the mean loss and the accuracy for a model that gives the scores."""

    def __init__(self, model, x, y, batch, o):
        self.o, self.batch, self.steps = o, batch, len(x) // batch
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self.images, self.one = x.ndim == 4, x[:1]
        self.x, self.y = torch.from_numpy(x).to(device), torch.from_numpy(y).long().to(device)
        self.model = model.to(device)
        if self.images:
            self.x = self.x.permute(0, 3, 1, 2)  # the data's own memory order is channels_last
            if o["layout"] == "last":
                self.model = self.model.to(memory_format=torch.channels_last)
            else:
                self.x = self.x.contiguous()
        self.run = torch.compile(self.model) if o["compile"] else self.model
        self.optimizer = torch.optim.Adam(
            [p for p in self.model.parameters() if p.requires_grad], eps=1e-7,
            fused=o["adam"] == "fused", foreach=o["adam"] == "foreach",
        )  # fmt: skip

    def epoch(self):
        self.model.train()
        order = torch.randperm(len(self.x), device=self.x.device)
        right = torch.zeros((), dtype=torch.long, device=self.x.device)
        total = torch.zeros((), device=self.x.device)
        for index in order.split(self.batch):
            x, y = self.x.index_select(0, index), self.y.index_select(0, index)
            scores = self.run(x)
            loss = F.cross_entropy(scores.flatten(0, -2), y.flatten())
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            with torch.no_grad():
                right += (scores.argmax(-1) == y).sum()
                total += loss
        return total.item() / self.steps, right.item() / len(self.x)

    def predict_one(self):
        return self.probabilities(self.one)

    @torch.inference_mode()
    def probabilities(self, x):
        self.model.eval()
        x = torch.from_numpy(x).to(self.x.device)
        return self.model(x.permute(0, 3, 1, 2) if self.images else x).softmax(-1).cpu().numpy()

    def count(self):
        kept = [p for p in self.model.parameters() if p.requires_grad]
        kept += [b for n, b in self.model.named_buffers() if n.endswith(("mean", "var"))]
        return sum(p.numel() for p in kept)


def start(o):
    if o["malloc"]:
        raw.tune_malloc()


class Raw(Training):
    """A workload; see `raw`."""

    def __init__(self, name: str):
        o = raw.options({**_DEFAULTS, **_CHOSEN[name]})
        start(o)
        classes, batch = workloads.shape(name)[1:3]
        inner, width = body(name, o)
        super().__init__(nn.Sequential(inner, nn.Linear(width, classes)), *workloads.data(name), batch, o)


def curve(s: dict, x, y):
    """The models of `curves.py`."""
    o = raw.options(_DEFAULTS)
    start(o)
    if s["length"]:
        return Training(nn.Sequential(LSTM(o["lstm"]), nn.Linear(64, 10)), x, y, s["batch"], o)
    sizes = (784, *s["hidden"])
    hidden = [layer for pair in itertools.pairwise(sizes) for layer in (nn.Linear(*pair), nn.ReLU(inplace=True))]
    return Training(nn.Sequential(*hidden, nn.Linear(sizes[-1], 10)), x, y, s["batch"], o)
