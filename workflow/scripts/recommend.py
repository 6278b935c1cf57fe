"""Recommend settings of a study: the page that says which, and the table behind it."""

from batchscope.warm import in_warm_process

in_warm_process(__file__, snakemake.threads, snakemake=snakemake)

import json

import pandas as pd

from batchscope.evidence.recommendation import ranked_table, recommend
from batchscope.evidence.trainings import read_trainings
from batchscope.files import write_csv
from batchscope.report.advice import page, write_page
from batchscope.report.noise_words import read_noise
from batchscope.script import begin

begin(snakemake)
study = json.loads(snakemake.params.study)
how = {key: study[key] for key in ("seed", "score", "part")}
inputs = snakemake.input
trainings = read_trainings(inputs.replicates, inputs.new_splits, inputs.rows, paired=study["paired"])
ranked = {on: recommend(each, study["margins"], **how) for on, each in trainings.items()}
guess = pd.read_csv(inputs.summary)[f"{study['part']}_guess"].iloc[0]
write_page(page(trainings, ranked, guess=guess, noise=read_noise(*inputs.noise), **study), snakemake.output.page)
write_csv(ranked_table(ranked), snakemake.output.table)
