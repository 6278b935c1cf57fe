# Used by all the phases: the checked studies of the config, their settings and figures, the code behind a script.
import json
import os
import sys
from itertools import chain
from pathlib import Path

FRONT = "results/index.html"  # of all studies
TABLES = ["dataset", "summary", "comparisons", "claims", "methods"]  # that people read
FINDINGS = "results/findings.rst"  # the first page of Snakemake's report
SCORECARD = "results/scorecard.html"  # of the papers that studies are miniatures of

from batchscope.hardware.devices import visible_gpus
from batchscope.errors import ConfigError, first_lines
from batchscope.files import digest
from batchscope.imports import code_digest
from batchscope.report.look import check_font
from batchscope.study.keras_plan import KerasPlan
from batchscope.study.limits import too_long
from batchscope.study.merge import merge
from batchscope.study.runs_plan import ProgramPlan, RunsPlan
from batchscope.study.studies import read_studies, remarks
from batchscope.study.study import splits_drawn
from batchscope.training.jobs import remove_finished
from batchscope.warm import start_warm_process

GPUS = len(visible_gpus())
isolated = workflow.deployment_settings.deployment_method  # jobs in environments of their own
if workflow.is_main_process and not isolated and not GPUS and sys.platform == "linux":
    # What nearly every run needs, and TensorFlow last, so that no figure waits for it.
    ahead = ["prepare_dataset", "judge_claims", "plot_batch_sizes", "write_page", "train"]
    ahead = [] if workflow.output_settings.dryrun else [WORKFLOW / "scripts" / f"{name}.py" for name in ahead]
    start_warm_process(ahead)  # which planning asks too

files = workflow.configfiles
try:
    if not workflow.modifier.skip_configfile:  # of a module, to which its config is handed
        own = [CONFIG] if Path(CONFIG).exists() and not workflow.config_settings.replace_workflow_config else []
        config = merge([*own, *workflow.overwrite_configfiles], workflow.config_settings.config)
        files = []  # merging has read them
    STUDIES, config = read_studies(config, files, Path(".snakemake/batchscope"), limited=workflow.is_main_process)
    if workflow.is_main_process:
        check_font(config["figures"]["font"])
except ConfigError as error:
    sys.exit(first_lines(error))

KERAS, PROGRAMS, RUNS = (
    [each for each in STUDIES.values() if isinstance(each, kind)] for kind in (KerasPlan, ProgramPlan, RunsPlan)
)

SCORED = [study for study in STUDIES.values() if study.is_on_scorecard]

limits = config.pop("limits")  # no result depends on them
if workflow.is_main_process:
    jobs_at_once = workflow.resource_settings.nodes or workflow.resource_settings.cores or 1
    for line in chain.from_iterable(remarks(study, STUDIES) for study in STUDIES.values()):
        print(line, file=sys.stderr)
    for line in too_long(STUDIES.values(), jobs_at_once, limits["hours"]):
        print(line, file=sys.stderr)

# The format of a figure that the report shows: browsers show SVG best.
SHOWN = min(config["figures"]["formats"], key=("svg", "png", "pdf").index)
if GPUS and "gpu" not in workflow.global_resources:
    # No more GPU jobs at once than there are GPUs; `--resources gpu=N` says otherwise.
    asked_for = config["resources"]["gpu"]
    workflow.register_resource("gpu", GPUS if asked_for == "auto" else max(GPUS, asked_for))


wildcard_constraints:
    study="|".join(STUDIES),


def study_of(wildcards, only=None):
    """The study of a job; `only` where its rule has no wildcard for it."""
    return STUDIES[wildcards.study] if "study" in wildcards.keys() else only


def ordered(value):
    """The same with sorted keys, but for schedules of batch sizes, whose order counts."""
    if isinstance(value, dict):
        keys = sorted(value) if all(isinstance(key, str) for key in value) else value
        return {key: ordered(value[key]) for key in keys}
    return [ordered(item) for item in value] if isinstance(value, list | tuple) else value


def text(value):
    """A value as a rule's parameter, in which the order of keys does not count.

    Snakemake's report has it inside of a script, which `<` may not end.
    """
    return json.dumps(ordered(value)).replace("<", "\\u003c")


def part(choose, only=None):
    """One part of a study as a rule's parameter."""
    return lambda wildcards: text(choose(study_of(wildcards, only), wildcards))


def code(script):
    """A parameter that changes with a script and with the modules of the library that it imports."""
    return code_digest(WORKFLOW / "scripts" / script)


def content(files, only=None):
    """A parameter that changes with the content of a study's files of the user's: a new one may have an old date."""
    return lambda wildcards: digest([], files(study_of(wildcards, only)))


def where_they_are(files, only=None):
    """A study's files of the user's as inputs, which stand where the config says, also where results have a prefix."""
    return lambda wildcards: [local(path) for path in files(study_of(wildcards, only))]


def named(studies):
    """What the wildcard of a study may be, where a rule is for some of them."""
    return "|".join(study.name for study in studies) or "(?!)"  # which nothing is


def gpus(_, asked_for=config["resources"]["gpu"]):
    """GPUs for a training job: as many as are asked for, else one where this machine has one, or on a cluster."""
    if asked_for != "auto":
        return asked_for
    if workflow.is_main_process and not workflow.local_exec:
        return min(workflow.global_resources["gpu"].value, 1) if "gpu" in workflow.global_resources else 1
    return min(GPUS, 1)


def forced():
    """Whether a user lets all be made again, or some, also what is known from before."""
    return workflow.dag_settings.forceall or bool(workflow.dag_settings.forcerun)


def of_program(study):
    """What a job of a user's program asks for, as the study says or else the config for all."""
    asked_for = config["resources"] | study.resources
    resources = {
        "gpu": lambda wildcards: gpus(wildcards, asked_for["gpu"]),
        "mem_mb": lambda _, attempt: attempt * asked_for["mem_mb"],
        "at_once": study.at_once,
        "again": lambda _, attempt: int(forced() and attempt == 1),
    }
    if "runtime" in asked_for:
        resources["runtime"] = lambda _, attempt: attempt * asked_for["runtime"]
    return resources


def env_of_program(study):
    """The environment in which a user's program runs: a file of theirs, or the name of one that is there."""
    return os.path.abspath(study.conda) if study.conda in study.files else study.conda


def training_env(wildcards):
    """The environment of a training job: with CUDA where it asks for GPUs."""
    return f"../../envs/training{'-gpu' if gpus(wildcards) else ''}.yaml"


def memory(_, attempt):
    """Megabytes for a training job. Its stacks are made to fit the first attempt, so all give the same bytes."""
    return attempt * config["resources"]["mem_mb"]


def trainings():
    """Each batch size or schedule that Keras trains, as files spell it, and whether predictions are kept -> studies."""
    studies = {}
    for study in KERAS:
        for batch_size in study.trainings:
            studies.setdefault((batch_size, study.keeps_predictions), []).append(study)
    return studies


def training_rule(study, batch_size):
    """The name of the rule that runs a study's program at a batch size; with that of the study where others train it."""
    others = [each for each in (*KERAS, *PROGRAMS) if each is not study and batch_size in each.trainings]
    return f"train_batch_size_{batch_size}{f'_of_{study.name}' * bool(others)}"


def run_files(wildcards):
    """What the runs of a study at a batch size are read from."""
    study = study_of(wildcards)
    if study not in PROGRAMS:
        return {"runs": list(map(local, study.run_files(wildcards.training)))}
    files = {"runs": study.run_files(wildcards.training), "about": [study.about_runs(wildcards.training)]}
    return {name: [f"results/{study.name}/{path}" for path in paths] for name, paths in files.items()}


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


def trained(study, folder, suffix="parquet"):
    """What the training jobs of a study wrote into one of its folders."""
    return [f"results/{study.name}/{folder}/batch_size_{batch_size}.{suffix}" for batch_size in study.trainings]


def timings(study):
    return trained(study, "timing", suffix="csv")


def dataset(study):
    """The dataset of a study, of those that have one."""
    return [f"results/{study.name}/dataset.npz"] if study.of_rows else []


def of_rows(study, folder):
    """What training jobs wrote of single rows or of new splits, of a study of which these are known."""
    return trained(study, folder) if study.of_rows else []


def splits(study):
    """The file of a study's new splits, where it asks for them."""
    return [f"results/{study.name}/splits.npz"] if splits_drawn(study.spec) else []


def paces(study):
    """What each process of the probe measured, in a study that asks for it."""
    return [f"results/{study.name}/pace/process_{process}.csv" for process in range(study.processes_of_pace)]


def metrics_of(studies, name):
    """A table under metrics of each of some studies."""
    return [f"results/{study}/metrics/{name}.csv" for study in studies]


def measured(study):
    """All that is measured of a study, of its trainings and of what is no single one."""
    names = ["replicates", "new_splits", *study.measured_otherwise]
    return [*(f"results/{study.name}/metrics/{name}.csv" for name in names), *of_rows(study, "rows")]


def where_asked_for(name):
    """A table under metrics as an input of a study's rule, of a study that asks for it."""
    return lambda wildcards: metrics_of([wildcards.study] * (name in study_of(wildcards).tables), name)


def results(study):
    """All files of a study but its provenance."""
    figures = [f"figures/{name}.{suffix}" for name in study.figures for suffix in config["figures"]["formats"]]
    metrics = ["recommendation.md", "history.parquet", *(f"{name}.csv" for name in study.tables)]
    tables = [*(f"{name}.html" for name in TABLES), "summary.tex", "claims.tex", "numbers.tex"]
    names = [
        "dataset.json",
        *figures,
        *(f"metrics/{name}" for name in metrics),
        *(f"tables/{name}" for name in tables),
        *study.further_results,
    ]
    return [f"results/{study.name}/{name}" for name in names] + trained(study, "history") + timings(study)


def asked(study):
    """What the first page of the report says of a study, with the paths of the figures that the report shows."""
    questions = [
        question | {"figure": f"results/{study.name}/figures/{question['figure']}.{SHOWN}"}
        for question in study.asked["questions"]
    ]
    paths = {
        key: f"results/{study.name}/figures/{name}.{SHOWN}"
        for key, name in (("first", "batch_sizes"), ("best", "which_is_best"))
    }
    return study.asked | {"questions": questions} | paths


def for_report(*patterns):
    """Templates and captions of the report, as inputs."""
    paths = chain.from_iterable(sorted((WORKFLOW / "report").glob(pattern)) for pattern in patterns)
    return [local(os.path.relpath(path)) for path in paths]


def provenance(study):
    return f"results/{study.name}/provenance.json"


def first_page():
    """The first page of Snakemake's report; what was found can be told once all studies are finished."""
    return os.path.abspath(FINDINGS if Path(FINDINGS).exists() else WORKFLOW / "report" / "unfinished.rst")


def scorecard():
    """The scorecard, where any study is a miniature of a paper."""
    return [SCORECARD] * bool(SCORED)


def page(study):
    return f"results/{study.name}/index.html"


def networks(study):
    """What was seen of networks at work, of a study that asks for it."""
    return trained(study, "network", suffix="npz") if study.looks else []


def explorer(study):
    return f"results/{study.name}/explorer.html"


def shown(study):
    """What the page of a study says and shows, as a parameter."""
    return study.page | {"shown": SHOWN}


def shown_files(study):
    """The files behind the page of a study."""
    metrics = ["recommendation.md", "summary.csv", "comparisons.csv", "claims.csv"]
    names = [
        *(f"metrics/{name}" for name in metrics),
        *(f"tables/{name}.html" for name in TABLES),
        *(f"figures/{name}.{SHOWN}" for name in study.figures),
        "provenance.json",
    ]
    return [f"results/{study.name}/{name}" for name in names] + tables_of_steps(study)


def tables_of_steps(study):
    """The tables of steps to a result, of a study that asks for them."""
    names = [name for name in ("steps_to_result", "scaling") if name in study.tables]
    return [f"results/{study.name}/metrics/{name}.csv" for name in names]


def tables_of_noise(study):
    """What is said of the gradient noise scale from, of a study that asks for it; the last one where it counts steps."""
    names = ["noise_scale", "noise_scale_summary", *["scaling"] * ("scaling" in study.tables)]
    return [f"results/{study.name}/metrics/{name}.csv" for name in names * ("noise_scale" in study.tables)]


def from_where_it_started(path):
    """A path as one sees it where Snakemake was started, which may be elsewhere than where it runs."""
    return os.path.relpath(path, workflow.rundir)


def what_to_take(studies):
    """A line for each of some studies that say what to take."""
    for study in studies:
        page, figures = f"results/{study}/metrics/recommendation.md", f"results/{study}/figures"
        if Path(page).exists():
            yield f"{study}: what to take in {from_where_it_started(page)}, figures in {from_where_it_started(figures)}"


def what_to_open(studies):
    """A line for the front, or for the page of each of some studies, of what the run was asked for."""
    asked_for = {str(path) for job in workflow.dag.jobs for path in job.output}
    pages = [page(STUDIES[study]) for study in studies]
    pages = [FRONT] if FRONT in asked_for and len(pages) == len(STUDIES) else asked_for.intersection(pages)
    for path in sorted(filter(os.path.exists, pages)):
        yield f"What was found: open {from_where_it_started(path)} in a browser"
