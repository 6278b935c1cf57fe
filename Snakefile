# Batchscope: what the batch size does to the training of a neural network, with evidence.
# config.yaml says what is studied, README.md how to run it, workflow/rules/ holds a file per phase.
from snakemake.sourcecache import infer_source_file
from snakemake.utils import min_version

min_version("9.20")


include: "workflow/rules/config.smk"
include: "workflow/rules/run.smk"


configfile: CONFIG


include: "workflow/rules/common.smk"


report: first_page()


include: "workflow/rules/cluster.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/runs.smk"
include: "workflow/rules/metrics.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        [[*results(study), provenance(study), page(study), explorer(study)] for study in STUDIES.values()],
        scorecard(),
        FRONT,
        "results/report.html",
    message:
        "All studies are finished"


for study in STUDIES.values():
    if workflow.is_rule(study.name):
        sys.exit(f"studies.{study.name}: a rule of the workflow has this name; take another")

    rule:
        name:
            study.name
        input:
            results(study),
            provenance(study),
            page(study),
            explorer(study),
        message:
            f"{study.name} is finished"


# Snakemake makes every rule a global and copies all of them for each message that it prints: with thousands of rules, half
# of its time.
for name in [rule_proxy.name for rule_proxy in workflow.rules]:
    globals().pop(f"__{name}", None)


onsuccess:
    remove_finished(Path.cwd())
    restore(Path("results"))
    workflow.report_text = infer_source_file(first_page())  # of `--report-after-run`; what was found is told by now
    say_last([*what_to_take(STUDIES), *what_to_open(STUDIES)])


onerror:
    restored = restore(Path("results"))
    for job in workflow.dag.jobs:
        if not restored.isdisjoint(job.output):
            workflow.persistence.cleanup(job)  # what Snakemake noted is of the job that failed
    unfinished = {Path(path).parts[1] for job in workflow.dag.needrun_jobs() for path in job.output}
    finished = [study for study in STUDIES if study not in unfinished]
    lines = [*what_to_take(finished), *what_to_open(finished)]
    lines += FAILURES.lines([study for study in STUDIES if study in unfinished], from_where_it_started)
    say_last(
        [*lines, "Mend what failed and run again: what is finished stays, and trainings go on where they were"]
    )
