"""Figures as plain data, without loading plotly: what they show, their axes and their colours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

Figure = dict[str, Any]
Lines = Mapping[str, tuple[Sequence[float], Sequence[float | None]]]

LOSS_NAMES = {
    "source": "L_c source",
    "target": "L_c target",
    "mmd": "MMD",
    "crf_l2": "L_p",
    "l2": "L_r",
    "embedding_l2": "L2 of embeddings",
}
# One colour a part of the loss.
LOSS_COLOURS = dict(
    zip(LOSS_NAMES.values(), ("#4a90d9", "#0f9d8a", "#c9822b", "#b05fb8", "#8a8f98", "#7a8b2a"), strict=True)
)
# Height of a usual chart's inside, and of a line of its text; names are kept apart by these.
_PLOT_PIXELS, _LINE_PIXELS = 180, 12
# Of numbers on the cells of a map, whose colours are opaque: legible on light and dark pages alike.
NUMBERS = "#12171b"
LINES = ("#0f9d8a", "#c9822b", "#4a90d9", "#b05fb8", "#7a8b2a", "#d0545f", "#6a6fd0", "#5a9a55", "#8a8f98")


def curves(title: str, lines: Lines, y: str, *, colours: Mapping[str, str] | None = None) -> Figure:
    """Lines over epochs, each named at its end; `lines` maps a name to its epochs and values."""
    if not any(epochs for epochs, _ in lines.values()):
        return _empty(title)
    traces, notes = [], []
    for i, (name, (epochs, values)) in enumerate(lines.items()):
        colour = (colours or {}).get(name, LINES[i % len(LINES)])
        traces.append(
            {
                "type": "scatter",
                "mode": "lines" if len(epochs) > 1 else "markers",
                "name": name,
                "x": list(epochs),
                "y": list(values),
                "line": {"color": colour, "width": 2},
                "hovertemplate": f"{name}<br>epoch %{{x}}: %{{y:.3g}}<extra></extra>",
            }
        )
        if len(lines) > 1 and epochs and values[-1] is not None:
            notes.append(
                {
                    "x": epochs[-1],
                    "y": values[-1],
                    "text": name,
                    "xanchor": "left",
                    "xshift": 5,
                    "showarrow": False,
                    "font": {"color": colour, "size": 11},
                }
            )
    return {
        "data": traces,
        "layout": {
            "title": {"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
            "annotations": _apart(
                notes, [value for _, values in lines.values() for value in values if value is not None]
            ),
            "xaxis": {
                "title": {"text": "epoch"},
                "range": [0, max((e for x, _ in lines.values() for e in x), default=1)],
            },
            "yaxis": {"title": {"text": y}},
            "margin": {"l": 50, "r": 84 if notes else 16, "t": 34, "b": 42},
        },
        "description": f"{title}: {', '.join(lines)}",
    }


def _empty(title: str) -> Figure:
    """The place of a chart before there is anything to draw: no axes, which would be of no meaning."""
    note = {"text": "no epoch yet", "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "showarrow": False}
    return {
        "data": [],
        "layout": {
            "title": {"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
            "annotations": [note],
            "xaxis": {"visible": False},
            "yaxis": {"visible": False},
        },
        "description": f"{title}: no epoch yet",
    }


def _apart(notes: list[dict[str, Any]], values: Sequence[float]) -> list[dict[str, Any]]:
    """Names at the ends of lines that lie close are moved up, so that each has a line of its own."""
    low, span = min(values, default=0.0), (max(values, default=0.0) - min(values, default=0.0)) or 1.0
    previous: float | None = None
    for note in sorted(notes, key=lambda note: float(note["y"])):
        place = (note["y"] - low) / span * _PLOT_PIXELS
        wanted = place if previous is None else max(place, previous + _LINE_PIXELS)
        note["yshift"], previous = wanted - place, wanted
    return notes


def losses(payloads: Sequence[Mapping[str, Any]]) -> Figure:
    """The parts of the loss over epochs; `payloads` hold epoch and losses."""
    epochs = [payload["epoch"] for payload in payloads]
    names = [name for name in LOSS_NAMES if any(name in payload["losses"] for payload in payloads)]
    lines: Lines = {LOSS_NAMES[name]: (epochs, [p["losses"].get(name) for p in payloads]) for name in names}
    return curves("Parts of the loss", lines, "mean a step", colours=LOSS_COLOURS)


def gaps(payloads: Sequence[Mapping[str, Any]], title: str = "Gap between departments, by label") -> Figure:
    """Unbiased MMD^2 of every BIO label over epochs; `payloads` hold epoch and gap."""
    names = sorted({name for payload in payloads for name in payload["gap"]}, key=lambda name: (name == "O", name))
    epochs = [payload["epoch"] for payload in payloads]
    return curves(title, {name: (epochs, [p["gap"].get(name) for p in payloads]) for name in names}, "MMD²")


def divergence(payloads: Sequence[Mapping[str, Any]]) -> Figure:
    """How far the two CRFs are apart over epochs: L_p, the exact KL of a sentence and its bound, on a log axis."""
    epochs = [payload["epoch"] for payload in payloads]
    names = {"crf_l2": "L_p", "kl": "KL", "bound": "bound of KL"}
    lines: Lines = {
        said: (epochs, [p.get("divergence", {}).get(name) for p in payloads]) for name, said in names.items()
    }
    figure = curves("Distance of the two CRFs: L_p, and KL(source || target) of a sentence in nats", lines, "")
    figure["layout"]["yaxis"] |= {"type": "log"}
    notes = [note for note in figure["layout"]["annotations"] if note["y"] > 0]
    # On a log axis a note stands at the logarithm.
    figure["layout"]["annotations"] = [note | {"y": math.log10(note["y"]), "yshift": 0} for note in notes]
    return figure


def confusion(title: str, table: Mapping[str, Mapping[str, int]]) -> Figure:
    """Tokens by gold label (rows) and predicted label (columns), each row as a share of its gold tokens."""
    names = sorted({*table, *(name for row in table.values() for name in row)}, key=lambda name: (name == "O", name))
    counts = [[table.get(gold, {}).get(found, 0) for found in names] for gold in names]
    shares = [[100 * n / max(sum(row), 1) for n in row] for row in counts]
    return {
        "data": [
            {
                "type": "heatmap",
                "x": names,
                "y": names,
                "z": shares,
                "text": counts,
                "texttemplate": "%{text}",
                "textfont": {"color": NUMBERS},
                "colorscale": [[0, "#eef3f2"], [1, "#0f9d8a"]],
                "xgap": 2,
                "ygap": 2,
                "zmin": 0,
                "zmax": 100,
                "showscale": False,
                "hovertemplate": "gold %{y}, predicted %{x}: %{text} tokens (%{z:.1f} %)<extra></extra>",
            }
        ],
        "layout": {
            "title": {"text": title, "font": {"size": 13}, "x": 0, "xanchor": "left"},
            "xaxis": {"title": {"text": "predicted"}, "range": [-0.5, len(names) - 0.5], "showgrid": False},
            "yaxis": {"title": {"text": "gold"}, "range": [len(names) - 0.5, -0.5], "showgrid": False},
        },
        "description": title,
    }
