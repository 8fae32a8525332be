// The column beside the text: what is selected, where it comes from, what can be done with it.

const ORIGINS = {
  manual: "by hand", suggestion: "accepted suggestion", rule: "by a rule", propagated: "propagated", changed: "changed suggestion", import: "imported",
};
const SOURCES = {
  model: "suggested by the model", rule: "suggested by a rule", propagated: "labelled so in another record", import: "suggested by the imported file",
};
const SHEETS = { history: "History: v", comments: "Comments: m", help: "All keys: ?" };

function detailsSignature(state, readonly) {
  const stretch = state.activeSpan ?? state.activeSuggestion;
  return JSON.stringify([stretch, state.selection, state.spans.length, countsOf(state), state.status, readonly]);
}

function detailsOf(state, readonly) {
  const stretch = state.activeSpan ?? state.activeSuggestion;
  return [
    ...(stretch ? described(state, stretch, readonly) : [hint(state, readonly)]),
    counts(state),
    ...(readonly ? [] : [element("div", { className: "row" }, ...["history", "comments", "help"].map(
      (act) => button(SHEETS[act], act, { className: "quiet" })))]),
  ];
}

function described(state, stretch, readonly) {
  const suggestion = state.activeSuggestion !== null;
  const { name, colour } = state.labels.get(stretch.label);
  const confidence = stretch.confidence == null ? "" : ` ${stretch.confidence.toFixed(2)}`;
  const ofFile = stretch.origin === "suggestion" && stretch.model === null ? " of the file" : "";
  const origin = suggestion ? `${SOURCES[stretch.origin]}${confidence}` : `${ORIGINS[stretch.origin]}${ofFile}${confidence}`;
  const buttons = suggestion
    ? [button("Accept", "accept", { title: "a" }), button("Reject", "reject", { title: "x" })]
    : [button("Remove", "remove", { title: "Delete" }), button("Label all like it", "everywhere", { title: "e" }),
      button("Suggest in the queue", "propagate", { title: "E" })];
  const tag = tagElement({ text: name, target: "", className: `tag ${suggestion ? `suggested ${LINES[stretch.origin]}` : "span"} c${colour}` });
  return [
    quoted(state, stretch),
    element("p", {}, tag, ` ${origin}`),
    element("div", { className: "row" }, ...(readonly ? [] : buttons)),
  ];
}

function quoted(state, stretch) {
  const text = state.text.cut(stretch).replace(/\s+/g, " ");
  return fill(element("p", { className: "words", dir: "auto" }), text);
}

function hint(state, readonly) {
  const stretch = state.selection;
  if (stretch) return quoted(state, stretch);
  const text = readonly ? "Click on a span to see where it comes from." : "Drag over words, then press the key of a label.";
  return element("p", { className: "hint", textContent: text });
}

function countsOf(state) {
  const found = new Map();
  for (const { label } of state.spans) found.set(label, (found.get(label) ?? 0) + 1);
  const rows = [...state.labels.values()].filter(({ id }) => found.has(id)).map(({ id, name }) => [name, found.get(id)]);
  return rows;
}

function counts(state) {
  const cells = countsOf(state).flatMap(([name, count]) => [element("dt", { textContent: name }), element("dd", { textContent: count })]);
  return element("dl", {}, ...cells);
}
