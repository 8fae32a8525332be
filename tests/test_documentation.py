"""The documentation stays true: its links lead somewhere, its commands are the ones that are run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("data/*.md")]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_two_commands() -> None:
    install_and_run, install_and_test = re.findall(r"^pip install .* && .*$", README, re.MULTILINE)
    assert install_and_run == "pip install -r requirements.txt && streamlit run streamlit_app.py"
    assert install_and_test == "pip install -r requirements-dev.txt && python -m pytest -n 3 --dist loadfile"
    assert "pip install -r requirements-dev.txt && python -m pytest" in (ROOT / ".ci" / "run").read_text(
        encoding="utf-8"
    )


def test_every_option_of_the_readme_exists() -> None:
    for command, options in re.findall(r"^python -m ladtl_core (\w+) (.*)$", README, re.MULTILINE):
        shown = subprocess.run(
            [sys.executable, "-m", "ladtl_core", command, "--help"],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=True,
        ).stdout
        assert all(option in shown for option in re.findall(r"--[a-z-]+", options)), command


def test_every_page_is_named_by_the_readme() -> None:
    from workbench.services.access import PAGES as pages

    assert all(f"**{title}**" in README for title in pages.values() if title != "Home")
