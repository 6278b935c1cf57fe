"""What a release is made of agrees: version, citation, changelog and tag."""

import re
import subprocess
from datetime import date

import pytest
import yaml

from batchscope import __version__
from tests.checkout import ROOT

KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}  # of keepachangelog.com
UNRELEASED = "Unreleased"


@pytest.fixture(scope="module")
def citation() -> dict:
    return yaml.safe_load((ROOT / "CITATION.cff").read_text())


@pytest.fixture(scope="module")
def changelog() -> str:
    return (ROOT / "CHANGELOG.md").read_text()


@pytest.fixture(scope="module")
def releases(changelog) -> dict[str, str]:
    """Version -> its date, newest first; `Unreleased`, which has none, where the changelog begins with it."""
    return dict(re.findall(r"^## \[?([\w.]+)\]?(?: - (\S+))?$", changelog, re.MULTILINE))


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def test_the_citation_has_the_version(citation, releases):
    assert citation["version"] == __version__
    if __version__ in releases:
        assert str(citation["date-released"]) == releases[__version__]


def test_the_changelog_begins_with_this_version_or_with_what_leads_to_it(releases):
    first, *earlier = releases
    assert first in (UNRELEASED, __version__)
    assert UNRELEASED not in earlier
    released = [numbers(version) for version in releases if version != UNRELEASED]
    assert released == sorted(released, reverse=True)
    if first == UNRELEASED:
        assert all(numbers(__version__) > version for version in released)


def test_the_changelog_has_the_shape_that_people_know(changelog, releases):
    assert len(re.findall(r"^## ", changelog, re.MULTILINE)) == len(releases)
    assert {*re.findall(r"^### (.+)$", changelog, re.MULTILINE)} <= KINDS
    for section in re.split(r"^## .+\n", changelog, flags=re.MULTILINE)[1:]:
        assert section.lstrip().startswith("### ")
    for version, released in releases.items():
        assert version == UNRELEASED or date.fromisoformat(released)


def test_a_tag_is_that_of_the_version(releases):
    done = subprocess.run(["git", "tag", "--points-at", "HEAD", "v*"], cwd=ROOT, capture_output=True, text=True)
    for tag in done.stdout.split():
        assert (tag, next(iter(releases))) == (f"v{__version__}", __version__)
