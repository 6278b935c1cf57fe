"""What the workflow says of runs that are read: how long one took, and of batch sizes with the same measures."""

import yaml

PROGRAM = """
import csv, random, sys
seed, epochs, history, _ = sys.argv[1:]
draw = random.Random(seed)
with open(history, "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["epoch", "test_loss", "test_accuracy", "seconds"])
    writer.writerows([epoch, draw.random(), draw.random(), 2.5 * epoch] for epoch in range(1, int(epochs) + 1))
"""
STUDY = """
studies:
  mine:
    program: {command: "python train.py {seed} {epochs} {history} {batch_size}"}
    train_rows: 100
    epochs: 8
    replicates: 2
    batch_sizes: [8, 16]
    learning_rates: [0.1]
"""


def test_a_check_says_what_seconds_mean_and_a_batch_size_that_is_not_used_is_told(make_checkout):
    checkout = make_checkout(yaml.safe_dump(yaml.safe_load(STUDY), sort_keys=False))
    (checkout.folder / "train.py").write_text(PROGRAM)
    assert "mine: the first run took 5 s, by what it wrote" in checkout.run("mine_check", "--cores", "2")
    done = checkout.snakemake("--cores", "2", "results/mine/dataset.json")
    assert done.returncode == 1
    told = "batch size 16, learning rate 0.1, replicate 1: has the very same measures as batch size 8, "
    assert told + "learning rate 0.1, replicate 1; is {batch_size} used by the program?" in done.stdout + done.stderr
