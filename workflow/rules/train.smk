# One training rule per batch size: the batch size shapes the compiled program, and a job is what gets a GPU.

GPUS = len(visible_gpus())
GPU_PER_JOB = min(GPUS, 1) if config["resources"]["gpu"] == "auto" else config["resources"]["gpu"]
if GPUS and workflow.local_exec and "gpu" not in workflow.global_resources:
    # No more GPU jobs at once than there are GPUs; `--resources gpu=N` says otherwise.
    workflow.register_resource("gpu", GPUS)


def studies_with(batch_size):
    return [study for study in STUDIES.values() if batch_size in study.settings]


def updates(batch_size):
    """Orders the training jobs: the longest should start first."""
    return max(study.updates(batch_size) for study in studies_with(batch_size))


for batch_size in {batch_size: None for study in STUDIES.values() for batch_size in study.settings}:

    rule:
        name:
            f"train_batch_size_{batch_size}"
        input:
            dataset="results/{study}/dataset.npz",
            code=code("train.py"),
        output:
            history=f"results/{{study}}/history/batch_size_{batch_size}.parquet",
            timing=f"results/{{study}}/timing/batch_size_{batch_size}.csv",
        params:
            # The default argument keeps this turn's batch size; a plain closure would see the loop's last one.
            training=part(lambda study, _, batch_size=batch_size: study.training(batch_size)),
        log:
            f"results/{{study}}/logs/train_batch_size_{batch_size}.log",
        benchmark:
            f"results/{{study}}/benchmarks/train_batch_size_{batch_size}.tsv"
        wildcard_constraints:
            study="|".join(study.name for study in studies_with(batch_size)),
        priority: updates(batch_size)
        threads: 1
        resources:
            gpu=GPU_PER_JOB,
            mem_mb=3000,
            runtime=60,
        conda:
            "../../envs/training.yaml"
        message:
            f"Training {{wildcards.study}} at batch size {batch_size}"
        script:
            "../scripts/train.py"
