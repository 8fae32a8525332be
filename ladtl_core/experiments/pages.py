"""A page of results: tables made of committed rows stand between marks, the prose around them is a person's.

Between `<!-- pairs -->` and `<!-- end -->` is what `pairs.csv` says, in the folder named like the page. A name behind a
dot tells tables of one experiment apart (`pairs.maccrobat4.csv`).
"""

from __future__ import annotations

import re
from pathlib import Path

from ladtl_core.errors import DataError, MissingExtraError
from ladtl_core.experiments.figures import figure
from ladtl_core.experiments.plans import EXPERIMENTS, Experiment, Row
from ladtl_core.experiments.rows import read_rows
from ladtl_core.experiments.tables import report

_MARKED = re.compile(r"(<!-- ([\w.-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rewritten(page: Path) -> str:
    """The page's text with every table made anew from its rows. Raises DataError where they are not there."""

    def table(match: re.Match[str]) -> str:
        return f"{match[1]}\n{report(*_rows(page, match[2]))}\n\n{match[3]}"

    return _MARKED.sub(table, page.read_text(encoding="utf-8"))


def draw(page: Path) -> list[Path]:
    """Write a figure for every table of the page beside its rows, as SVG; kaleido does so with an installed Chrome."""
    try:
        import kaleido  # noqa: F401
        import plotly.graph_objects as go
    except ImportError as error:
        raise MissingExtraError("kaleido", "Drawing figures") from error
    drawn = []
    for match in _MARKED.finditer(page.read_text(encoding="utf-8")):
        drawn.append(_folder(page) / f"{match[2]}.svg")
        go.Figure(figure(*_rows(page, match[2]))).write_image(drawn[-1])
    return drawn


def _rows(page: Path, name: str) -> tuple[list[Row], Experiment]:
    path, experiment = _folder(page) / f"{name}.csv", EXPERIMENTS.get(name.partition(".")[0])
    if experiment is None or not path.exists():
        raise DataError(f"the mark {name!r} has no such rows: {path}", file=str(page))
    return read_rows(path), experiment


def _folder(page: Path) -> Path:
    return page.with_suffix("")
