"""The workloads in plain PyTorch, as somebody who knows it would write them for a CPU."""

from __future__ import annotations

import torch
import torch.nn.functional as F
import workloads
from torch import nn


class MultiHead(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.qkv, self.out, self.heads = nn.Linear(width, 3 * width), nn.Linear(width, width), heads

    def forward(self, x):
        n, t, w = x.shape
        q, k, v = self.qkv(x).view(n, t, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.out(y.transpose(1, 2).reshape(n, t, w))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.n1, self.attention, self.n2 = nn.LayerNorm(128), MultiHead(128, 4), nn.LayerNorm(128)
        self.mlp = nn.Sequential(nn.Linear(128, 512), nn.ReLU(), nn.Linear(512, 128))

    def forward(self, x):
        x = x + self.attention(self.n1(x))
        return x + self.mlp(self.n2(x))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64)
        self.c2, self.b2 = nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64)

    def forward(self, x):
        y = F.relu(self.b1(self.c1(x)))
        return F.relu(self.b2(self.c2(y)) + x).mean((2, 3))


class LSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTM(1, 64, batch_first=True)

    def forward(self, x):
        return self.cell(x)[0][:, -1]


class Mean(nn.Module):
    def forward(self, x):
        return x.mean(1)


def body(name: str):
    if name == "mlp":
        return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Dropout(0.2), nn.Linear(512, 256), nn.ReLU(), nn.Dropout(0.2)), 256
    if name == "tiny_mlp":
        return nn.Sequential(nn.Linear(4, 16), nn.ReLU()), 16
    if name == "mnist_cnn":
        layers = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)]
        return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.5)), 1600
    if name == "cifar_cnn":
        layers = [nn.Conv2d(3, 64, 3), nn.ReLU(), nn.BatchNorm2d(64), nn.MaxPool2d(2)]
        layers += [nn.Conv2d(64, 64, 3), nn.ReLU(), nn.BatchNorm2d(64), nn.MaxPool2d(2)]
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(2304, 64), nn.ReLU(), nn.Dropout(0.25)), 64
    if name == "residual":
        return Residual(), 64
    if name == "lstm":
        return LSTM(), 64
    return nn.Sequential(Block(), Block(), Mean()), 128


class Raw:
    def __init__(self, name: str):
        shape, classes, self.batch, self.steps = workloads.SHAPES[name]
        x, y = workloads.data(name)
        self.x, self.y = torch.from_numpy(x), torch.from_numpy(y).long()
        inner, width = body(name)
        self.model = nn.Sequential(inner, nn.Linear(width, classes))
        if len(shape) == 3:
            self.x = self.x.permute(0, 3, 1, 2)  # the data's own memory order is channels_last
            self.model = self.model.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(self.model.parameters(), fused=True)

    def epoch(self):
        self.model.train()
        order = torch.randperm(len(self.x))
        right = torch.zeros((), dtype=torch.long)
        for i in range(self.steps):
            index = order[i * self.batch : (i + 1) * self.batch]
            x, y = self.x[index], self.y[index]
            self.optimizer.zero_grad()
            scores = self.model(x)
            F.cross_entropy(scores, y).backward()
            self.optimizer.step()
            right += (scores.detach().argmax(-1) == y).sum()
        return right.item()

    @torch.no_grad()
    def predict_one(self):
        self.model.eval()
        return self.model(self.x[:1]).softmax(-1).numpy()
