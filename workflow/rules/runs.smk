# Histories that others make: the runs of a user's program, one training rule per batch size as for Keras, the reading of
# what they wrote or of runs that are there, and `snakemake STUDY_check`, which tries both.

for study in PROGRAMS:
    folder = f"results/{study.name}"
    for batch_size in study.trainings:

        rule:
            name:
                training_rule(study, batch_size)
            input:
                where_they_are(lambda study: study.files, only=study),
            output:
                about=f"{folder}/{study.about_runs(batch_size)}",
                runs=[f"{folder}/{path}" for path in study.run_files(batch_size)],
            log:
                f"{folder}/logs/train_batch_size_{batch_size}.log",
            benchmark:
                f"{folder}/benchmarks/train_batch_size_{batch_size}.tsv"
            group:
                packed(study.resources["runtime"]) if "runtime" in study.resources else None
            conda:
                env_of_program(study)
            container:
                study.container
            threads: study.resources["threads"]
            resources:
                **of_program(study),
                training=1,
                trainings=len(study.run_files(batch_size)),
            params:
                code=code("run_program.py"),
                program=part(lambda study, _, batch_size=batch_size: study.program(batch_size), only=study),
                files=content(lambda study: study.files, only=study),
            message:
                f"Running the program of {study.name} at batch size {batch_size} (progress in {{log}})"
            script:
                "../scripts/run_program.py"

    rule:
        name:
            f"try_{study.name}"
        input:
            where_they_are(lambda study: study.files, only=study),
        output:
            about=str(study.trial_file.with_suffix(".json")),
            runs=[str(study.trial_file)],
        log:
            f"{folder}/logs/try.log",
        conda:
            env_of_program(study)
        container:
            study.container
        threads: study.resources["threads"]
        resources:
            **of_program(study),
        params:
            code=code("run_program.py"),
            program=part(lambda study, _: study.trial, only=study),
            files=content(lambda study: study.files, only=study),
        message:
            f"Trying the program of {study.name} (what it says is in {{log}})"
        script:
            "../scripts/run_program.py"


rule read_histories:
    input:
        unpack(run_files),
    output:
        history="results/{study}/history/batch_size_{training}.parquet",
        timing="results/{study}/timing/batch_size_{training}.csv",
        remarks="results/{study}/runs/batch_size_{training}.json",
    log:
        "results/{study}/logs/read_batch_size_{training}.log",
    wildcard_constraints:
        study=named(RUNS),
        training="[0-9]+|full",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("read_histories.py"),
        reading=part(lambda study, wildcards: study.reading(wildcards.training)),
    message:
        "Reading the histories of {wildcards.study} at batch size {wildcards.training}"
    script:
        "../scripts/read_histories.py"


rule describe_runs:
    input:
        histories=lambda wildcards: trained(study_of(wildcards), "history"),
        remarks=lambda wildcards: trained(study_of(wildcards), "runs", suffix="json"),
    output:
        "results/{study}/dataset.json",
    log:
        "results/{study}/logs/describe_runs.log",
    wildcard_constraints:
        study=named(RUNS),
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("describe_runs.py"),
        description=part(lambda study, _: study.description),
    message:
        "Describing the runs of {wildcards.study}"
    script:
        "../scripts/describe_runs.py"


for study in RUNS:

    rule:
        name:
            f"{study.name}_check"
        input:
            tried=[str(study.trial_file)] if study in PROGRAMS else [],
            files=where_they_are(lambda study: study.files, only=study),
        log:
            f"results/{study.name}/logs/check.log",
        localrule: True
        conda:
            "../../envs/analysis.yaml"
        threads: 1
        params:
            code=code("check_runs.py"),
            check=part(lambda study, _: study.check, only=study),
        message:
            f"What was read of {study.name}"
        script:
            "../scripts/check_runs.py"
