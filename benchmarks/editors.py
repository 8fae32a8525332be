"""People who label through the app's own route as the annotator does: the latest state of a record, on the revision
that they know, again and again until it is acknowledged."""

from __future__ import annotations

import http.client
import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from workbench.services import labelling, tokens
from workbench.store.database import Database

EDITS_A_VISIT = 10
AGAIN_SECONDS = 0.2  # after no answer; a browser waits longer
ANSWER_SECONDS = 60.0
Marks = frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Saved:
    """An acknowledged edit: who has which stretches marked from that revision on; when its first request was sent, and
    the seconds from there to the acknowledgement."""

    person: str
    record_id: int
    revision: int
    marks: Marks
    at: float
    seconds: float


class Editor(threading.Thread):
    """One person, who marks words of the records and takes marks away, each change a save.

    `troubles` counts answers that were no acknowledgement, by what they were: `no answer` while the app is away.
    """

    def __init__(
        self, port: int, person: str, texts: Mapping[int, str], label: int, *, pause: float, seed: int
    ) -> None:
        super().__init__(name=person, daemon=True)
        self.acknowledged: list[Saved] = []
        self.troubles: Counter[str] = Counter()
        self._person, self._label, self._pause = person, label, pause
        self._words = {i: [match.span() for match in re.finditer(r"\w+", text)] for i, text in texts.items()}
        self._marks: dict[int, Marks] = {}
        self._revisions = dict.fromkeys(texts, 0)
        self._random = random.Random(seed)
        self._ending = threading.Event()
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
        self._token = tokens.issue(person)

    def end(self) -> None:
        """Ask it to end; an edit on its way may stay without an answer."""
        self._ending.set()

    def run(self) -> None:
        while not self._ending.is_set():
            record_id = self._random.choice(list(self._words))
            for _ in range(EDITS_A_VISIT):
                # Spread over the time, as people are.
                if self._ending.wait(self._pause * 2 * self._random.random()):
                    return
                self._edit(record_id)

    def _edit(self, record_id: int) -> None:
        """Mark a word or take its mark away, and save until that is acknowledged."""
        marks = self._marks.get(record_id, frozenset()) ^ {self._random.choice(self._words[record_id])}
        begin = time.perf_counter()
        while not self._ending.is_set():
            status, answer = self._post(record_id, self._revisions[record_id], marks)
            revision = _acknowledged(status, answer, marks)
            if revision is not None:
                saved = Saved(self._person, record_id, revision, marks, begin, time.perf_counter() - begin)
                self._marks[record_id], self._revisions[record_id] = marks, revision
                self.acknowledged.append(saved)
                return
            self.troubles["no answer" if status is None else f"{status}: {answer.get('error')}"] += 1
            if status == 401:
                self._token = tokens.issue(self._person)
            self._ending.wait(AGAIN_SECONDS)

    def _post(self, record_id: int, base: int, marks: Marks) -> tuple[int | None, dict[str, Any]]:
        given = {"label": self._label, "origin": "manual", "confidence": None, "model": None}
        spans = [{"id": f"{start}-{end}", "start": start, "end": end, **given} for start, end in sorted(marks)]
        body = json.dumps({"base": base, "status": "draft", "spans": spans, "decisions": []})
        try:
            headers = {"Content-Type": "application/json", "X-Workbench-Token": self._token}
            self._connection.request("POST", f"/api/annotations/{record_id}", body, headers)
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return None, {}
        try:
            answer = json.loads(content)
        except ValueError:
            answer = {}
        return response.status, answer if isinstance(answer, dict) else {}


def _acknowledged(status: int | None, answer: Mapping[str, Any], marks: Marks) -> int | None:
    """The revision that has the marks; a conflict with one's own save, whose answer was lost, is one."""
    if status == 200:
        return int(answer["revision"])
    if status == 409 and {(span["start"], span["end"]) for span in answer["current"]["spans"]} == marks:
        return int(answer["current"]["revision"])
    return None


@contextmanager
def editing(editors: Sequence[Editor]) -> Iterator[None]:
    """While this is open they edit."""
    for editor in editors:
        editor.start()
    try:
        yield
    finally:
        for editor in editors:
            editor.end()
        for editor in editors:
            editor.join(ANSWER_SECONDS)


def lost(database: Database, acknowledged: Sequence[Saved]) -> list[Saved]:
    """The acknowledged edits that the database has not, or not with these marks."""
    states = {key: _states(database, *key) for key in {(one.record_id, one.person) for one in acknowledged}}
    return [one for one in acknowledged if states[one.record_id, one.person].get(one.revision) != one.marks]


def _states(database: Database, record_id: int, person: str) -> dict[int, Marks]:
    """What was marked at each revision; those after a missing number, or a history that is not what is stored, count
    for nothing."""
    states: dict[int, Marks] = {}
    marks: Marks = frozenset()
    history = labelling.history(database, record_id, person)
    for number, change in enumerate(history, 1):
        if change["revision"] != number:
            return states
        marks = marks - _stretches(change["removed"]) | _stretches(change["added"])
        states[number] = marks
    current = labelling.open_record(database, record_id, person)
    whole = current["revision"] >= len(history) and (
        current["revision"] > len(history) or _stretches(current["spans"]) == marks
    )
    return states if whole else {}


def _stretches(spans: Sequence[Mapping[str, Any]]) -> Marks:
    return frozenset((span["start"], span["end"]) for span in spans)
