"""What a change of the config or of the code makes again, and what it leaves alone."""

import yaml

TRAINING = {"train_batch_size_8", "train_batch_size_100", "train_batch_size_full"}
PAGES = {"write_page", "write_front", "make_report"}
EXPLORER = {"write_explorer"}
RECORDS = {"record_provenance"} | PAGES
RECOMMENDATION = {"recommend", "plot_which_is_best"}
EVIDENCE = {"compare_settings", "judge_claims", "make_tables", "write_findings"} | RECOMMENDATION
CURVES = {"plot_batch_sizes", "plot_learning_curve"}
FIGURES = {"plot_dataset", "plot_measures", "plot_which_is_best"} | CURVES
AFTER_TRAINING = {"aggregate_metrics", "plot_measures"} | CURVES | EVIDENCE | RECORDS | EXPLORER


def small(config: dict) -> dict:
    return config["studies"]["small"]


def test_nothing_after_a_finished_run(finished):
    assert finished.rules_due() == set()


def test_nothing_after_reordering_keys(finished):
    def reverse(value):
        if isinstance(value, dict):
            # Claims and questions are shown in their order.
            return {
                key: reverse(value[key]) if key not in ("claims", "questions") else value[key]
                for key in reversed(value)
            }
        return [reverse(item) for item in value] if isinstance(value, list) else value

    finished.change_config(lambda config: config.update(reverse({"studies": config.pop("studies")})))
    [study] = yaml.safe_load((finished.folder / "config.yaml").read_text())["studies"].values()
    assert list(study)[0:2] == ["questions", "claims"]
    assert finished.rules_due() == set()


def test_figures_only_after_a_change_under_figures(finished):
    finished.change_config(lambda config: config["figures"].update(formats=["pdf"]))
    assert finished.rules_due() <= FIGURES | RECORDS | {"write_findings"}  # which links to figures
    finished.change_config(lambda config: config["figures"].update(formats=["svg", "pdf"]))
    assert finished.rules_due() <= FIGURES | RECORDS


def test_figures_only_where_a_format_is_not_there_yet(finished):
    for path in (finished.folder / "results/small/figures").glob("*.png"):
        path.unlink()
    assert finished.rules_due() == FIGURES | RECORDS
    finished.change_config(lambda config: config["figures"].update(formats=["png"]))
    assert finished.rules_due() == FIGURES | RECORDS | {"write_findings"}


def test_one_training_only_after_adding_a_batch_size(finished):
    finished.change_config(lambda config: small(config)["batch_sizes"].append(32))
    assert finished.rules_due() == {"train_batch_size_32"} | AFTER_TRAINING


def test_all_training_after_a_change_of_the_model(finished):
    finished.change_config(lambda config: small(config)["model"][0]["Dense"].update(units=21))
    assert finished.rules_due() == TRAINING | AFTER_TRAINING


def test_all_training_after_a_change_of_the_engine(finished):
    for module in ("training/compiled.py", "training/task.py"):
        path = finished.folder / "workflow/batchscope" / module
        text = path.read_text()
        path.write_text(text + "\n# changed\n")
        assert finished.rules_due() == TRAINING | AFTER_TRAINING
        path.write_text(text)


def test_figures_only_after_a_change_of_the_plotting_code(finished):
    for module, rules in {
        "report/figure_file.py": FIGURES,
        "report/style.py": FIGURES,
        "report/figures.py": {"plot_dataset"} | CURVES,
        "report/overview.py": {"plot_measures"},
        "report/evidence_figures.py": {"plot_which_is_best"},
    }.items():
        path = finished.folder / "workflow/batchscope" / module
        text = path.read_text()
        path.write_text(text + "\n# changed\n")
        assert finished.rules_due() == rules | RECORDS
        path.write_text(text)


def test_all_after_a_change_of_the_dataset(finished):
    finished.change_config(lambda config: small(config)["dataset"]["make_blobs"].update(random_state=3))
    assert finished.rules_due() == {"prepare_dataset", "plot_dataset"} | TRAINING | AFTER_TRAINING


def test_metrics_only_after_a_change_of_the_target(finished):
    finished.change_config(lambda config: small(config).update(target_accuracy=0.5))
    assert finished.rules_due() == AFTER_TRAINING


def test_the_evidence_only_after_a_change_of_what_is_claimed_or_compared(finished):
    finished.change_config(lambda config: small(config)["claims"]["C1"].update(above=0.1))
    assert finished.rules_due() == {"judge_claims", "make_tables", "write_findings"} | RECORDS
    finished.change_config(lambda config: small(config)["claims"]["C1"].update(above=0))
    finished.change_config(lambda config: small(config).update(comparisons={"margins": {"test_accuracy": 0.1}}))
    compared = {"compare_settings", "plot_measures", "make_tables", "write_findings"}
    assert finished.rules_due() == compared | RECOMMENDATION | RECORDS | EXPLORER


def test_the_report_only_after_a_change_of_a_caption(finished):
    path = finished.folder / "workflow/report/claims.rst"
    path.write_text(path.read_text() + "\nMore.\n")
    assert finished.rules_due() == PAGES


def test_the_pages_only_after_a_change_of_how_they_look(finished):
    for name, rules in {"study.html.jinja": set(), "page.css": {"make_tables"} | RECORDS | EXPLORER}.items():
        path = finished.folder / "workflow/report" / name
        text = path.read_text()
        path.write_text(text + "\n")
        assert finished.rules_due() == rules | {"write_page", "write_front"}
        path.write_text(text)


def test_every_training_rule_trains_its_own_batch_size(finished):
    """A closure in the loop that makes the rules would give all of them the last batch size."""
    for name, batch_size in (("8", 8), ("100", 100), ("full", 150)):
        log = (finished.folder / f"results/small/logs/train_batch_size_{name}.log").read_text()
        assert f"batch size {batch_size}, learning rate" in log
