# The dataset of a study, and its new splits.


rule prepare_dataset:
    input:
        where_they_are(lambda study: study.data_files),
    output:
        dataset="results/{study}/dataset.npz",
        description="results/{study}/dataset.json",
    log:
        "results/{study}/logs/prepare_dataset.log",
    benchmark:
        "results/{study}/benchmarks/prepare_dataset.tsv"
    wildcard_constraints:
        study=named(KERAS),
    localrule: True
    conda:
        training_env
    threads: 1
    resources:
        mem_mb=memory,
        runtime=10,
    params:
        code=code("prepare_dataset.py"),
        data=part(lambda study, _: study.data),
        files=content(lambda study: study.data_files),
    message:
        "Preparing the dataset of {wildcards.study}"
    script:
        "../scripts/prepare_dataset.py"


rule draw_splits:
    input:
        where_they_are(lambda study: study.data_files),
    output:
        "results/{study}/splits.npz",
    log:
        "results/{study}/logs/draw_splits.log",
    benchmark:
        "results/{study}/benchmarks/draw_splits.tsv"
    localrule: True
    conda:
        training_env
    threads: 1
    resources:
        mem_mb=memory,
        runtime=10,
    params:
        code=code("draw_splits.py"),
        splits=part(lambda study, _: study.splits),
        files=content(lambda study: study.data_files),
    message:
        "Drawing the new splits of {wildcards.study}"
    script:
        "../scripts/draw_splits.py"
