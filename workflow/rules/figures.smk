# The figures of a study, each in every configured format.


rule plot_dataset:
    input:
        dataset="results/{study}/dataset.npz",
        code=code("plot_dataset.py"),
    output:
        figure("dataset"),
    log:
        "results/{study}/logs/plot_dataset.log",
    benchmark:
        "results/{study}/benchmarks/plot_dataset.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        figure=part(lambda study, _: {"title": study.title}),
    message:
        "Plotting the dataset of {wildcards.study}"
    script:
        "../scripts/plot_dataset.py"


rule plot_learning_curve:
    input:
        history="results/{study}/metrics/history.parquet",
        summary="results/{study}/metrics/summary.csv",
        code=code("plot_learning_curve.py"),
    output:
        figure("learning_curve_{curve}"),
    log:
        "results/{study}/logs/plot_learning_curve_{curve}.log",
    benchmark:
        "results/{study}/benchmarks/plot_learning_curve_{curve}.tsv"
    wildcard_constraints:
        curve="[A-Za-z0-9_-]+",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        figure=part(lambda study, wildcards: study.curve(wildcards.curve)),
    message:
        "Plotting the learning curve {wildcards.curve} of {wildcards.study}"
    script:
        "../scripts/plot_learning_curve.py"


rule plot_batch_sizes:
    input:
        history="results/{study}/metrics/history.parquet",
        summary="results/{study}/metrics/summary.csv",
        code=code("plot_batch_sizes.py"),
    output:
        figure("batch_sizes"),
    log:
        "results/{study}/logs/plot_batch_sizes.log",
    benchmark:
        "results/{study}/benchmarks/plot_batch_sizes.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        figure=part(lambda study, _: study.panels),
    message:
        "Plotting a panel per batch size of {wildcards.study}"
    script:
        "../scripts/plot_batch_sizes.py"
