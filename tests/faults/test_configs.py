"""Configs drawn at random: each is refused in lines that name a place, or it runs."""

import re
import signal
import traceback
from collections import Counter
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, Phase, assume, given, settings

from batchscope.errors import ConfigError
from batchscope.study.studies import read_studies
from batchscope.warm import end_warm_process, start_warm_process
from tests.faults.configs import from_schema, with_mistakes

READING = 120  # seconds that it may take
TRAINING = 20  # seconds that it may take, as guessed, in what is run


@pytest.fixture
def _warm_process(monkeypatch):
    """TensorFlow is imported once, as in a run."""
    monkeypatch.setenv("BATCHSCOPE_WARM_PROCESS", "")
    start_warm_process()
    yield
    end_warm_process()


@pytest.fixture
def _alarm():
    """Reading that takes too long is a fault."""

    def ring(*_):
        raise TimeoutError(f"reading takes more than {READING} s")

    before = signal.signal(signal.SIGALRM, ring)
    yield
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("_warm_process", "_alarm")
def test_every_config_runs_or_is_refused(make_checkout, tmp_path, request, monkeypatch):
    cases, runs = (500, 30) if request.config.getoption("--thorough") else (20, 1)
    monkeypatch.chdir(tmp_path)
    counts, faults, short, seen = Counter(), [], [], set()

    def read(config: dict) -> None:
        text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
        assume(text not in seen)
        seen.add(text)
        Path("config.yaml").write_text(text)
        signal.alarm(READING)
        try:
            studies, _ = read_studies(yaml.safe_load(text), ["config.yaml"], tmp_path / "cache")
        except ConfigError as error:
            counts["refused"] += 1
            if not all(re.match(r"[\w.\[\]-]+.*: ", line) for line in str(error).splitlines()):
                faults.append(f"{text}\n{error}")
        except Exception:
            faults.append(f"{text}\n{traceback.format_exc()}")
        else:
            counts["accepted"] += 1
            if sum(study.seconds(name) for study in studies.values() for name in study.trainings) < TRAINING:
                short.append(text)
        finally:
            signal.alarm(0)

    for configs in (from_schema(), with_mistakes()):
        drawn = settings(
            max_examples=cases // 2,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        drawn(given(configs)(read))()
    for text in short[:: max(1, len(short) // runs)][:runs]:
        done = make_checkout(text).snakemake("--cores", "2")
        counts["run"] += 1
        if done.returncode != 0:
            faults.append(f"{text}\n{done.stdout}{done.stderr}")
    print(f"{len(seen)} configs: {', '.join(f'{count} {outcome}' for outcome, count in counts.items())}")
    assert not faults, f"{len(faults)} faults\n" + "\n\n".join(faults)
