# One training rule per batch size: the batch size shapes the compiled program, and a job is what gets a GPU.

for batch_size, studies in trainings().items():

    rule:
        name:
            f"train_batch_size_{batch_size}"
        input:
            dataset="results/{study}/dataset.npz",
            code=code("train.py"),
        output:
            history=f"results/{{study}}/history/batch_size_{batch_size}.parquet",
            timing=f"results/{{study}}/timing/batch_size_{batch_size}.csv",
        log:
            f"results/{{study}}/logs/train_batch_size_{batch_size}.log",
        benchmark:
            f"results/{{study}}/benchmarks/train_batch_size_{batch_size}.tsv"
        wildcard_constraints:
            study="|".join(study.name for study in studies),
        priority: max(study.updates(batch_size) for study in studies)  # the longest starts first
        conda:
            "../../envs/training.yaml"
        threads: 1
        resources:
            gpu=GPU_PER_JOB,
            mem_mb=3000,
            runtime=60,
        params:
            # The default argument keeps this turn's batch size; a plain closure would see the loop's last one.
            training=part(lambda study, _, batch_size=batch_size: study.training(batch_size)),
        message:
            f"Training {{wildcards.study}} at batch size {batch_size}"
        script:
            "../scripts/train.py"


rule train_ensembles:
    input:
        dataset="results/{study}/dataset.npz",
        code=code("train_ensembles.py"),
    output:
        "results/{study}/metrics/ensembles.csv",
    log:
        "results/{study}/logs/train_ensembles.log",
    benchmark:
        "results/{study}/benchmarks/train_ensembles.tsv"
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        gpu=GPU_PER_JOB,
        mem_mb=3000,
        runtime=60,
    params:
        training=part(lambda study, _: study.ensembles),
    message:
        "Training the ensembles of {wildcards.study}"
    script:
        "../scripts/train_ensembles.py"
