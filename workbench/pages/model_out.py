"""A model of this place on its way out."""

from __future__ import annotations

import streamlit as st

from ladtl_core.errors import LadtlError
from workbench.components.plain import plain
from workbench.pages.who import user
from workbench.services import access, model_export, model_folder
from workbench.services.model_export import Exported
from workbench.services.results import Result


def export(result: Result) -> None:
    """The model as a zip: made when it is asked for, since the text that it learned from is read again."""
    st.caption(
        "Weights, settings, dev scores and a model card, nothing quoted from records. Words that fewer than two "
        "patients' records hold, or that are seen less than three times, stay here: the copy does worse on records "
        "with rare words, and is measured on dev again."
    )
    if st.button(f"Prepare v{result.version} as a folder"):
        try:
            with st.spinner("Counting the words of the training text, measuring the copy on dev ..."):
                made = model_export.export(access.database(), result.model_id, user())
            st.session_state["model-folder"] = (result.model_id, made)
        except LadtlError as error:
            st.error(plain(error))
    of, prepared = st.session_state.get("model-folder", (None, None))
    if prepared is not None and of == result.model_id:
        _save(prepared)


def _save(made: Exported) -> None:
    zipped = model_folder.zipped(made.name, made.files)
    name = f"{made.name}.zip"
    st.download_button(f"Save {plain(name)}", zipped, name, "application/zip", type="primary", on_click="ignore")
    st.caption(f"{made.kept:,} of {made.words:,} words kept, {len(zipped) / 2**20:.1f} MB. The model card:")
    st.code(made.card, language="markdown", wrap_lines=True)
