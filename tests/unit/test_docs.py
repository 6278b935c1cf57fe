"""What the pages for users say exists: files, sections, commands; and README is for the reader in a hurry."""

import re
from itertools import product
from pathlib import Path

import pytest

from tests.checkout import ROOT

PAGES = sorted(
    path.relative_to(ROOT)
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("*/README.md"))
    if not path.parent.name.startswith(".")
)
README = Path("README.md")
HISTORY = Path("CHANGELOG.md")  # which also names what is gone
WRITTEN_BY_THE_READER = {"mine.yaml", "power.txt", "household_power_consumption.txt"}
CODE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")
COMMANDS = ("make", "snakemake", "python", "pytest", "pip", "docker", "apptainer", "bash", "git")


def text(page: Path) -> str:
    return (ROOT / page).read_text()


def prose(page: Path) -> str:
    return CODE.sub("", text(page))


def anchors(page: Path) -> set[str]:
    """The names of a page's sections, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[tuple[Path, str]]:
    """Every page or file that a page links to, as (path from the top of the repository, section or nothing)."""
    relative = [link for link in LINK.findall(prose(page)) if not re.match(r"\w+:", link)]
    parts = [link.partition("#")[::2] for link in relative]
    return [
        ((ROOT / page.parent / path).resolve().relative_to(ROOT) if path else page, section) for path, section in parts
    ]


def commands(page: Path) -> list[str]:
    """Every command of a page, in a block or in a line."""
    blocks = [block for language, block in CODE.findall(text(page)) if language in ("", "bash")]
    lines = [line.partition(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [
        each
        for each in lines + re.findall(r"`([^`]+)`", prose(page))
        if Path(each.partition(" ")[0]).name in COMMANDS and " " in each
    ]


def spelled_out(pattern: str) -> list[str]:
    """A pattern of the shell's without its braces: `{a,b}.yaml` is `a.yaml` and `b.yaml`."""
    parts = [part.split(",") for part in re.split(r"[{}]", pattern)]
    return ["".join(choice) for choice in product(*parts)]


def files_named(command: str) -> list[str]:
    """What looks like a file in a command; results and what stands for a name, such as `<name>` or NAME, left out."""
    words = [re.sub(r"^[A-Z]+=", "", word) for word in command.split()[1:]]
    return [
        name
        for word in words
        if re.search(r"\.(yaml|py|csv|txt|md|in|smk)\b", word) and not word.startswith((".venv/", "results/"))
        for name in spelled_out(word.partition("::")[0])
        if not re.search(r"[<>]|[A-Z]{3,}/", name)
    ]


def test_readme_is_read_in_a_minute():
    assert len((ROOT / README).read_bytes()) <= 6000


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page):
    for target, section in links(page):
        assert (ROOT / target).exists(), f"{page} links to {target}"
        assert not section or section in anchors(target), f"{page} links to {target}#{section}"


def test_every_page_is_found_from_the_readme():
    seen, ahead = set(), [README]
    while ahead:
        seen.add(page := ahead.pop())
        ahead += {target for target, _ in links(page) if target.suffix == ".md"} - seen
    assert set(PAGES) == seen


@pytest.mark.parametrize("page", [page for page in PAGES if page != HISTORY], ids=str)
def test_commands_name_files_and_targets_that_exist(page):
    makefile = text(Path("Makefile"))
    [phony] = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    for command in commands(page):
        missing = [
            name for name in files_named(command) if not [*ROOT.glob(name)] and name not in WRITTEN_BY_THE_READER
        ]
        assert not missing, f"{page}: {command}"
        if command.startswith("make "):
            targets = [word for word in command.split()[1:] if "=" not in word and not word.startswith(".venv/")]
            assert {*targets} <= {*phony.split()}, f"{page}: {command}"


def test_readme_counts_the_claims_as_the_table_has_them():
    verdicts = re.findall(r"^\| C\d.*?\| [^|]+\| \**([a-z ]+?)\** \|", text(Path("docs/tutorial.md")), re.MULTILINE)
    said = re.search(
        r"Of the tutorial's (\d+) claims (\d+) hold .*?(\d+) are\s+undecided.*?(\d+) do\s+not", text(README), re.S
    )
    counts = [len(verdicts), *(verdicts.count(verdict) for verdict in ("holds", "undecided", "does not hold"))]
    assert [int(number) for number in said.groups()] == counts


def test_commands_of_a_page_are_seen():
    """Or the above would hold of a page of which none is read."""
    assert "make quick" in commands(README)
    assert files_named(".venv/bin/snakemake --configfile studies/{wine,digits}.yaml") == [
        "studies/wine.yaml",
        "studies/digits.yaml",
    ]
    assert files_named("make check FILE=studies/mine.yaml") == ["studies/mine.yaml"]
