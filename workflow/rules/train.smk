# One training rule per batch size: the batch size shapes the compiled program, and a job is what gets a GPU.

for (batch_size, predicts), studies in trainings().items():
    # Snakemake finds the rule of a file by the path up to the first wildcard: of thousands of rules quickly where one
    # study alone trains a batch size, and its name can stand there.
    folder, who = ("results/{study}", "{wildcards.study}")
    if len(studies) == 1:
        folder, who = (f"results/{studies[0].name}", studies[0].name)

    rule:
        name:
            f"train_batch_size_{batch_size}" + "_and_predict" * predicts
        input:
            dataset=f"{folder}/dataset.npz",
            splits=lambda wildcards, only=studies[0]: splits(study_of(wildcards, only)),
            model=where_they_are(lambda study: study.model_files, only=studies[0]),
        output:
            **({"predictions": f"{folder}/predictions/batch_size_{batch_size}.parquet"} if predicts else {}),
            history=f"{folder}/history/batch_size_{batch_size}.parquet",
            timing=f"{folder}/timing/batch_size_{batch_size}.csv",
            rows=f"{folder}/rows/batch_size_{batch_size}.parquet",
            new_splits=f"{folder}/new_splits/batch_size_{batch_size}.parquet",
            network=f"{folder}/network/batch_size_{batch_size}.npz",
        log:
            f"{folder}/logs/train_batch_size_{batch_size}.log",
        benchmark:
            f"{folder}/benchmarks/train_batch_size_{batch_size}.tsv"
        wildcard_constraints:
            study=named(studies),
        priority: max(study.seconds(batch_size) for study in studies)  # the longest starts first
        # Default arguments keep this turn's values; a plain closure would see the loop's last ones.
        group:
            lambda wildcards, batch_size=batch_size, only=studies[0]: packed(
                study_of(wildcards, only).minutes(batch_size)
            )
        conda:
            training_env
        threads: 1
        resources:
            gpu=gpus,
            mem_mb=memory,
            stack_mb=config["resources"]["mem_mb"],
            runtime=lambda wildcards, attempt, batch_size=batch_size, only=studies[0]: (
                attempt * study_of(wildcards, only).minutes(batch_size)
            ),
            training=1,  # a limit on these lets the trainings of a group run one after the other
            trainings=lambda wildcards, batch_size=batch_size, only=studies[0]: (
                study_of(wildcards, only).count(batch_size)
            ),
        params:
            code=code("train.py"),
            training=part(lambda study, _, batch_size=batch_size: study.training(batch_size), only=studies[0]),
            files=content(lambda study: study.model_files, only=studies[0]),
        message:
            f"Training {who} at batch size {batch_size} (progress in {{log}})"
        script:
            "../scripts/train.py"


rule train_ensembles:
    input:
        dataset="results/{study}/dataset.npz",
        model=where_they_are(lambda study: study.model_files),
    output:
        "results/{study}/metrics/ensembles.csv",
    log:
        "results/{study}/logs/train_ensembles.log",
    benchmark:
        "results/{study}/benchmarks/train_ensembles.tsv"
    conda:
        training_env
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=memory,
        stack_mb=config["resources"]["mem_mb"],
        runtime=lambda wildcards, attempt: attempt * study_of(wildcards).minutes_of_ensembles,
        training=1,
        trainings=lambda wildcards: study_of(wildcards).count_of_ensembles,
    params:
        code=code("train_ensembles.py"),
        training=part(lambda study, _: study.ensembles),
        files=content(lambda study: study.model_files),
    message:
        "Training the ensembles of {wildcards.study}"
    script:
        "../scripts/train_ensembles.py"


rule train_noise_scale:
    input:
        dataset="results/{study}/dataset.npz",
        model=where_they_are(lambda study: study.model_files),
    output:
        "results/{study}/metrics/noise_scale_gradients.csv",
    log:
        "results/{study}/logs/train_noise_scale.log",
    benchmark:
        "results/{study}/benchmarks/train_noise_scale.tsv"
    conda:
        training_env
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=memory,
        stack_mb=config["resources"]["mem_mb"],
        runtime=lambda wildcards, attempt: attempt * study_of(wildcards).minutes_of_noise_scale,
        training=1,
        trainings=lambda wildcards: study_of(wildcards).spec["replicates"],
    params:
        code=code("train_noise_scale.py"),
        training=part(lambda study, _: study.noise_scale),
        files=content(lambda study: study.model_files),
    message:
        "Measuring the gradient noise scale of {wildcards.study}"
    script:
        "../scripts/train_noise_scale.py"


rule train_variance:
    input:
        dataset="results/{study}/dataset.npz",
        splits="results/{study}/splits.npz",
        model=where_they_are(lambda study: study.model_files),
    output:
        "results/{study}/metrics/variance_trainings.csv",
    log:
        "results/{study}/logs/train_variance.log",
    benchmark:
        "results/{study}/benchmarks/train_variance.tsv"
    conda:
        training_env
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=memory,
        stack_mb=config["resources"]["mem_mb"],
        runtime=lambda wildcards, attempt: attempt * study_of(wildcards).minutes_of_variance,
        training=1,
        trainings=lambda wildcards: study_of(wildcards).count_of_variance,
    params:
        code=code("train_variance.py"),
        training=part(lambda study, _: study.variance),
        files=content(lambda study: study.model_files),
    message:
        "Training a crossed design of {wildcards.study}"
    script:
        "../scripts/train_variance.py"


rule measure_pace:
    input:
        dataset="results/{study}/dataset.npz",
        model=where_they_are(lambda study: study.model_files),
    output:
        "results/{study}/pace/process_{process}.csv",
    log:
        "results/{study}/logs/measure_pace_{process}.log",
    benchmark:
        "results/{study}/benchmarks/measure_pace_{process}.tsv"
    wildcard_constraints:
        process=r"\d+",
    conda:
        training_env
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=memory,
        stack_mb=config["resources"]["mem_mb"],
        runtime=lambda wildcards, attempt: attempt * study_of(wildcards).minutes_of_pace,
        training=1,
    params:
        code=code("measure_pace.py"),
        probe=part(lambda study, _: study.pace),
        files=content(lambda study: study.model_files),
    message:
        "Measuring the pace of {wildcards.study}, process {wildcards.process}"
    script:
        "../scripts/measure_pace.py"


rule keep_model:
    input:
        dataset="results/{study}/dataset.npz",
        data=where_they_are(lambda study: study.data_files),
        model=where_they_are(lambda study: study.model_files),
        ranked="results/{study}/metrics/recommendation.csv",
        replicates="results/{study}/metrics/replicates.csv",
    output:
        model="results/{study}/model/model.keras",
        preprocessing="results/{study}/model/preprocessing.joblib",
        about="results/{study}/model/model.json",
        readme="results/{study}/model/README.md",
    log:
        "results/{study}/logs/keep_model.log",
    benchmark:
        "results/{study}/benchmarks/keep_model.tsv"
    conda:
        training_env
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=memory,
        stack_mb=config["resources"]["mem_mb"],
        runtime=lambda wildcards, attempt: attempt * study_of(wildcards).minutes_of_model,
        training=1,
    params:
        code=code("keep_model.py"),
        kept=part(lambda study, _: study.kept),
        files=content(lambda study: study.files),
    message:
        "Keeping the recommended model of {wildcards.study}"
    script:
        "../scripts/keep_model.py"
