"""Adjudication: of records that several people submitted one version becomes the gold, place by place."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Any

from sqlalchemy.orm import Session

from ladtl_core.errors import DataError
from workbench.services.disagreement import Place, compare, spot
from workbench.services.labelling import Stale, whole
from workbench.services.roles import Act, needs
from workbench.store import adjudications, departments, records, versions
from workbench.store import annotations as labels_of
from workbench.store.adjudications import Adjudication, Choices, State
from workbench.store.annotations import SpanData
from workbench.store.database import Database
from workbench.store.models import RecordRow
from workbench.store.versions import Version, Versions

STATES = ("open", "draft", "adjudicated", "changed")


@dataclass(frozen=True, slots=True)
class Case:
    """A record that several people submitted: how many places they differ in, and how many of them are decided.

    `state`: open, draft, adjudicated, or changed when somebody changed their labels since; its gold stays.
    """

    record_id: int
    external_id: str
    people: tuple[str, ...]
    places: int
    decided: int
    state: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a browser wants to save: all choices, on top of revision `base`, between these revisions of annotations."""

    base: int
    versions: dict[int, int]
    choices: dict[tuple[int, int], int | None]
    finished: bool


@needs(Act.REVIEW)
def cases(database: Database, department_id: int) -> list[Case]:
    """The department's records with two or more versions, or with a gold made of some, in their order."""
    with database.reading() as session:
        states = adjudications.of_department(session, department_id)
        meant = _meant(session, department_id)
        found = versions.of_department(session, department_id)
        gone = {key for key, state in states.items() if state.finished} - {one.record.id for one in found}
        found += [versions.of_record(session, records.get(session, key)) for key in gone]
        return [
            _case(session, one, states.get(one.record.id), meant)
            for one in sorted(found, key=lambda one: one.record.position)
        ]


@needs(Act.REVIEW)
def open_record(database: Database, record_id: int) -> dict[str, Any]:
    """A record as the adjudicator and the route take it. Offsets are code points.

    `rows` are its sentences, cut wherever a span or a place begins or ends: {start, end, text}.
    `versions`: {id, author, revision, spans: {start, end, label (its id), place (index or None where all agree)}}.
    `places`: {start, end}. `choices`: {start, end, take (a version's id, None for no span)}. `revision` counts saves;
    `changed` names who changed their labels since the record was adjudicated, by `author`. Raises NotFound.
    """
    with database.reading() as session:
        return _view(session, records.get(session, record_id))


@needs(Act.REVIEW)
def save(database: Database, record_id: int, who: str, decision: Decision) -> int:
    """Save the choices, and make the gold of them if they are finished; returns the revision.

    Raises Stale if somebody saved first or changed their labels, DataError for choices that cannot be, NotFound.
    """
    with database.session() as session:
        row = adjudications.locked(session, record_id)
        found, state = versions.of_record(session, row), adjudications.of_record(session, record_id)
        current = state.latest.revision if state else 0
        if decision.base != current or decision.versions != _revisions(found):
            raise Stale(_view(session, row))
        agreed, places = compare(_spans(found))
        _check(decision, found, places)
        if state and _same(state.latest, decision):
            return current
        if decision.finished:
            adjudications.make_gold(session, record_id, who, _chosen(agreed, places, decision.choices, found))
        return adjudications.add(session, record_id, who, found.people, decision.choices, decision.finished)


@needs(Act.REVIEW)
def take_agreed(database: Database, department_id: int, who: str) -> int:
    """Adjudicate every record whose versions agree wholly; returns how many. What changes meanwhile is left."""
    taken = 0
    for case in agreed_cases(cases(database, department_id)):
        view = open_record(database, case.record_id)
        revisions = {version["id"]: version["revision"] for version in view["versions"]}
        try:
            save(database, case.record_id, who, Decision(view["revision"], revisions, {}, finished=True))
        except (Stale, DataError):
            continue
        taken += 1
    return taken


def agreed_cases(found: Sequence[Case]) -> list[Case]:
    """Those without a place to decide that are not adjudicated as they stand."""
    return [case for case in found if len(case.people) > 1 and not case.places and case.state != "adjudicated"]


def differing_cases(found: Sequence[Case]) -> list[Case]:
    """Those with places to decide, and those of whose versions one alone is still submitted."""
    return [case for case in found if case.places or len(case.people) < 2]


def parse_decision(body: Any) -> Decision:
    """A decision from its JSON form; raises DataError naming what is wrong."""
    try:
        chosen = {
            (whole(one["start"]), whole(one["end"])): None if one["take"] is None else whole(one["take"])
            for one in body["choices"]
        }
        revisions = {whole(key): whole(revision) for key, revision in body["versions"]}
        return Decision(whole(body["base"]), revisions, chosen, body["finished"] is True)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"the decision cannot be read ({error!r}); reload the page") from error


def _check(decision: Decision, found: Versions, places: Sequence[Place]) -> None:
    if len(found.people) < 2:
        raise DataError("the record has fewer than two submitted versions now; there is nothing to choose from")
    known = {(place.start, place.end): place for place in places}
    for (start, end), take in decision.choices.items():
        if (start, end) not in known:
            raise DataError(f"the versions do not differ at {start}-{end}; reload the page")
        if take is not None and take not in known[start, end].options:
            raise DataError(f"at {start}-{end} version {take} was taken, which is not of this record; reload the page")
    if decision.finished and len(decision.choices) < len(places):
        raise DataError(f"{len(places) - len(decision.choices)} of {len(places)} places are not decided yet")


def _same(latest: Adjudication, decision: Decision) -> bool:
    chosen = {(start, end): take for start, end, take in latest.choices}
    compared = {annotation_id: revision for annotation_id, revision, _ in latest.versions}
    return (compared, chosen, latest.finished) == (decision.versions, decision.choices, decision.finished)


def _chosen(agreed: Sequence[SpanData], places: Sequence[Place], choices: Choices, found: Versions) -> list[SpanData]:
    """The spans of the gold, with ids that say which version they are from."""
    spans = [_of_version(span, found.people[0].annotation_id) for span in agreed]
    for place in places:
        take = choices[place.start, place.end]
        if take is not None:
            spans += [_of_version(span, take) for span in place.options[take]]
    return labels_of.in_order(spans)


def _of_version(span: SpanData, annotation_id: int) -> SpanData:
    return replace(span, span_id=f"{annotation_id}.{span.span_id}")


def _case(session: Session, found: Versions, state: State | None, meant: Mapping[int, int]) -> Case:
    _, places = compare(_spans(found))
    return Case(
        found.record.id,
        found.record.external_id,
        tuple(version.author for version in found.people),
        len(places),
        len(_carried(session, found, places, state, meant)),
        _status(state, bool(_changed(session, found, state, meant))),
    )


def _status(state: State | None, changed: bool) -> str:
    if state is None:
        return "open"
    if state.finished is None:
        return "draft"
    if changed:
        return "changed"
    return "adjudicated" if state.latest.finished else "draft"


def _view(session: Session, row: RecordRow) -> dict[str, Any]:
    found, state = versions.of_record(session, row), adjudications.of_record(session, row.id)
    meant = _meant(session, row.department_id)
    _, places = compare(_spans(found))
    changed = _changed(session, found, state, meant)
    return {
        "id": row.id,
        "external_id": row.external_id,
        "split": row.split,
        "rows": _rows(row, found),
        "labels": [
            {"id": label.id, "name": label.name, "colour": label.colour}
            for label in departments.labels(session, row.department_id)
        ],
        "versions": [_version(version, places) for version in found.people],
        "places": [{"start": place.start, "end": place.end} for place in places],
        "choices": [
            {"start": start, "end": end, "take": take}
            for (start, end), take in sorted(_carried(session, found, places, state, meant).items())
        ],
        "revision": state.latest.revision if state else 0,
        "finished": bool(state and state.latest.finished and not changed),
        "status": _status(state, bool(changed)),
        "author": state.finished.author if state and state.finished else None,
        "changed": changed,
    }


def _version(version: Version, places: Sequence[Place]) -> dict[str, Any]:
    options = enumerate(place.options[version.annotation_id] for place in places)
    index = {spot(span): number for number, spans in options for span in spans}
    return {
        "id": version.annotation_id,
        "author": version.author,
        "revision": version.revision,
        "spans": [
            {"start": span.start, "end": span.end, "label": span.label_id, "place": index.get(spot(span))}
            for span in version.spans
        ],
    }


def _rows(row: RecordRow, found: Versions) -> list[list[dict[str, Any]]]:
    """The text is cut here: JavaScript's own offsets are UTF-16. Places begin and end where spans do."""
    begins = [0, *(row.tokens[index][0] for index in row.sentence_starts[1:]), len(row.text)]
    edges = {edge for version in found.people for span in version.spans for edge in (span.start, span.end)}
    cuts = sorted(edges.union(begins))
    pieces = [{"start": start, "end": end, "text": row.text[start:end]} for start, end in pairwise(cuts)]
    return [list(sentence) for _, sentence in groupby(pieces, lambda piece: bisect_right(begins, piece["start"]))]


def _spans(found: Versions) -> dict[int, tuple[SpanData, ...]]:
    return {version.annotation_id: version.spans for version in found.people}


def _revisions(found: Versions) -> dict[int, int]:
    return {version.annotation_id: version.revision for version in found.people}


def _meant(session: Session, department_id: int) -> dict[int, int]:
    """The label that each id means now, after merges."""
    return {label.id: label.merged_into or label.id for label in departments.labels(session, department_id)}


def _then(session: Session, save: Adjudication, found: Versions, meant: Mapping[int, int]) -> dict[int, list[SpanData]]:
    """The versions that a save compared, as they were, with the labels as they are now."""
    unchanged = {version.annotation_id: version for version in found.people}
    then: dict[int, list[SpanData]] = {}
    for annotation_id, revision, _ in save.versions:
        now = unchanged.get(annotation_id)
        if now and now.revision == revision:
            then[annotation_id] = list(now.spans)
        else:
            _, spans = labels_of.at_revision(session, annotation_id, revision)
            then[annotation_id] = [replace(span, label_id=meant[span.label_id]) for span in spans]
    return then


def _carried(
    session: Session, found: Versions, places: Sequence[Place], state: State | None, meant: Mapping[int, int]
) -> dict[tuple[int, int], int | None]:
    """The choices of the latest save, but for places where a version changed since."""
    if state is None:
        return {}
    then = {(place.start, place.end): place.spots for place in compare(_then(session, state.latest, found, meant))[1]}
    now = {(place.start, place.end): place.spots for place in places}
    return {place: take for place, take in state.choices.items() if place in now and then.get(place) == now[place]}


def _changed(session: Session, found: Versions, state: State | None, meant: Mapping[int, int]) -> list[str]:
    """Whose labels are others than those that the gold was made of, or are new, or no longer submitted."""
    if state is None or state.finished is None:
        return []
    then = _then(session, state.finished, found, meant)
    before = {author: set(map(spot, then[annotation_id])) for annotation_id, _, author in state.finished.versions}
    now = {version.author: set(map(spot, version.spans)) for version in found.people}
    return sorted(author for author in before.keys() | now.keys() if before.get(author) != now.get(author))
