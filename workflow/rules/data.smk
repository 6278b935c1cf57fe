# The dataset of a study.


rule prepare_dataset:
    input:
        lambda wildcards: study_of(wildcards).data_files,
    output:
        "results/{study}/dataset.npz",
    log:
        "results/{study}/logs/prepare_dataset.log",
    benchmark:
        "results/{study}/benchmarks/prepare_dataset.tsv"
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
