"""Make the tables of a study for the report and for a paper."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json
from pathlib import Path

import pandas as pd

from batchscope.evidence.claims import read_claims
from batchscope.evidence.recommendation import read_advised
from batchscope.report.methods import methods_table
from batchscope.report.numbers import numbers, write_numbers
from batchscope.report.tables import (
    claims_table,
    comparisons_table,
    dataset_table,
    runs_table,
    summary_table,
    write_latex,
    write_page,
)
from batchscope.script import begin
from batchscope.study.setting import Setting, setting_in_words

begin(snakemake)
study = json.loads(snakemake.params.study)
pace, variance = (next(map(pd.read_csv, paths), None) for paths in (snakemake.input.pace, snakemake.input.variance))
at_once = pd.concat(map(pd.read_csv, snakemake.input.timings))["replicates"].max()
measured, judged = pd.read_csv(snakemake.input.summary), read_claims(snakemake.input.claims)
compared, ranked = pd.read_csv(snakemake.input.comparisons), pd.read_csv(snakemake.input.recommendation)
summary = summary_table(measured, study["score"], at_once, pace)
claims = claims_table(judged)
reference = setting_in_words(Setting(*study["reference"]))
data = json.loads(Path(snakemake.input.dataset).read_text())
tables = {  # each with its heading
    "dataset": ("What became of the data", dataset_table(data))
    if study["of_rows"]
    else ("What became of the runs", runs_table(data)),
    "summary": ("Every setting, by means over its replicates", summary),
    "comparisons": (
        f"Every setting against {reference}",
        comparisons_table(compared),
    ),
    "claims": ("Every claim and its verdicts", claims),
    "methods": (
        "How the numbers came about",
        methods_table(study, [Path(path) for path in snakemake.input.timings], snakemake.input.files),
    ),
}
for name, (heading, table) in tables.items():
    write_page(table, f"{study['title']}: {name}", heading, snakemake.input.templates[0], snakemake.output[name])
write_latex(summary, snakemake.output.summary_latex)
write_latex(claims, snakemake.output.claims_latex)
taken = read_advised(snakemake.input.recommendation, study["margins"], study["score"], study["part"])
found = numbers(snakemake.wildcards.study, measured, judged, compared, ranked, taken, variance)
write_numbers(found, snakemake.output.numbers)
