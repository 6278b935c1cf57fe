"""Studies of hundreds to thousands of settings: what planning takes, what Snakemake adds to a job, the cluster's jobs.

Nothing is trained: a stand-in for each script writes files of the right names.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
STUDY = """
  scale_{index}:
    dataset: {{make_blobs: {{n_samples: 30000, centers: 3, random_state: 2}}}}
    split: {{train: 15000}}
    model: []
    optimizer: SGD
    epochs: 2
    replicates: 2
    batch_sizes: {batch_sizes}
    learning_rates: [0.01]
"""
STAND_IN = """
for path in snakemake.output:
    open(path, "w").close()
"""


def make_checkout(folder: Path, studies: int, batch_sizes: int) -> None:
    for name in ("workflow", "profiles", "envs"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy2(ROOT / "Snakefile", folder)
    text = "".join(STUDY.format(index=index, batch_sizes=list(range(1, batch_sizes + 1))) for index in range(studies))
    (folder / "config.yaml").write_text(f"studies:{text}")
    for script in ("prepare_dataset", "train", "aggregate_metrics"):
        (folder / f"workflow/scripts/{script}.py").write_text(STAND_IN)


def run(folder: Path, *arguments: str) -> tuple[float, float, str]:
    """Seconds, megabytes at most, and what Snakemake printed."""
    with open(folder / "printed.log", "w+") as printed:
        begin = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "snakemake", *arguments], cwd=folder, stdout=printed, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        printed.seek(0)
        text = printed.read()
    if status:
        sys.exit(text)
    return seconds, usage.ru_maxrss / 1024, text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=int, default=1000, help="run studies of up to so many settings (%(default)s)")
    most = parser.parse_args().run
    print(f"{os.cpu_count()} cores")
    print("| studies | settings each | jobs | planning, s | memory, MB | all jobs, s | per job, ms | cluster jobs |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for studies, batch_sizes in ((1, 100), (1, 1000), (100, 10), (350, 17), (1, 10000), (1000, 10)):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            make_checkout(folder, studies, batch_sizes)
            targets = [f"results/scale_{index}/metrics/history.parquet" for index in range(studies)]
            run(folder, "--dry-run", "--quiet", "all", "--", targets[0])  # scikit-learn and Keras are asked once
            planning, memory, _ = run(folder, "--dry-run", "--quiet", "all", "--", *targets)
            _, _, printed = run(folder, "--dry-run", "--profile", "profiles/slurm", "--", *targets)
            jobs = studies * (batch_sizes + 2)
            running = per_job = ""
            if studies * batch_sizes <= most:
                seconds, _, _ = run(folder, "--quiet", "all", "--", *targets)
                running, per_job = f"{seconds:.0f}", f"{1000 * (seconds - planning) / jobs:.0f}"
        cells = (studies, batch_sizes, jobs, f"{planning:.1f}", f"{memory:.0f}", running, per_job)
        print(f"| {' | '.join(map(str, cells))} | {printed.count('Group job ')} |", flush=True)


if __name__ == "__main__":
    main()
