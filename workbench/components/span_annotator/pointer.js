// The mouse: presses, drags over words, dragged edges of spans.

class Pointer {
  constructor(annotator) {
    this.annotator = annotator;
    const { text, labels } = annotator.view;
    annotator.root.addEventListener("click", (event) => this.click(event));
    text.addEventListener("pointerdown", (event) => this.press(event));
    text.addEventListener("pointermove", (event) => this.drag(event));
    text.addEventListener("pointerup", () => this.release());
    text.addEventListener("pointercancel", () => this.release());
    text.addEventListener("dblclick", (event) => this.under(event)?.closest(".t:not(:has(.tag:hover))") && annotator.selectCursor());
    // A press on a label must not take the focus from the text.
    labels.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  click(event) {
    const { annotator } = this;
    const target = event.composedPath()[0].closest?.("[data-act], [data-label]");
    if (!target) return;
    if (target.dataset.label) annotator.label(Number(target.dataset.label));
    else annotator.act(target.dataset.act, target.dataset);
    const stays = target.dataset.label || target.closest(".details");
    if (stays && !annotator.root.activeElement?.matches("input, textarea")) annotator.focus();
  }

  press(event) {
    if (event.button !== 0) return;
    const { state } = this.annotator;
    const target = event.target.closest(".tag, .grip, .t");
    if (!target) return;
    event.preventDefault();
    this.annotator.focus();
    this.annotator.view.text.setPointerCapture(event.pointerId);
    if (target.matches(".tag")) {
      const { target: id, kind } = target.dataset;
      state.activate(kind === "number" ? Number(id) : id);
    } else if (target.matches(".grip")) {
      if (!this.annotator.locked) this.edge = target.dataset.edge;
      this.annotator.view.text.classList.toggle("pulled", Boolean(this.edge));
    } else {
      this.begin(this.annotator.view.words.unitAt(target, event.clientX, event.clientY), event.shiftKey);
    }
    this.annotator.view.paint();
  }

  begin(unit, extend) {
    const { state } = this.annotator;
    const found = state.at(unit);
    if (extend && state.anchor !== null) state.select(state.anchor, unit);
    else if (found !== null) state.activate(found);
    else state.select(unit, unit);
    this.dragging = { from: extend ? state.anchor : unit, last: unit };
    if (found !== null && !extend) state.cursor = unit;
  }

  drag(event) {
    if (!this.dragging && !this.edge) return;
    const unit = this.annotator.view.words.unitAt(this.under(event), event.clientX, event.clientY);
    if (unit === null || unit === (this.dragging ?? this).last) return;
    (this.dragging ?? this).last = unit;
    const { state } = this.annotator;
    if (this.edge) this.stretch(state, unit);
    else state.select(this.dragging.from, unit);
    this.annotator.view.paint();
  }

  // The element at the pointer; while it is captured, events name the text.
  under({ clientX, clientY }) { return this.annotator.root.elementFromPoint(clientX, clientY); }

  // What is active with its edge at a unit, shown while the button is down.
  stretch(state, unit) {
    const active = state.activeSpan ?? state.activeSuggestion;
    const moved = this.edge === "start" ? { start: state.units.starts[unit], end: active.end } : { start: active.start, end: state.units.ends[unit] };
    if (moved.start < moved.end) state.preview = { target: state.active, ...stretched(state, moved) };
  }

  release() {
    const { state } = this.annotator;
    const { preview } = state;
    Object.assign(this, { dragging: null, edge: null, last: null });
    this.annotator.view.text.classList.remove("pulled");
    state.preview = null;
    if (preview) this.annotator.edit(() => resize(state, preview));
  }
}
