"""People who save while a training runs and records are imported: what is reported, and that a loss would be found."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update

import benchmarks.load
from benchmarks.load import IMPORTED, Load
from benchmarks.served import installation
from ladtl_core.config import Config, ModelConfig, TrainingConfig
from workbench.store import departments
from workbench.store.models import Annotation, AnnotationChange, RecordRow


def tiny(seed: int) -> Config:
    model = ModelConfig(word_size=8, char_size=4, char_filters=4, hidden_size=6)
    return Config(model, TrainingConfig(seed=seed, max_steps=10, epoch_steps=5, batch_size=2, pretrain_epochs=1))


def test_a_load_tells_how_long_people_wait_and_what_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LADTL_KERNELS", "torch")  # compiling takes longer than all of this
    monkeypatch.setattr(benchmarks.load, "STARTED_SECONDS", 0.0)  # the worker's start as well
    with installation("sqlite") as (home, database):
        load = Load(home, database, people=3, pause=0.1, config_of=tiny)
        load.last(seconds=2, count=50)
        told, saved = load.report(), load.acknowledged()
        assert load.lost() == [] and load.whole()
        assert told["saves"] == len(saved) > 3 and told["import, records"] == 50
        assert 0 < told["wait, median, ms"] <= told["wait, 95th percentile, ms"] <= told["wait, slowest, ms"]
        assert told["wait during the import, slowest, ms"] <= told["wait, slowest, ms"]
        assert sum(count for name, count in told.items() if name.startswith("runs, ")) >= 1
        assert all(told[f"memory at its peak, {role}, MB"] > 10 for role in ("app", "supervisor"))

        with database.session() as session:
            gone = departments.by_name(session, IMPORTED)
            assert gone is not None
            some = update(RecordRow).where(RecordRow.department_id == gone.id, RecordRow.position == 7)
            session.execute(some.values(text="Another text"))
            last = saved[-1]
            annotation = (Annotation.record_id == last.record_id) & (Annotation.author == last.person)
            [found] = session.query(Annotation.id).where(annotation).one()
            change = (AnnotationChange.annotation_id == found) & (AnnotationChange.revision == last.revision)
            session.execute(delete(AnnotationChange).where(change))
        assert last in load.lost() and not load.whole()
