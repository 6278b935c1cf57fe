# The tables, the provenance and the page of a study, the front of all studies, and Snakemake's report of them.


rule make_tables:
    input:
        dataset="results/{study}/dataset.json",
        summary="results/{study}/metrics/summary.csv",
        pace=where_asked_for("pace"),
        comparisons="results/{study}/metrics/comparisons.csv",
        claims="results/{study}/metrics/claims.csv",
        recommendation="results/{study}/metrics/recommendation.csv",
        variance=where_asked_for("variance"),
        timings=lambda wildcards: timings(study_of(wildcards)),
        files=where_they_are(lambda study: study.files),
        templates=for_report("table.html.jinja", "page.html.jinja", "parts.html.jinja", "page.css"),
    output:
        dataset=in_report("results/{study}/tables/dataset.html", "Tables", "data"),
        summary=in_report("results/{study}/tables/summary.html", "Tables", "summary"),
        comparisons=in_report("results/{study}/tables/comparisons.html", "Tables", "comparisons"),
        claims=in_report("results/{study}/tables/claims.html", "Tables", "claims"),
        methods=in_report("results/{study}/tables/methods.html", "Tables", "methods"),
        summary_latex="results/{study}/tables/summary.tex",
        claims_latex="results/{study}/tables/claims.tex",
        numbers="results/{study}/tables/numbers.tex",
    log:
        "results/{study}/logs/make_tables.log",
    benchmark:
        "results/{study}/benchmarks/make_tables.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("make_tables.py"),
        study=part(lambda study, _: study.described),
    message:
        "Making the tables of {wildcards.study}"
    script:
        "../scripts/make_tables.py"


rule record_provenance:
    input:
        results=lambda wildcards: results(study_of(wildcards)),
        files=where_they_are(lambda study: study.files),
    output:
        "results/{study}/provenance.json",
    log:
        "results/{study}/logs/record_provenance.log",
    benchmark:
        "results/{study}/benchmarks/record_provenance.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("record_provenance.py"),
        config=part(lambda study, _: config | {"studies": {study.name: study.spec}}),
    message:
        "Recording where the results of {wildcards.study} come from"
    script:
        "../scripts/record_provenance.py"


rule write_page:
    input:
        lambda wildcards: shown_files(study_of(wildcards)),
        templates=for_report("*.html.jinja", "page.css", "*.rst"),
    output:
        "results/{study}/index.html",
    log:
        "results/{study}/logs/write_page.log",
    benchmark:
        "results/{study}/benchmarks/write_page.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("write_page.py"),
        study=part(lambda study, _: shown(study)),
    message:
        "Writing the page of {wildcards.study}"
    script:
        "../scripts/write_page.py"


rule write_explorer:
    input:
        **TRAININGS,
        history="results/{study}/metrics/history.parquet",
        timings=lambda wildcards: timings(study_of(wildcards)),
        summary="results/{study}/metrics/summary.csv",
        comparisons="results/{study}/metrics/comparisons.csv",
        networks=lambda wildcards: networks(study_of(wildcards)),
        dataset=lambda wildcards: dataset(study_of(wildcards)) if study_of(wildcards).looks else [],
        templates=for_report("explorer.html.jinja", "page.html.jinja", "page.css", "explorer/*"),
    output:
        "results/{study}/explorer.html",
    log:
        "results/{study}/logs/write_explorer.log",
    benchmark:
        "results/{study}/benchmarks/write_explorer.tsv"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("write_explorer.py"),
        study=part(lambda study, _: study.explorer),
    message:
        "Writing the explorer of {wildcards.study}"
    script:
        "../scripts/write_explorer.py"


rule write_front:
    input:
        [shown_files(study) for study in STUDIES.values()],
        templates=for_report("*.html.jinja", "page.css", "*.rst"),
    output:
        FRONT,
    log:
        "results/logs/write_front.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("write_front.py"),
        papers=text([study.scored for study in SCORED]),
        studies=text([[study.name, shown(study)] for study in STUDIES.values()]),
    message:
        "Writing the front of all studies"
    script:
        "../scripts/write_front.py"


rule write_findings:
    input:
        recommendations=[f"results/{study}/metrics/recommendation.md" for study in STUDIES],
        summaries=[f"results/{study}/metrics/summary.csv" for study in STUDIES],
        comparisons=[f"results/{study}/metrics/comparisons.csv" for study in STUDIES],
        claims=[f"results/{study}/metrics/claims.csv" for study in STUDIES],
        steps=[path for study in STUDIES.values() for path in tables_of_steps(study)],
        templates=for_report("findings.rst.jinja", "how_to_read.rst"),
    output:
        FINDINGS,
    log:
        "results/logs/write_findings.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("write_findings.py"),
        papers=text([study.scored for study in SCORED]),
        studies=text([asked(study) for study in STUDIES.values()]),
    message:
        "Writing what was found"
    script:
        "../scripts/write_findings.py"


if SCORED:

    rule write_scorecard:
        input:
            claims=metrics_of([study.name for study in SCORED], "claims"),
            templates=for_report(
                "scorecard.html.jinja", "page.html.jinja", "parts.html.jinja", "page.css", "scorecard.rst"
            ),
        output:
            # Snakemake sorts categories by their names; the space has this one come first.
            page=report(
                SCORECARD, caption="../report/scorecard.rst", category=" Scorecard", labels={"scorecard": "papers"}
            ),
            latex=str(Path(SCORECARD).with_suffix(".tex")),
        log:
            "results/logs/write_scorecard.log",
        localrule: True
        conda:
            "../../envs/analysis.yaml"
        threads: 1
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            code=code("write_scorecard.py"),
            papers=text([study.scored for study in SCORED]),
        message:
            "Writing the scorecard of papers"
        script:
            "../scripts/write_scorecard.py"


rule make_report:
    input:
        [provenance(study) for study in STUDIES.values()],
        FINDINGS,
        scorecard(),
        captions=for_report("*.rst"),
        stylesheet=for_report("style.css"),
    output:
        "results/report.html",
    log:
        "results/logs/make_report.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    params:
        code=code("make_report.py"),
        python=sys.executable,
        snakefile=os.path.relpath(CHECKOUT / "Snakefile"),
        targets=[*STUDIES, FINDINGS, *scorecard()],
        config=ordered(config),
    message:
        "Making the report"
    script:
        "../scripts/make_report.py"
