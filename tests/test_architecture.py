"""The arrows between the layers: who may import whom, read from the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Modules of the core that load neither torch nor seqeval, and may be used anywhere.
LIGHT = {
    f"ladtl_core.{name}"
    for name in (
        *("errors", "records", "text", "formats", "mapping"),
        *("config", "scores", "data", "methods", "significance"),
        *("vocab", "release", "received", "corpora", "identifiers", "replacing"),
    )
} | {f"ladtl_core.experiments.{name}" for name in ("plans", "rows", "groups", "tables", "figures", "standings")}

# Folder or file -> what of the project it may import besides itself; a name covers all below it.
ALLOWED = {
    "ladtl_core": set[str](),
    "workbench/store": LIGHT,
    "workbench/jobs": {"workbench.store", "ladtl_core"},
    "workbench/services": {"workbench.store", "workbench.jobs.api", *LIGHT},
    "workbench/operations": {"workbench.store", *LIGHT},
    "workbench/commands": {"workbench.operations", "workbench.services", *LIGHT},
    "workbench/__main__.py": {"workbench.commands", *LIGHT},
    "workbench/web": {"workbench.services", *LIGHT},
    "workbench/components": LIGHT,
    "workbench/pages": {"workbench.components", "workbench.services", *LIGHT},
    "workbench/main.py": {"workbench.pages", "workbench.services", "workbench.components"},
    "workbench/identity.py": set[str](),
    "streamlit_app.py": {
        *("workbench.main", "workbench.identity", "workbench.services", "workbench.web", "workbench.jobs"),
        "workbench.store.private",
        *LIGHT,
    },
}
# What workers alone may load.
WORKER_ONLY = {"workbench/jobs/learner.py", "workbench/jobs/worker.py"}


def imports(path: Path) -> set[str]:
    """Names of all modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def sources(place: str) -> list[Path]:
    path = ROOT / place
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def covered(name: str, allowed: set[str]) -> bool:
    # `from workbench import services` names the package before the part.
    return name in ("ladtl_core", "workbench") or any(
        name == a or name.startswith(a + ".") or a.startswith(name + ".") for a in allowed
    )


@pytest.mark.parametrize("place", ALLOWED)
def test_project_imports(place: str) -> None:
    own = place.removesuffix(".py").replace("/", ".")
    for path in sources(place):
        for name in imports(path):
            if name.split(".")[0] in ("ladtl_core", "workbench", "streamlit_app"):
                assert covered(name, ALLOWED[place] | {own}), f"{path.relative_to(ROOT)} must not import {name}"


@pytest.mark.parametrize(
    "place",
    ["workbench/store", "workbench/services", "workbench/operations", "workbench/jobs", "workbench/web", "ladtl_core"],
)
def test_no_streamlit_below_the_pages(place: str) -> None:
    for path in sources(place):
        names = {name.split(".")[0] for name in imports(path)}
        assert "streamlit" not in names, f"{path.relative_to(ROOT)} must not import streamlit"


def test_torch_only_in_the_core_and_in_workers() -> None:
    for path in sources("workbench") + sources("streamlit_app.py"):
        place = str(path.relative_to(ROOT))
        heavy = {name for name in imports(path) if name.split(".")[0] in ("torch", "seqeval", "gensim", "safetensors")}
        heavy |= {n for n in imports(path) if n.startswith("ladtl_core.") and not covered(n, LIGHT)}
        assert place in WORKER_ONLY or not heavy, f"{place} must not import {heavy}"


def test_light_modules_load_neither_torch_nor_seqeval() -> None:
    loaded = "[name for name in ('torch', 'sklearn', 'gensim') if name in sys.modules]"
    code = f"import sys, {', '.join(sorted(LIGHT))}; print({loaded})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT).stdout.strip() == "[]"


def test_no_sql_in_services_and_no_file_too_long() -> None:
    for path in sources("workbench/services"):
        assert not imports(path) & {"sqlalchemy.text"}, path
    for path in [*ROOT.rglob("ladtl_core/**/*.py"), *ROOT.rglob("workbench/**/*.py"), *ROOT.rglob("tests/**/*.py")]:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 350, f"{path} is too long to hold one idea"
