# The figures of a study, each in every configured format.


def figure(name):
    """The files of a figure; {study} and other wildcards are left to Snakemake."""
    return [f"results/{{study}}/figures/{name}.{suffix}" for suffix in FORMATS]


def results(study):
    """All that a study ends in."""
    names = ["dataset", "batch_sizes", *(f"learning_curve_{name}" for name in study.spec["learning_curves"])]
    figures = [path.format(study=study.name) for name in names for path in figure(name)]
    return [f"results/{study.name}/metrics/summary.csv", *figures]


rule plot_dataset:
    input:
        dataset="results/{study}/dataset.npz",
        code=code("plot_dataset.py"),
    output:
        figure("dataset"),
    params:
        figure=part(lambda study, _: {"title": study.title}),
    log:
        "results/{study}/logs/plot_dataset.log",
    benchmark:
        "results/{study}/benchmarks/plot_dataset.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        "../../envs/analysis.yaml"
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
    params:
        figure=part(lambda study, wildcards: study.curve(wildcards.curve)),
    log:
        "results/{study}/logs/plot_learning_curve_{curve}.log",
    benchmark:
        "results/{study}/benchmarks/plot_learning_curve_{curve}.tsv"
    wildcard_constraints:
        curve="[A-Za-z0-9_-]+",
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        "../../envs/analysis.yaml"
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
    params:
        figure=part(lambda study, _: study.panels),
    log:
        "results/{study}/logs/plot_batch_sizes.log",
    benchmark:
        "results/{study}/benchmarks/plot_batch_sizes.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        "../../envs/analysis.yaml"
    message:
        "Plotting a panel per batch size of {wildcards.study}"
    script:
        "../scripts/plot_batch_sizes.py"
