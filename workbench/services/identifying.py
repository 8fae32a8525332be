"""Before an import: what in its texts may say who somebody is, for a person to replace or to leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ladtl_core.identifiers import Finding, find
from ladtl_core.replacing import touched
from workbench.services.exchange import Preview
from workbench.services.importing import Replacements
from workbench.services.incoming import Placed, read
from workbench.services.roles import Act, needs
from workbench.store import audit, departments, name_lists
from workbench.store.database import Database

AROUND = 40  # characters shown on each side
LONGEST_WORD, MOST_WORDS = 200, 20_000


@dataclass(frozen=True, slots=True)
class Found:
    """One finding in a record of an import, with the text around it; `labels` counts those that lie on it."""

    department: str
    record_id: str
    finding: Finding
    before: str
    words: str
    after: str
    labels: int


@dataclass(slots=True)
class Findings:
    """What was found in an import, in the order of its records."""

    found: list[Found] = field(default_factory=list)
    records: int = 0  # that were looked at

    @property
    def kinds(self) -> dict[str, int]:
        """How many of each kind."""
        return dict(sorted(Counter(one.finding.kind for one in self.found).items()))


def look(preview: Preview, words: Mapping[str, Sequence[str]], progress: Callable[[int], None]) -> Findings:
    """Go through the records of an import once; `words` are looked for in those of a department, by its name.

    `progress` hears how many records were looked at.
    """
    findings = Findings()
    for item in read(preview.source):
        if isinstance(item, Placed):
            record = item.record
            for one in find(record.text, words.get(item.department, ())):
                before = record.text[max(0, one.start - AROUND) : one.start]
                after = record.text[one.end : one.end + AROUND]
                words_found, labels = record.text[one.start : one.end], touched(record, [one])
                findings.found.append(Found(item.department, record.id, one, before, words_found, after, labels))
            findings.records += 1
            progress(findings.records)
    return findings


def replacements(accepted: Sequence[Found]) -> Replacements:
    """What is to be replaced, as `importing.commit` takes it."""
    made: dict[tuple[str, str], list[Finding]] = {}
    for one in accepted:
        made.setdefault((one.department, one.record_id), []).append(one.finding)
    return {key: sorted(findings) for key, findings in made.items()}


@needs(Act.IMPORT)
def words_of(database: Database, department_names: Sequence[str]) -> dict[str, list[str]]:
    """The words that each of these departments looks for; one that does not exist yet has none."""
    with database.reading() as session:
        known = {name: departments.by_name(session, name) for name in department_names}
        return {name: name_lists.of_department(session, one.id) if one else [] for name, one in known.items()}


def parsed(text: str) -> list[str]:
    """Words as a person typed them, one a line."""
    words = (" ".join(line.split())[:LONGEST_WORD] for line in text.splitlines())
    return [word for word in dict.fromkeys(words) if word][:MOST_WORDS]


@needs(Act.IMPORT)
def keep_words(database: Database, words: Mapping[str, Sequence[str]], who: str) -> None:
    """Keep the words for the next import into these departments; the audit trail has only their number."""
    with database.session() as session:
        for name, own in words.items():
            department = departments.by_name(session, name)
            if department is not None and name_lists.of_department(session, department.id) != list(own):
                name_lists.write(session, department.id, own)
                audit.note(session, who, "list of names", f"department {department.id}", {"words": len(own)})
