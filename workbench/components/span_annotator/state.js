// What is labelled, suggested and selected, and the way back. No DOM.
// Offsets are code points made in Python; they are only compared here, never used to cut a JavaScript string.

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

class AnnotationState {
  constructor(record, labels, threshold = 0) {
    this.record = record;
    this.labels = new Map(labels.map((label) => [label.id, label]));
    this.text = new Searchable(record);
    this.units = record; // the tokens; or characters, see `snap`
    this.threshold = threshold; // the confidence below which suggestions are left aside
    this.cursor = 0; // index of a unit
    this.preview = null; // {target, start, end} of what is active while its edge is dragged
    this.load(record);
  }

  // Takes labels as the server has them; what could be undone belonged to others and is forgotten.
  load({ spans, rejected, status }) {
    Object.assign(this, { status, done: [], undone: [], restored: null });
    this.show(spans, new Set(rejected));
    this.clear();
  }

  show(spans, rejected) {
    this.spans = spans;
    this.placed = new Placed(spans);
    this.rejected = rejected;
    this.open = this.record.suggestions.map((_, index) => index).filter((index) => this.stays(index));
  }

  setThreshold(threshold) {
    this.threshold = threshold;
    this.show(this.spans, this.rejected);
    if (typeof this.active === "number" && !this.isOpen(this.active)) this.clear();
  }

  // Suggestions that the threshold alone leaves aside.
  get aside() {
    const { suggestions } = this.record;
    return suggestions.filter((s, index) => (s.confidence ?? 1) < this.threshold && !this.rejected.has(index) && !this.answers(s).length);
  }

  clear() {
    this.anchor = null; // other end of the selected units; null: none selected
    this.active = null; // id of a span, or index of a suggestion
  }

  get size() { return this.units.starts.length; }

  get snapping() { return this.units === this.record; }

  // Steps over tokens or over characters; what is selected stays selected.
  snap(toTokens) {
    const { starts, ends } = this.units;
    const place = (unit) => ({ start: starts[unit], end: ends[unit] });
    const [cursor, anchor] = [place(this.cursor), this.anchor === null ? null : place(this.anchor)];
    this.characters ??= characterUnits(this.record);
    this.units = toTokens ? this.record : this.characters;
    const backwards = anchor !== null && anchor.start > cursor.start;
    this.cursor = this.reach(cursor)[backwards ? 0 : 1];
    if (anchor) this.anchor = this.reach(anchor)[backwards ? 1 : 0];
  }

  // First and last unit that a stretch touches; last < first if it touches none.
  reach({ start, end }, { starts, ends } = this.units) {
    return [firstIndex(ends, (unitEnd) => unitEnd > start), firstIndex(starts, (unitStart) => unitStart >= end) - 1];
  }

  // The selected stretch, or null.
  get selection() {
    if (this.anchor === null) return null;
    const [first, last] = [Math.min(this.anchor, this.cursor), Math.max(this.anchor, this.cursor)];
    return { start: this.units.starts[first], end: this.units.ends[last] };
  }

  get activeSpan() { return this.spans.find((span) => span.id === this.active) ?? null; }

  get activeSuggestion() { return typeof this.active === "number" ? this.record.suggestions[this.active] : null; }

  isOpen(index) { return this.open.includes(index); }

  // A suggestion is open until it is rejected or labels lie where it lies.
  stays(index) {
    const suggestion = this.record.suggestions[index];
    return (suggestion.confidence ?? 1) >= this.threshold && !this.rejected.has(index) && !this.answers(suggestion).length;
  }

  // The spans that stand where a suggestion stood. Where spans may overlap, others may lie there as well.
  answers(suggestion) {
    const spans = this.placed.overlapping(suggestion);
    if (!this.record.overlaps) return spans;
    const came = (span) => span.origin === "changed" && span.model !== null && span.model === suggestion.model;
    return spans.filter((span) => sameStretch(span, suggestion) || span.label === suggestion.label || came(span));
  }

  decision(index) {
    const suggestion = this.record.suggestions[index];
    if (this.rejected.has(index)) return "rejected";
    const answers = this.answers(suggestion);
    if (!answers.length) return null;
    return answers.some((span) => sameStretch(span, suggestion) && span.label === suggestion.label) ? "accepted" : "edited";
  }

  // What is saved. `restores` names the revision that the last step brought back, once.
  document(numbers) {
    const restores = this.restored ? numbers.get(this.restored) ?? null : null;
    this.restored = null;
    const decisions = this.record.suggestions.map((suggestion, index) => ({ ...suggestion, kind: this.decision(index) }));
    return { status: this.status, spans: this.spans, decisions, restores };
  }

  change(spans, rejected = this.rejected) {
    this.done.push({ spans: this.spans, rejected: this.rejected });
    this.undone = [];
    this.restored = null;
    this.apply({ spans: [...spans].sort((a, b) => a.start - b.start || a.end - b.end), rejected });
    return true;
  }

  apply({ spans, rejected }) {
    this.show(spans, rejected);
    // A submitted record that is corrected stays submitted, a flagged one flagged; any other becomes a draft.
    if (!["submitted", "flagged"].includes(this.status)) this.status = "draft";
    if (typeof this.active === "string" && !this.activeSpan) this.clear();
    if (typeof this.active === "number" && !this.isOpen(this.active)) this.clear();
  }

  undo() { return this.travel(this.done, this.undone); }

  redo() { return this.travel(this.undone, this.done); }

  travel(from, to) {
    const step = from.pop();
    if (!step) return false;
    to.push({ spans: this.spans, rejected: this.rejected });
    this.apply(step);
    this.restored = step.spans;
    return true;
  }

  // The spans of an earlier revision, as a step of its own.
  restore(spans) {
    this.change(this.spans);
    this.apply({ spans, rejected: this.rejected });
    this.restored = spans;
    return true;
  }

  // Steps of earlier visits, as `replay` has them, where this visit has none.
  recall({ done, undone }) {
    const step = (spans) => ({ spans, rejected: this.rejected });
    if (!this.done.length) this.done = done.map(step);
    if (!this.undone.length) this.undone = undone.map(step);
  }

  activate(target) {
    const stretch = typeof target === "number" ? this.record.suggestions[target] : this.spans.find((s) => s.id === target);
    const [first, last] = this.reach(stretch);
    Object.assign(this, { active: target, anchor: first, cursor: Math.max(first, last) });
  }

  select(anchor, cursor) { Object.assign(this, { anchor, cursor, active: null }); }

  selectStretch(stretch) {
    const [first, last] = this.reach(stretch);
    if (last >= first) this.select(first, last);
  }

  // Everything at a unit: spans, the shortest first, then open suggestions.
  allAt(unit) {
    const stretch = { start: this.units.starts[unit], end: this.units.ends[unit] };
    const spans = this.placed.overlapping(stretch).sort((a, b) => lengthOf(a) - lengthOf(b));
    const open = this.open.filter((index) => overlap(this.record.suggestions[index], stretch));
    return [...spans.map(({ id }) => id), ...open];
  }

  at(unit) { return this.allAt(unit)[0] ?? null; }

  // The next open suggestion after (direction 1) or before (-1) the cursor, or null.
  nextSuggestion(direction) {
    const { open } = this;
    if (typeof this.active === "number") return open[open.indexOf(this.active) + direction] ?? null;
    const here = this.units.starts[this.cursor] ?? 0;
    if (direction > 0) return open.find((index) => this.record.suggestions[index].end > here) ?? null;
    return open.findLast((index) => this.record.suggestions[index].start < here) ?? null;
  }
}
