"""The lines of the profile for SLURM that a site fills in."""

import re

import yaml

from tests.checkout import ROOT


def test_what_a_site_sets_is_a_line_to_uncomment():
    text = (ROOT / "profiles/slurm/config.yaml").read_text()
    given = yaml.safe_load(text)["default-resources"]
    asked = yaml.safe_load(re.sub(r"(?m)^( *)# (- )", r"\1\2", text))["default-resources"]
    assert set(asked) - set(given) == {"slurm_partition=gpu", "slurm_account=project", "gpu_model=a100", "gres=gpu:1"}
