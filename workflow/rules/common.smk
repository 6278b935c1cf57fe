# Used by all the phases: the checked studies of the config, their settings and figures, the code behind a script.
import json
import os
import shlex
import sys
from pathlib import Path

FINDINGS = "results/findings.rst"  # the first page of the report
WORKFLOW = Path(workflow.basedir) / "workflow"
sys.path.insert(0, str(WORKFLOW))  # where the library is, also for the scripts: Snakemake hands the path on

from batchscope.devices import visible_gpus
from batchscope.errors import ConfigError
from batchscope.imports import library_modules
from batchscope.studies import read_studies

try:
    STUDIES, config = read_studies(config, workflow.configfiles, Path(".snakemake/batchscope"))
except ConfigError as error:
    sys.exit(str(error))

# The format of a figure that the report shows: browsers show SVG best.
SHOWN = min(config["figures"]["formats"], key=("svg", "png", "pdf").index)
GPUS = len(visible_gpus())
GPU_PER_JOB = min(GPUS, 1) if config["resources"]["gpu"] == "auto" else config["resources"]["gpu"]
if GPUS and workflow.local_exec and "gpu" not in workflow.global_resources:
    # No more GPU jobs at once than there are GPUs; `--resources gpu=N` says otherwise.
    workflow.register_resource("gpu", max(GPUS, GPU_PER_JOB))


wildcard_constraints:
    study="|".join(STUDIES),


def study_of(wildcards):
    return STUDIES[wildcards.study]


def ordered(value):
    """The same with sorted keys, but for schedules of batch sizes, whose order counts."""
    if isinstance(value, dict):
        keys = sorted(value) if all(isinstance(key, str) for key in value) else value
        return {key: ordered(value[key]) for key in keys}
    return [ordered(item) for item in value] if isinstance(value, list | tuple) else value


def part(choose):
    """One part of a study as a rule's parameter: text in which the order of keys does not count."""
    return lambda wildcards: json.dumps(ordered(choose(study_of(wildcards), wildcards)))


def code(script):
    """The modules of the library that a script imports, so that a change of one of them runs its rules again."""
    return [os.path.relpath(path) for path in library_modules(WORKFLOW / "scripts" / script)]


def trainings():
    """Every batch size or schedule that some study trains, as files spell it, with the studies that do."""
    studies = {}
    for study in STUDIES.values():
        for batch_size in study.trainings:
            studies.setdefault(batch_size, []).append(study)
    return studies


def in_report(path, part, caption):
    """A file that the report shows, among others of its study."""
    return report(
        path,
        caption=f"../report/{caption}.rst",
        category=lambda wildcards: study_of(wildcards).title,
        subcategory=part,
        labels=lambda wildcards: {part.lower(): Path(path.format(**wildcards)).stem.replace("_", " ")},
    )


def figure(name, caption):
    """The files of a figure of a study, in every configured format, one of which the report shows."""
    paths = {suffix: f"results/{{study}}/figures/{name}.{suffix}" for suffix in config["figures"]["formats"]}
    return list((paths | {SHOWN: in_report(paths[SHOWN], "Figures", caption)}).values())


def histories(study):
    return [f"results/{study.name}/history/batch_size_{batch_size}.parquet" for batch_size in study.trainings]


def timings(study):
    return [f"results/{study.name}/timing/batch_size_{batch_size}.csv" for batch_size in study.trainings]


def results(study):
    """All files of a study but its provenance."""
    figures = [f"figures/{name}.{suffix}" for name in study.figures for suffix in config["figures"]["formats"]]
    metrics = ["history.parquet", *(f"{name}.csv" for name in study.tables)]
    tables = ["summary.html", "summary.tex", "comparisons.html", "claims.html", "claims.tex", "methods.html"]
    names = ["dataset.npz", *figures, *(f"metrics/{name}" for name in metrics), *(f"tables/{name}" for name in tables)]
    return [f"results/{study.name}/{name}" for name in names] + histories(study) + timings(study)


def asked(study):
    """What the first page of the report says of a study, with the paths of the figures that the report shows."""
    questions = [
        question | {"figure": f"results/{study.name}/figures/{question['figure']}.{SHOWN}"}
        for question in study.asked["questions"]
    ]
    return study.asked | {"questions": questions}


def for_report(name):
    """A template or caption of the report, as an input."""
    return os.path.relpath(WORKFLOW / "report" / name)


def provenance(study):
    return f"results/{study.name}/provenance.json"
