// What can be done to labels. Every function returns whether something changed. No DOM.

// Labels what is active or selected.
function applyLabel(state, labelId) {
  const span = state.activeSpan;
  if (span) return span.label !== labelId && putSpan(state, { ...span, label: labelId, origin: editedOrigin(span) });
  const suggestion = state.activeSuggestion;
  if (suggestion) {
    const origin = suggestion.label === labelId ? ACCEPTED[suggestion.origin] : "changed";
    return putSpan(state, { ...fromSuggestion(suggestion), label: labelId, origin });
  }
  const stretch = state.selection;
  if (!stretch) return false;
  // Labels drawn over a suggestion are that suggestion, changed.
  const under = state.open.map((index) => state.record.suggestions[index]).find((s) => overlap(s, stretch));
  if (!under || (state.record.overlaps && !sameStretch(under, stretch))) return putSpan(state, newSpan(stretch, labelId));
  const same = sameStretch(under, stretch) && under.label === labelId;
  const origin = same ? ACCEPTED[under.origin] : "changed";
  return putSpan(state, { ...fromSuggestion(under), ...stretch, label: labelId, origin });
}

// Where the label set allows no overlap, the spans that the new one overlaps give way; else only its twin does.
function putSpan(state, added) {
  const twin = (other) => other.id === added.id || (sameStretch(other, added) && other.label === added.label);
  const gone = state.record.overlaps ? twin : (other) => other.id === added.id || overlap(other, added);
  state.change([...state.spans.filter((other) => !gone(other)), added]);
  state.activate(added.id);
  return true;
}

// A span that is taken back is not suggested again.
function removeSpan(state) {
  const span = state.activeSpan;
  if (!span) return false;
  const back = state.record.suggestions.findIndex((s) => s.model === span.model && overlap(s, span) && !["manual", "import"].includes(span.origin));
  const rejected = back >= 0 ? new Set([...state.rejected, back]) : state.rejected;
  return state.change(state.spans.filter((other) => other !== span), rejected);
}

function acceptSuggestion(state, index) {
  return state.isOpen(index) && putSpan(state, fromSuggestion(state.record.suggestions[index]));
}

function rejectSuggestion(state, index) {
  return state.isOpen(index) && state.change(state.spans, new Set([...state.rejected, index]));
}

function acceptAll(state) {
  const added = state.open.map((index) => fromSuggestion(state.record.suggestions[index]));
  return added.length > 0 && state.change([...state.spans, ...added]);
}

// What the active span or suggestion would be with another edge, without touching others unless these may overlap.
function stretched(state, { start, end }) {
  const active = state.activeSpan ?? state.activeSuggestion;
  if (state.record.overlaps || !active) return { start, end };
  const others = state.placed.overlapping({ start, end }).filter((span) => span !== active);
  const { starts, ends } = state.units;
  for (const other of others) {
    if (other.end <= active.start) start = Math.max(start, starts[firstIndex(starts, (at) => at >= other.end)]);
    if (other.start >= active.end) end = Math.min(end, ends[firstIndex(ends, (at) => at > other.start) - 1]);
  }
  return { start, end };
}

function resize(state, stretch) {
  const { start, end } = stretched(state, stretch);
  const active = state.activeSpan ?? state.activeSuggestion;
  if (!active || start >= end || sameStretch(active, { start, end })) return false;
  const base = state.activeSpan ?? { ...fromSuggestion(active), origin: "changed" };
  return putSpan(state, { ...base, start, end, origin: editedOrigin(base) });
}

// Moves an edge ("start" or "end") of what is active by one unit; in characters it may lie within a token.
function moveEdge(state, edge, step) {
  const active = state.activeSpan ?? state.activeSuggestion;
  if (!active) return false;
  const { starts, ends } = state.units;
  const { start, end } = active;
  const [first, last] = state.reach(active);
  if (edge === "start") return resize(state, { start: starts[Math.min(first + step, last)] ?? start, end });
  return resize(state, { start, end: ends[Math.max(last + step, first)] ?? end });
}

// The active span's label on every other stretch that reads the same and is free.
function labelEverywhere(state) {
  const span = state.activeSpan;
  if (!span) return false;
  const added = occurrences(state, span)
    .filter((found) => !state.placed.overlapping(found).some((other) => !state.record.overlaps || sameStretch(other, found)))
    .map((found) => ({ ...newSpan(found, span.label), origin: "propagated" }));
  return added.length > 0 && state.change([...state.spans, ...added]);
}

// Stretches that read like a span; whole tokens if the span is made of whole tokens.
function occurrences(state, span) {
  const { starts, ends } = state.record;
  const whole = ({ start, end }) => {
    const [first, last] = state.reach({ start, end }, state.record);
    return starts[first] === start && ends[last] === end;
  };
  const found = state.text.find(state.text.cut(span));
  return whole(span) ? found.filter(whole) : found;
}

const ACCEPTED = { model: "suggestion", rule: "rule", propagated: "propagated", import: "suggestion" };

function newSpan({ start, end }, label) { return { id: newId(), start, end, label, origin: "manual", confidence: null, model: null }; }

function fromSuggestion({ start, end, label, confidence, model, origin }) {
  return { id: newId(), start, end, label, confidence, model, origin: ACCEPTED[origin] };
}

function editedOrigin({ origin }) { return origin === "manual" || origin === "import" ? "manual" : "changed"; }
