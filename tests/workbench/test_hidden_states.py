"""Hidden states beside a model: a training leaves them, and Results shows them."""

from __future__ import annotations

import json

from tests.workbench.fake_learner import FakeLearner
from tests.workbench.jobs_kit import spec, two_departments
from tests.workbench.pages_kit import page
from tests.workbench.test_pages import texts
from workbench.components.states_chart import states_chart
from workbench.jobs import api
from workbench.jobs.execution import execute
from workbench.services import hidden_states
from workbench.store import trained
from workbench.store.database import Database
from workbench.store.paths import STATES_FILE, home

POINTS = {"target": {"B-Problem": [[0.0, 1.0]], "I-Problem": [[1.0, 0.0]]}, "source": {"O": [[2.0, 2.0]]}}


def test_a_training_leaves_its_states_and_results_show_them(installation: Database) -> None:
    ids = two_departments(installation)
    run_id = api.submit_training(installation, spec(ids))
    execute(installation, run_id, "here", FakeLearner().learner())
    with installation.reading() as session:
        model = trained.of_run(session, run_id)
    assert model is not None
    found = hidden_states.of_model(installation, model.id)
    assert found == hidden_states.HiddenStates(POINTS, (0.6, 0.3), {"Problem": 0, "Test": 1})
    lines = ["domain,tag,x,y", "target,B-Problem,0.0,1.0", "target,I-Problem,1.0,0.0", "source,O,2.0,2.0"]
    assert hidden_states.as_csv(found.points).splitlines() == lines
    assert "diamonds: sources" in texts(page("results", department=ids[1]))
    file = home() / "models" / model.folder / STATES_FILE
    assert json.loads(file.read_text(encoding="utf-8"))["explained"] == [0.6, 0.3]
    for spoil in (lambda: file.write_text("{", encoding="utf-8"), file.unlink):
        spoil()
        assert hidden_states.of_model(installation, model.id) is None
        assert "diamonds: sources" not in texts(page("results", department=ids[1]))


def test_the_chart_tells_labels_by_colour_and_domains_by_shape() -> None:
    points = {
        "source": {"O": [[0.0, 0.0]], "B-Problem": [[1.0, 2.0]]},
        "target": {"B-Problem": [[3.0, 4.0]], "I-Problem": [[5.0, 6.0]]},
    }
    figure = states_chart(points, (0.6, 0.3), {"Problem": 1})
    traces = {trace["name"]: trace for trace in figure["data"]}
    assert list(traces) == ["O, source", "Problem, source", "Problem, target"]
    ours, theirs, outside = (
        traces[f"{name}"]["marker"] for name in ("Problem, target", "Problem, source", "O, source")
    )
    assert ours["color"] == theirs["color"] != outside["color"] and ours["symbol"] != theirs["symbol"]
    assert (traces["Problem, target"]["x"], traces["Problem, target"]["y"]) == ([3.0, 5.0], [4.0, 6.0])
    assert "Hidden states of 4 tokens" in figure["layout"]["title"]["text"]
    assert traces["Problem, target"]["customdata"] == ["B-Problem", "I-Problem"]
    assert "60%" in figure["layout"]["xaxis"]["title"]["text"]
