# Batchscope: what the batch size does to the training of a neural network, with evidence.
# config.yaml says what is studied, README.md how to run it, workflow/rules/ holds a file per phase.
from snakemake.utils import min_version

min_version("9.20")


include: "workflow/rules/config.smk"
include: "workflow/rules/run.smk"


configfile: CONFIG


include: "workflow/rules/common.smk"


report: os.path.abspath(FINDINGS)


include: "workflow/rules/cluster.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/metrics.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        [[*results(study), provenance(study), page(study)] for study in STUDIES.values()],
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
        message:
            f"{study.name} is finished"


# Snakemake makes every rule a global and copies all of them for each message that it prints: with thousands of rules, half
# of its time.
for name in [rule_proxy.name for rule_proxy in workflow.rules]:
    globals().pop(f"__{name}", None)


onsuccess:
    remove_finished(Path.cwd())
    restore(Path("results"))
    tell_what_to_take(STUDIES)
    for line in what_to_open():
        print(line)


onerror:
    restored = restore(Path("results"))
    for job in workflow.dag.jobs:
        if not restored.isdisjoint(job.output):
            workflow.persistence.cleanup(job)  # what Snakemake noted is of the job that failed
    unfinished = {Path(path).parts[1] for job in workflow.dag.needrun_jobs() for path in job.output}
    tell_what_to_take(study for study in STUDIES if study not in unfinished)
    for study in unfinished & STUDIES.keys():
        print(f"{study}: not finished; its logs are in {from_where_it_started(f'results/{study}/logs')}")
