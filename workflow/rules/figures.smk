# The figures of a study, each in every configured format.

# How they look, as a parameter: all that the config says of figures but their formats.
LOOK = text({key: value for key, value in config["figures"].items() if key != "formats"})


rule plot_dataset:
    input:
        dataset="results/{study}/dataset.npz",
    output:
        figure("dataset", caption="dataset"),
    log:
        "results/{study}/logs/plot_dataset.log",
    benchmark:
        "results/{study}/benchmarks/plot_dataset.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=memory,
        runtime=10,
    params:
        code=code("plot_dataset.py"),
        look=LOOK,
        figure=part(lambda study, _: {"title": study.title}),
    message:
        "Plotting the dataset of {wildcards.study}"
    script:
        "../scripts/plot_dataset.py"


rule plot_learning_curve:
    input:
        history="results/{study}/metrics/history.parquet",
        summary="results/{study}/metrics/summary.csv",
    output:
        figure("learning_curve_{curve}", caption="learning_curve"),
    log:
        "results/{study}/logs/plot_learning_curve_{curve}.log",
    benchmark:
        "results/{study}/benchmarks/plot_learning_curve_{curve}.tsv"
    wildcard_constraints:
        curve="[A-Za-z0-9_-]+",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("plot_learning_curve.py"),
        look=LOOK,
        figure=part(lambda study, wildcards: study.curve(wildcards.curve)),
    message:
        "Plotting the learning curve {wildcards.curve} of {wildcards.study}"
    script:
        "../scripts/plot_learning_curve.py"


rule plot_batch_sizes:
    input:
        history="results/{study}/metrics/history.parquet",
        summary="results/{study}/metrics/summary.csv",
    output:
        figure("batch_sizes", caption="batch_sizes"),
    log:
        "results/{study}/logs/plot_batch_sizes.log",
    benchmark:
        "results/{study}/benchmarks/plot_batch_sizes.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("plot_batch_sizes.py"),
        look=LOOK,
        figure=part(lambda study, _: study.panels),
    message:
        "Plotting a panel per batch size of {wildcards.study}"
    script:
        "../scripts/plot_batch_sizes.py"


rule plot_measures:
    input:
        replicates=lambda wildcards: metrics_of(study_of(wildcards).drawn(wildcards.measures), "replicates"),
        timing=lambda wildcards: metrics_of(study_of(wildcards).drawn_with_pace(wildcards.measures), "timing"),
        summary=lambda wildcards: metrics_of(study_of(wildcards).drawn(wildcards.measures), "summary"),
        comparisons=lambda wildcards: metrics_of(
            study_of(wildcards).drawn_with_differences(wildcards.measures), "comparisons"
        ),
    output:
        figure("{measures}", caption="measures"),
    log:
        "results/{study}/logs/plot_{measures}.log",
    benchmark:
        "results/{study}/benchmarks/plot_{measures}.tsv"
    wildcard_constraints:
        measures="final_(accuracy|loss|balanced_accuracy|f1_macro|roc_auc)|volatility|time_to_target|answer_[A-Za-z0-9_-]+",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("plot_measures.py"),
        look=LOOK,
        figure=part(lambda study, wildcards: study.overview(wildcards.measures, STUDIES)),
    message:
        "Plotting {wildcards.measures} of {wildcards.study}"
    script:
        "../scripts/plot_measures.py"


rule plot_which_is_best:
    input:
        ranked="results/{study}/metrics/recommendation.csv",
        summary="results/{study}/metrics/summary.csv",
    output:
        figure("which_is_best", caption="which_is_best"),
    log:
        "results/{study}/logs/plot_which_is_best.log",
    benchmark:
        "results/{study}/benchmarks/plot_which_is_best.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("plot_which_is_best.py"),
        look=LOOK,
        figure=part(lambda study, _: study.best),
    message:
        "Plotting which setting of {wildcards.study} is best"
    script:
        "../scripts/plot_which_is_best.py"


rule plot_ensembles:
    input:
        ensembles="results/{study}/metrics/ensembles.csv",
    output:
        figure("ensembles", caption="ensembles"),
    log:
        "results/{study}/logs/plot_ensembles.log",
    benchmark:
        "results/{study}/benchmarks/plot_ensembles.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("plot_ensembles.py"),
        look=LOOK,
        figure=part(lambda study, _: {"title": study.title, "seed": study.spec["seed"]}),
    message:
        "Plotting the ensembles of {wildcards.study}"
    script:
        "../scripts/plot_ensembles.py"


rule plot_variance:
    input:
        "results/{study}/metrics/variance.csv",
    output:
        figure("variance", caption="variance"),
    log:
        "results/{study}/logs/plot_variance.log",
    benchmark:
        "results/{study}/benchmarks/plot_variance.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("plot_variance.py"),
        look=LOOK,
        figure=part(lambda study, _: {"title": study.title, "score": study.score}),
    message:
        "Plotting where the variance of {wildcards.study} comes from"
    script:
        "../scripts/plot_variance.py"


rule plot_pace:
    input:
        "results/{study}/metrics/pace.csv",
    output:
        figure("pace", caption="pace"),
    log:
        "results/{study}/logs/plot_pace.log",
    benchmark:
        "results/{study}/benchmarks/plot_pace.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("plot_pace.py"),
        look=LOOK,
        figure=part(lambda study, _: {"title": study.title}),
    message:
        "Plotting the pace of {wildcards.study}"
    script:
        "../scripts/plot_pace.py"


rule plot_steps_to_result:
    input:
        steps="results/{study}/metrics/steps_to_result.csv",
        scaling="results/{study}/metrics/scaling.csv",
    output:
        figure("steps_to_result", caption="steps_to_result"),
    log:
        "results/{study}/logs/plot_steps_to_result.log",
    benchmark:
        "results/{study}/benchmarks/plot_steps_to_result.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("plot_steps_to_result.py"),
        look=LOOK,
        figure=part(lambda study, _: study.steps_figure),
    message:
        "Plotting how many updates {wildcards.study} takes to its result"
    script:
        "../scripts/plot_steps_to_result.py"


rule plot_rates:
    input:
        rates="results/{study}/metrics/rates.csv",
        summary="results/{study}/metrics/summary.csv",
        ranked="results/{study}/metrics/recommendation.csv",
    output:
        figure("rates", caption="rates"),
    log:
        "results/{study}/logs/plot_rates.log",
    benchmark:
        "results/{study}/benchmarks/plot_rates.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("plot_rates.py"),
        look=LOOK,
        figure=part(lambda study, _: {"title": study.title, "score": study.score, "part": study.chosen_on}),
    message:
        "Plotting the learning rates of {wildcards.study}"
    script:
        "../scripts/plot_rates.py"


rule plot_budgets:
    input:
        "results/{study}/metrics/budgets.csv",
    output:
        figure("budgets", caption="budgets"),
    log:
        "results/{study}/logs/plot_budgets.log",
    benchmark:
        "results/{study}/benchmarks/plot_budgets.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("plot_budgets.py"),
        look=LOOK,
        figure=part(lambda study, _: {"title": study.title, "score": study.score}),
    message:
        "Plotting the batch sizes of {wildcards.study} at equal budgets"
    script:
        "../scripts/plot_budgets.py"


rule plot_curves:
    input:
        lambda wildcards: [
            f"results/{study}/metrics/history.parquet" for study in study_of(wildcards).drawn(wildcards.curves)
        ],
    output:
        figure("{curves}", caption="curves"),
    log:
        "results/{study}/logs/plot_{curves}.log",
    benchmark:
        "results/{study}/benchmarks/plot_{curves}.tsv"
    wildcard_constraints:
        curves="curves_[A-Za-z0-9_-]+",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("plot_curves.py"),
        look=LOOK,
        figure=part(lambda study, wildcards: study.curves(wildcards.curves, STUDIES)),
    message:
        "Plotting {wildcards.curves} of {wildcards.study}"
    script:
        "../scripts/plot_curves.py"


rule plot_noise_scale:
    input:
        noise="results/{study}/metrics/noise_scale.csv",
        summary="results/{study}/metrics/noise_scale_summary.csv",
        scaling=where_asked_for("scaling"),
    output:
        figure("noise_scale", caption="noise_scale"),
    log:
        "results/{study}/logs/plot_noise_scale.log",
    benchmark:
        "results/{study}/benchmarks/plot_noise_scale.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("plot_noise_scale.py"),
        look=LOOK,
        figure=part(lambda study, _: {"title": study.title}),
    message:
        "Plotting the gradient noise scale of {wildcards.study}"
    script:
        "../scripts/plot_noise_scale.py"
