// What is labelled, suggested and selected, and the way back. No DOM.
// Offsets are code points made in Python; they are only compared here, never used to cut a JavaScript string.

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

class AnnotationState {
  constructor(record, labels) {
    this.record = record;
    this.labels = new Map(labels.map((label) => [label.id, label]));
    this.cursor = 0;
    this.load(record);
  }

  // Takes labels as the server has them; what could be undone belonged to others and is forgotten.
  load({ spans, rejected, status }) {
    Object.assign(this, { spans, status, rejected: new Set(rejected), done: [], undone: [] });
    this.clear();
  }

  clear() {
    this.anchor = null; // other end of the selected tokens; null: none selected
    this.active = null; // id of a span, or index of a suggestion
  }

  get size() { return this.record.starts.length; }

  // First and last token that a stretch touches; last < first if it touches none.
  reach({ start, end }) {
    const { starts, ends } = this.record;
    return [firstIndex(ends, (tokenEnd) => tokenEnd > start), firstIndex(starts, (tokenStart) => tokenStart >= end) - 1];
  }

  get range() {
    return this.anchor === null ? null : [Math.min(this.anchor, this.cursor), Math.max(this.anchor, this.cursor)];
  }

  get activeSpan() { return this.spans.find((span) => span.id === this.active) ?? null; }

  get activeSuggestion() { return typeof this.active === "number" ? this.record.suggestions[this.active] : null; }

  // A suggestion stays open until it is rejected or labels lie where it lies.
  isOpen(index) {
    return !this.rejected.has(index) && !this.spans.some((span) => overlap(span, this.record.suggestions[index]));
  }

  get open() { return this.record.suggestions.map((_, index) => index).filter((index) => this.isOpen(index)); }

  decision(index) {
    const suggestion = this.record.suggestions[index];
    if (this.rejected.has(index)) return "rejected";
    const touching = this.spans.filter((span) => overlap(span, suggestion));
    if (!touching.length) return null;
    return touching.some((span) => sameStretch(span, suggestion) && span.label === suggestion.label) ? "accepted" : "edited";
  }

  document() {
    const decisions = this.record.suggestions.map((suggestion, index) => ({ ...suggestion, kind: this.decision(index) }));
    return { status: this.status, spans: this.spans, decisions };
  }

  change(spans, rejected = this.rejected) {
    this.done.push({ spans: this.spans, rejected: this.rejected });
    this.undone = [];
    this.apply({ spans, rejected });
    return true;
  }

  apply({ spans, rejected }) {
    this.spans = [...spans].sort((a, b) => a.start - b.start || a.end - b.end);
    this.rejected = rejected;
    // A submitted record that is corrected stays submitted; any other becomes a draft.
    if (this.status !== "submitted") this.status = "draft";
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
    return true;
  }

  // Labels what is active or selected.
  label(labelId) {
    const span = this.activeSpan;
    if (span) return span.label !== labelId && this.change(this.spans.map((s) => (s === span ? relabelled(s, labelId) : s)));
    const suggestion = this.activeSuggestion;
    if (suggestion) {
      const origin = suggestion.label === labelId ? "suggestion" : "changed";
      return this.put({ ...fromSuggestion(suggestion), label: labelId, origin });
    }
    if (!this.range) return false;
    const [first, last] = this.range;
    const stretch = { start: this.record.starts[first], end: this.record.ends[last] };
    // Labels drawn over a suggestion are that suggestion, changed.
    const under = this.open.map((index) => this.record.suggestions[index]).find((s) => overlap(s, stretch));
    const base = under ? fromSuggestion(under) : { id: newId(), origin: "manual", confidence: null, model: null };
    const same = under && sameStretch(under, stretch) && under.label === labelId;
    return this.put({ ...base, ...stretch, label: labelId, origin: under && !same ? "changed" : base.origin });
  }

  // Spans that the new one overlaps give way: BIO could not carry both.
  put(added) {
    this.change([...this.spans.filter((other) => !overlap(other, added)), added]);
    this.activate(added.id);
    return true;
  }

  remove() {
    const span = this.activeSpan;
    if (!span) return false;
    const back = this.record.suggestions.findIndex((s) => s.model === span.model && overlap(s, span));
    const rejected = span.origin !== "manual" && back >= 0 ? new Set([...this.rejected, back]) : this.rejected;
    return this.change(this.spans.filter((other) => other !== span), rejected);
  }

  accept(index) { return this.isOpen(index) && this.put(fromSuggestion(this.record.suggestions[index])); }

  reject(index) { return this.isOpen(index) && this.change(this.spans, new Set([...this.rejected, index])); }

  acceptAll() {
    const added = [];
    for (const index of this.open) {
      const span = fromSuggestion(this.record.suggestions[index]);
      if (!added.some((other) => overlap(other, span))) added.push(span);
    }
    return added.length > 0 && this.change([...this.spans, ...added]);
  }

  // The active span's label on every other stretch with the same words; returns how many were new.
  labelEverywhere() {
    const span = this.activeSpan;
    if (!span) return 0;
    const [first, last] = this.reach(span);
    const { words, starts, ends } = this.record;
    const wanted = words.slice(first, last + 1).join("\u0000").toLowerCase();
    const added = [];
    for (let i = 0; i + last - first < this.size; i++) {
      const end = i + last - first;
      if (words.slice(i, end + 1).join("\u0000").toLowerCase() !== wanted) continue;
      const found = { ...span, id: newId(), start: starts[i], end: ends[end], origin: "manual", confidence: null, model: null };
      if (![...this.spans, ...added].some((other) => overlap(other, found))) added.push(found);
    }
    if (added.length) this.change([...this.spans, ...added]);
    return added.length;
  }

  activate(target) {
    const stretch = typeof target === "number" ? this.record.suggestions[target] : this.spans.find((s) => s.id === target);
    const [first, last] = this.reach(stretch);
    Object.assign(this, { active: target, anchor: first, cursor: Math.max(first, last) });
  }

  select(anchor, cursor) { Object.assign(this, { anchor, cursor, active: null }); }

  // The shortest span at a token, else the open suggestion there, else null.
  at(token) {
    const stretch = { start: this.record.starts[token], end: this.record.ends[token] };
    const spans = this.spans.filter((span) => overlap(span, stretch)).sort((a, b) => a.end - a.start - (b.end - b.start));
    return spans[0]?.id ?? this.open.find((index) => overlap(this.record.suggestions[index], stretch)) ?? null;
  }

  // The next open suggestion after (direction 1) or before (-1) the cursor, or null.
  nextSuggestion(direction) {
    const open = this.open;
    if (typeof this.active === "number") return open[open.indexOf(this.active) + direction] ?? null;
    const here = this.record.starts[this.cursor] ?? 0;
    if (direction > 0) return open.find((index) => this.record.suggestions[index].end > here) ?? null;
    return open.findLast((index) => this.record.suggestions[index].start < here) ?? null;
  }
}

function firstIndex(sorted, test) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (test(sorted[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

function overlap(a, b) { return a.start < b.end && b.start < a.end; }

function sameStretch(a, b) { return a.start === b.start && a.end === b.end; }

function fromSuggestion({ start, end, label, confidence, model }) {
  return { id: newId(), start, end, label, confidence, model, origin: "suggestion" };
}

function relabelled(span, label) {
  return { ...span, label, origin: ["suggestion", "changed"].includes(span.origin) ? "changed" : "manual" };
}
