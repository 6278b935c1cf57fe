# The dataset of a study.


rule prepare_dataset:
    input:
        code=code("prepare_dataset.py"),
    output:
        "results/{study}/dataset.npz",
    params:
        data=part(lambda study, _: study.data),
    log:
        "results/{study}/logs/prepare_dataset.log",
    benchmark:
        "results/{study}/benchmarks/prepare_dataset.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        "../../envs/analysis.yaml"
    message:
        "Preparing the dataset of {wildcards.study}"
    script:
        "../scripts/prepare_dataset.py"
