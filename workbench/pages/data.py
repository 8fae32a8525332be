"""Data: bring records in, look at what was read before it is written, take records out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from ladtl_core.errors import LadtlError
from ladtl_core.formats import FORMATS
from ladtl_core.records import SPLITS
from workbench.components.plain import plain
from workbench.pages import identifying
from workbench.pages.erase import erase_records
from workbench.pages.permitted import may
from workbench.pages.who import user
from workbench.services import access, exchange, holdings, importing, outgoing, uploads
from workbench.services.exchange import Preview
from workbench.services.holdings import Holding
from workbench.services.importing import Replacements
from workbench.services.roles import Act
from workbench.services.uploads import Upload

NEW_DEPARTMENT = "A new department"
FROM_THE_FILES = "New: those of the files"
SHOWN_REMARKS = 10
HELP = (
    "JSON lines, CoNLL (BIO, IOB1, BIOES, CoNLL 2003), brat, doccano, Label Studio, spaCy DocBin, UIMA XMI of "
    "INCEpTION, CSV or plain text, in UTF-8. Formats of several files: choose all of them, or a zip. A `.json` file "
    'beside them is read as splits: `{"record id": {"department": "...", "split": "train"}}`.'
)


def show() -> None:
    st.title("Data")
    if message := st.session_state.pop("imported", None):
        st.success(plain(message))
    held = holdings.holdings(access.database())
    if not held:
        st.write("Import the records of a department to begin. They stay on this machine.")
    if may(Act.IMPORT):
        _import(held)
    if held:
        _departments(held)


def _import(held: Sequence[Holding]) -> None:
    st.subheader("Import", anchor=False)
    # A new key after each import empties the widget.
    key = f"files-{st.session_state.get('imports', 0)}"
    chosen = st.file_uploader("Files with records", accept_multiple_files=True, key=key, help=HELP)
    if not chosen:
        return
    try:
        preview = _preview(chosen, held)
    except LadtlError as error:
        st.error(plain(error))
        return
    _show_preview(preview)
    if not preview.records:
        return
    replacements = identifying.review(preview)
    if st.button(plain(_button_text(preview)), type="primary", disabled=bool(preview.errors)):
        _commit(preview, replacements)


def _preview(chosen: Sequence[UploadedFile], held: Sequence[Holding]) -> Preview:
    """What the files hold under the choices made; read again only when one of them changes."""
    given = tuple(file.file_id for file in chosen)
    if st.session_state.get("upload-key") != given:
        st.session_state["upload"] = uploads.sorted_out([(file.name, file.getvalue()) for file in chosen])
        st.session_state["upload-key"] = given
    upload: Upload = st.session_state["upload"]
    options = {"format": _format(upload, given), **_choices(held)}
    key = (given, tuple(options.items()))
    if st.session_state.get("preview-key") != key:
        count = len(upload.files)
        with st.spinner(f"Reading {count:,} file{'' if count == 1 else 's'} ..."):
            found = exchange.preview(access.database(), upload.files, splits=upload.splits, **options)
        st.session_state["preview"], st.session_state["preview-key"] = found, key
    return st.session_state["preview"]


def _format(upload: Upload, given: tuple[str, ...]) -> str:
    names = list(FORMATS)
    return st.selectbox(
        "Format",
        names,
        names.index(upload.format),
        format_func=lambda name: FORMATS[name].title,
        key=f"format-{'-'.join(given)}",
        help="As the files look; choose another one if that is wrong.",
    )


def _choices(held: Sequence[Holding]) -> dict[str, Any]:
    """Department, label set and further labels, as `exchange.preview` takes them."""
    left, middle, right = st.columns(3)
    names = [holding.department.name for holding in held]
    department = left.selectbox("Records that name no department go to", [NEW_DEPARTMENT, *names])
    if department == NEW_DEPARTMENT:
        department = left.text_input("Name of the new department").strip()
    sets = holdings.label_sets(access.database())
    label_set = middle.selectbox(
        "Labels of a new department",
        [FROM_THE_FILES, *sets],
        format_func=lambda name: name if name == FROM_THE_FILES else f"As in {name}: {', '.join(sets[name])}",
    )
    new = label_set == FROM_THE_FILES
    further = right.text_input("Further labels, with commas between", disabled=not new, placeholder="Problem, Test")
    labels = tuple(label.strip() for label in further.split(",") if label.strip())
    return {"department": department or None, "label_set": None if new else label_set, "labels": labels if new else ()}


def _show_preview(preview: Preview) -> None:
    if preview.errors:
        more = f", the first {len(preview.errors)} of them here" if preview.error_count > len(preview.errors) else ""
        count = f"{preview.error_count:,} error{'' if preview.error_count == 1 else 's'}"
        st.error(f"{count}{more}. Nothing can be imported before the files are right.")
        st.text("\n".join(map(str, preview.errors)))  # as text, which can be read aloud and copied
    for warning in preview.warnings:
        st.warning(plain(warning))
    if remarks := preview.remarks:
        more = f"\nand {len(remarks) - SHOWN_REMARKS:,} more" if len(remarks) > SHOWN_REMARKS else ""
        st.text("\n".join(remarks[:SHOWN_REMARKS]) + more)
    if preview.departments:
        rows = [
            {
                "Department": part.name + (" (new)" if part.is_new else ""),
                "Records": part.records,
                "Labelled": part.labelled,
                **{split: part.splits.get(split, 0) for split in SPLITS},
                "Spans": ", ".join(f"{label} {count:,}" for label, count in part.labels.items()),
            }
            for part in preview.departments
        ]
        st.dataframe(rows, hide_index=True)


def _button_text(preview: Preview) -> str:
    names = [part.name for part in preview.departments]
    where = names[0] if len(names) == 1 else f"{len(names)} departments"
    return f"Import {preview.records:,} record{'' if preview.records == 1 else 's'} into {where}"


def _commit(preview: Preview, replacements: Replacements) -> None:
    bar = st.progress(0.0)

    def show(written: int) -> None:
        done = f"Written: {written:,} of {preview.records:,} records. Leaving the page cancels the import."
        bar.progress(written / preview.records, done)

    try:
        importing.commit(access.database(), preview, user(), progress=show, replacements=replacements)
    except LadtlError as error:
        bar.empty()
        st.error(plain(f"Nothing was imported: {error}"))
        return
    identifying.keep_words()
    st.session_state["imported"] = _button_text(preview).replace("Import ", "Imported ", 1) + "."
    st.session_state["imports"] = st.session_state.get("imports", 0) + 1
    for name in ("preview", "preview-key", "upload", "upload-key"):
        del st.session_state[name]
    st.rerun()


def _departments(held: Sequence[Holding]) -> None:
    st.subheader("Departments", anchor=False)
    rows = [
        {
            "Department": holding.department.name,
            "Records": holding.department.records,
            "Labelled": holding.department.labelled,
            **{name: split.records if (split := holding.department.splits.get(name)) else 0 for name in SPLITS},
            "Labels": ", ".join(holding.labels),
            "From": "generated" if holding.department.generated else "import",
        }
        for holding in held
    ]
    st.dataframe(rows, hide_index=True)
    names = {holding.department.department_id: holding.department.name for holding in held}
    if may(Act.EXPORT):
        _export(names)
    if may(Act.DELETE):
        erase_records(names)


def _export(names: dict[int, str]) -> None:
    left, middle, right = st.columns([2, 2, 1], vertical_alignment="bottom")
    department_id = left.selectbox("Export all records of", list(names), format_func=lambda key: names[key])
    format = middle.selectbox("as", list(outgoing.TITLES), format_func=lambda key: outgoing.TITLES[key])
    if right.button("Export", width="stretch"):
        try:
            with st.spinner(f"Writing {plain(names[department_id])} ..."):
                made = outgoing.export(access.database(), department_id, format)
        except LadtlError as error:
            st.error(plain(error))
        else:
            st.session_state["export"] = (department_id, format, made)
    *of, made = st.session_state.get("export", (None, None, None))
    if made is None or of != [department_id, format]:
        return
    st.download_button(f"Save {plain(made.name)}", made.data, made.name, type="primary", on_click="ignore")
    st.caption(f"{made.records:,} records, {made.labelled:,} labelled.")
    if made.lost:
        lost = "; ".join(f"{what}: {count:,}" for what, count in made.lost.items())
        st.warning(f"Not in this file as they are: {lost}. JSON lines keeps all.")


show()
