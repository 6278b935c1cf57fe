# All histories of a study together, and what they say.


rule aggregate_metrics:
    input:
        histories=lambda wildcards: [
            f"results/{wildcards.study}/history/batch_size_{batch_size}.parquet"
            for batch_size in study_of(wildcards).settings
        ],
        timings=lambda wildcards: [
            f"results/{wildcards.study}/timing/batch_size_{batch_size}.csv"
            for batch_size in study_of(wildcards).settings
        ],
        code=code("aggregate_metrics.py"),
    output:
        history="results/{study}/metrics/history.parquet",
        summary="results/{study}/metrics/summary.csv",
    log:
        "results/{study}/logs/aggregate_metrics.log",
    benchmark:
        "results/{study}/benchmarks/aggregate_metrics.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        metrics=part(lambda study, _: study.metrics),
    message:
        "Summing up the replicates of {wildcards.study}"
    script:
        "../scripts/aggregate_metrics.py"
