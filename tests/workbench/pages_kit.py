"""What tests of pages share: a page of the running app, without a browser."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

MAIN = str(Path(__file__).parents[2] / "workbench" / "main.py")


def page(name: str, **state: object) -> AppTest:
    """The page of that name as a person comes to it, with this session state; an exception in it fails the test."""
    app = AppTest.from_file(MAIN, default_timeout=60)
    for key, value in state.items():
        app.session_state[key] = value
    app.run()
    app.switch_page(f"pages/{name}.py").run()
    assert not app.exception, app.exception
    return app


def press(app: AppTest, label: str) -> None:
    """Click the button with this label; an exception fails the test."""
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception, app.exception
