"""Train the tutorial's network with PyTorch and write its history, as anyone's own training might.

python studies/programs/torch_blobs.py --batch-size 32 --lr 0.01 --seed 0 --epochs 50 --log log.csv
"""

import argparse
import csv

import torch
from sklearn.datasets import make_blobs
from torch import nn
from torch.nn.functional import cross_entropy

parser = argparse.ArgumentParser()
for flag, kind in {"--batch-size": int, "--lr": float, "--seed": int, "--epochs": int, "--log": str}.items():
    parser.add_argument(flag, type=kind, required=True)
options = parser.parse_args()

torch.manual_seed(options.seed)
torch.set_num_threads(1)  # small products are slower on more, and other runs want the other cores
x, y = make_blobs(n_samples=1000, centers=3, n_features=2, cluster_std=2, random_state=2)
x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y)
x_train, y_train, x_test, y_test = x[:500], y[:500], x[500:], y[500:]

model = nn.Sequential(nn.Linear(2, 50), nn.ReLU(), nn.Linear(50, 3))
nn.init.kaiming_uniform_(model[0].weight, nonlinearity="relu")
nn.init.xavier_uniform_(model[2].weight)
nn.init.zeros_(model[0].bias)
nn.init.zeros_(model[2].bias)
optimizer = torch.optim.SGD(model.parameters(), lr=options.lr, momentum=0.9)

with open(options.log, "w", newline="") as file:
    log = csv.writer(file)
    log.writerow(["epoch", "loss", "acc", "val_loss", "val_acc"])
    for epoch in range(options.epochs):
        loss_sum = hits = 0
        for rows in torch.randperm(len(y_train)).split(options.batch_size):
            logits = model(x_train[rows])
            loss = cross_entropy(logits, y_train[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss_sum += loss.item() * len(rows)
            hits += (logits.argmax(1) == y_train[rows]).sum().item()
        with torch.no_grad():
            logits = model(x_test)
        val_loss = cross_entropy(logits, y_test).item()
        val_acc = (logits.argmax(1) == y_test).sum().item() / len(y_test)
        log.writerow([epoch, loss_sum / len(y_train), hits / len(y_train), val_loss, val_acc])
