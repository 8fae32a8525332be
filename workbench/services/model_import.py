"""A model from elsewhere on its way in: looked at whole before anything is written, then a version of a department."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ladtl_core.errors import DataError
from ladtl_core.received import Received, check
from ladtl_core.scores import Scores
from workbench.jobs import api
from workbench.services import model_folder
from workbench.services.model_folder import CHECKED, FORMAT, NAMES, SPEC, VERSION, Files, digest
from workbench.services.roles import Act, needs
from workbench.store import audit, departments, trained
from workbench.store.database import Database
from workbench.store.errors import NotFound
from workbench.store.labels import by_name
from workbench.store.models import Model
from workbench.store.paths import home

LONGEST_NAME = 200


@dataclass(frozen=True)
class About:
    """What a model says of itself; F1 in percent, measured where it was trained."""

    method: str
    sources: tuple[str, ...]
    target: str
    labels: tuple[str, ...]
    trained: str
    code_version: str
    words: int
    f1: float | None
    interval: tuple[float, float] | None
    records: int

    @property
    def title(self) -> str:
        """As runs are called: `la-dtl: Cardiology → Respiratory`."""
        return f"{self.method}: {' + '.join(self.sources)}{' → ' if self.sources else ''}{self.target}"


@dataclass(frozen=True)
class Brought:
    """A model whose files are what they should be."""

    files: Files
    about: About
    scheme: str


@dataclass(frozen=True)
class Fit:
    """Which of the model's labels a department has, by name, and which it lacks; `scheme` if it cuts text otherwise."""

    labels: tuple[str, ...]
    missing: tuple[str, ...]
    scheme: str | None


@dataclass(frozen=True)
class Elsewhere:
    """One of a department's models from elsewhere."""

    model_id: int
    version: int
    current: bool
    about: About


def opened(files: Files, source: str) -> Brought:
    """The model of these files, which came as `source`. Raises DataError for what is no model or was changed."""
    if missing := [name for name in NAMES if name not in files]:
        raise DataError(f"lacks {', '.join(missing)}; expected {', '.join(NAMES)}", file=source)
    spec = _object(files[SPEC], SPEC)
    if spec.get("format") != FORMAT:
        raise DataError(f"is of the format {spec.get('format')!r}; expected {FORMAT!r}", file=SPEC)
    if spec.get("version") != VERSION:
        found = f"has version {spec.get('version')!r} of the format; this workbench reads {VERSION}"
        raise DataError(f"{found}. Export it again there, or bring this workbench up to date", file=SPEC)
    sums = spec.get("files")
    for name in CHECKED:
        if not isinstance(sums, dict) or sums.get(name) != digest(files[name]):
            raise DataError(f"is not the file that {SPEC} names: its SHA-256 differs. Copy the folder again", file=name)
    known = check(files["model.json"], files["model.safetensors"])
    try:
        about = _about(spec, known, _object(files["metrics.json"], "metrics.json")["dev"])
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DataError(f"says not what it should ({type(error).__name__}: {error})", file=SPEC) from None
    return Brought(files, about, known.config.model.scheme)


def _object(data: bytes, name: str) -> dict[str, Any]:
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DataError(f"is no JSON ({error})", file=name) from None
    if not isinstance(values, dict):
        raise DataError("holds no JSON object", file=name)
    return values


def _about(spec: Mapping[str, Any], known: Received, dev: Any) -> About:
    scores = Scores.from_dict(dev) if dev else None
    return About(
        method=known.config.transfer.method,
        sources=tuple(_name(part["name"]) for part in spec["sources"]),
        target=_name(spec["target"]["name"]),
        labels=tuple(map(_name, known.labels)),
        trained=_name(spec["trained"]),
        code_version=_name(spec["code_version"]),
        words=known.words,
        f1=_percent(scores.overall.f1) if scores else None,
        interval=(_percent(scores.interval[0]), _percent(scores.interval[1])) if scores and scores.interval else None,
        records=int(scores.records) if scores else 0,
    )


def _name(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_NAME or not value.isprintable():
        raise ValueError(f"a name is {str(value)[:40]!r}; expected at most {LONGEST_NAME} characters on one line")
    return value


def _percent(value: Any) -> float:
    if not 0 <= float(value) <= 100:
        raise ValueError(f"F1 is {value}; expected 0 to 100")
    return float(value)


@needs(Act.MODELS)
def department(database: Database, name: str) -> int:
    """The id of the department of that name. Raises NotFound."""
    with database.reading() as session:
        found = departments.by_name(session, name)
    if found is None:
        raise NotFound("department", name)
    return found.id


@needs(Act.MODELS)
def fit(database: Database, brought: Brought, department_id: int) -> Fit:
    """What the department can do with the model. Raises NotFound."""
    with database.reading() as session:
        scheme = departments.get(session, department_id).scheme
        here = {
            name for name, label in by_name(departments.labels(session, department_id)).items() if not label.retired
        }
    labels = brought.about.labels
    missing = tuple(label for label in labels if label not in here)
    return Fit(tuple(label for label in labels if label in here), missing, None if scheme == brought.scheme else scheme)


@needs(Act.MODELS)
def bring_in(database: Database, brought: Brought, department_id: int, who: str) -> Model:
    """Store the model as the department's next version, or find it there; the first one becomes current.

    A current one reads the department's records in a worker. Spans with labels that the department lacks are not
    suggested. Raises NotFound, and DataError where the department has none of its labels.
    """
    if not fit(database, brought, department_id).labels:
        wanted = ", ".join(brought.about.labels)
        raise DataError(f"the department has none of the model's labels ({wanted}); add or rename them on page Labels")
    key = digest(brought.files[SPEC])  # of what has the hashes of all other files
    folder = home() / "models" / key
    if not folder.exists():
        model_folder.write(folder, brought.files)
    with database.session() as session:
        model = trained.add_imported(
            session,
            department_id=department_id,
            title=f"from elsewhere: {brought.about.title}",
            about=asdict(brought.about),
            key=api.spec_hash("import", {"department": department_id, "model": key}),
            folder=key,
            hash=digest(brought.files["model.safetensors"]),
            code_version=brought.about.code_version,
        )
        current = departments.get(session, department_id).current_model_id == model.id
        audit.note(session, who, "brought in", f"model {model.id}", {"version": model.version, "spec": key})
    if current:
        api.submit_prediction(database, model.id)
    return model


@needs(Act.RESULTS)
def of_department(database: Database, department_id: int) -> list[Elsewhere]:
    """The department's models from elsewhere, the newest first."""
    with database.reading() as session:
        current = departments.get(session, department_id).current_model_id
        found = trained.imported_models(session, department_id)
    return [Elsewhere(model.id, model.version, model.id == current, _read(about)) for model, about in found]


def _read(about: Mapping[str, Any]) -> About:
    interval = about["interval"]
    lists = {name: tuple(about[name]) for name in ("sources", "labels")}
    return About(**{**about, **lists, "interval": (interval[0], interval[1]) if interval else None})
