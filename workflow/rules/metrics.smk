# What the histories of a study say: its metrics, its comparisons with a reference, what to take, and its claims.

# What was measured of the trainings on this split and on new ones, and what they got right row by row.
TRAININGS = {
    "replicates": "results/{study}/metrics/replicates.csv",
    "new_splits": "results/{study}/metrics/new_splits.csv",
    "rows": lambda wildcards: of_rows(study_of(wildcards), "rows"),
}


rule aggregate_metrics:
    input:
        histories=lambda wildcards: trained(study_of(wildcards), "history"),
        new_splits=lambda wildcards: of_rows(study_of(wildcards), "new_splits"),
        rows=lambda wildcards: of_rows(study_of(wildcards), "rows"),
        timings=lambda wildcards: timings(study_of(wildcards)),
        dataset=lambda wildcards: dataset(study_of(wildcards)),
    output:
        history="results/{study}/metrics/history.parquet",
        replicates="results/{study}/metrics/replicates.csv",
        new_splits="results/{study}/metrics/new_splits.csv",
        timing="results/{study}/metrics/timing.csv",
        summary="results/{study}/metrics/summary.csv",
    log:
        "results/{study}/logs/aggregate_metrics.log",
    benchmark:
        "results/{study}/benchmarks/aggregate_metrics.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("aggregate_metrics.py"),
        metrics=part(lambda study, _: study.aggregation),
    message:
        "Summing up the replicates of {wildcards.study}"
    script:
        "../scripts/aggregate_metrics.py"


rule compare_settings:
    input:
        **TRAININGS,
    output:
        "results/{study}/metrics/comparisons.csv",
    log:
        "results/{study}/logs/compare_settings.log",
    benchmark:
        "results/{study}/benchmarks/compare_settings.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("compare_settings.py"),
        comparisons=part(lambda study, _: study.comparisons),
    message:
        "Comparing the settings of {wildcards.study}"
    script:
        "../scripts/compare_settings.py"


rule recommend:
    input:
        **TRAININGS,
        summary="results/{study}/metrics/summary.csv",
        noise=lambda wildcards: tables_of_noise(study_of(wildcards)),
    output:
        page="results/{study}/metrics/recommendation.md",
        table="results/{study}/metrics/recommendation.csv",
    log:
        "results/{study}/logs/recommend.log",
    benchmark:
        "results/{study}/benchmarks/recommend.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("recommend.py"),
        study=part(lambda study, _: study.recommendation),
    message:
        "Recommending settings of {wildcards.study}"
    script:
        "../scripts/recommend.py"


rule judge_claims:
    input:
        measured=lambda wildcards: list(
            chain.from_iterable(measured(STUDIES[name]) for name in (wildcards.study, *study_of(wildcards).elsewhere))
        ),
        scaling=where_asked_for("scaling"),
        noise=where_asked_for("noise_scale_summary"),
    output:
        "results/{study}/metrics/claims.csv",
    log:
        "results/{study}/logs/judge_claims.log",
    benchmark:
        "results/{study}/benchmarks/judge_claims.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("judge_claims.py"),
        claims=part(lambda study, _: study.claims(STUDIES)),
    message:
        "Judging the claims of {wildcards.study}"
    script:
        "../scripts/judge_claims.py"


rule decompose_variance:
    input:
        "results/{study}/metrics/variance_trainings.csv",
    output:
        "results/{study}/metrics/variance.csv",
    log:
        "results/{study}/logs/decompose_variance.log",
    benchmark:
        "results/{study}/benchmarks/decompose_variance.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("decompose_variance.py"),
        score=part(lambda study, _: study.score),
    message:
        "Finding where the variance of {wildcards.study} comes from"
    script:
        "../scripts/decompose_variance.py"


rule sum_up_pace:
    input:
        lambda wildcards: paces(study_of(wildcards)),
    output:
        "results/{study}/metrics/pace.csv",
    log:
        "results/{study}/logs/sum_up_pace.log",
    benchmark:
        "results/{study}/benchmarks/sum_up_pace.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("sum_up_pace.py"),
        trainings=part(lambda study, _: study.timed),
    message:
        "Summing up the pace of {wildcards.study}"
    script:
        "../scripts/sum_up_pace.py"


rule find_steps_to_result:
    input:
        "results/{study}/metrics/history.parquet",
    output:
        steps="results/{study}/metrics/steps_to_result.csv",
        scaling="results/{study}/metrics/scaling.csv",
    log:
        "results/{study}/logs/find_steps_to_result.log",
    benchmark:
        "results/{study}/benchmarks/find_steps_to_result.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("find_steps_to_result.py"),
        steps=part(lambda study, _: study.steps),
    message:
        "Finding how many updates {wildcards.study} takes to its result"
    script:
        "../scripts/find_steps_to_result.py"


rule find_noise_scale:
    input:
        gradients="results/{study}/metrics/noise_scale_gradients.csv",
        scaling=where_asked_for("scaling"),
    output:
        noise="results/{study}/metrics/noise_scale.csv",
        summary="results/{study}/metrics/noise_scale_summary.csv",
    log:
        "results/{study}/logs/find_noise_scale.log",
    benchmark:
        "results/{study}/benchmarks/find_noise_scale.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("find_noise_scale.py"),
        noise=part(lambda study, _: study.noise),
    message:
        "Finding the gradient noise scale of {wildcards.study}"
    script:
        "../scripts/find_noise_scale.py"


rule map_rates:
    input:
        replicates="results/{study}/metrics/replicates.csv",
    output:
        "results/{study}/metrics/rates.csv",
    log:
        "results/{study}/logs/map_rates.log",
    benchmark:
        "results/{study}/benchmarks/map_rates.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("map_rates.py"),
        rates=part(lambda study, _: study.map_of_rates),
    message:
        "Mapping the learning rates of {wildcards.study}"
    script:
        "../scripts/map_rates.py"


rule compare_budgets:
    input:
        history="results/{study}/metrics/history.parquet",
        timings=lambda wildcards: timings(study_of(wildcards)),
    output:
        trainings="results/{study}/metrics/budget_trainings.csv",
        table="results/{study}/metrics/budgets.csv",
    log:
        "results/{study}/logs/compare_budgets.log",
    benchmark:
        "results/{study}/benchmarks/compare_budgets.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("compare_budgets.py"),
        budgets=part(lambda study, _: study.budgets | {"by_run": not study.of_rows}),
    message:
        "Comparing the batch sizes of {wildcards.study} at equal budgets"
    script:
        "../scripts/compare_budgets.py"
