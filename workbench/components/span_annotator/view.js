// Draws the state. Only what changed is written to the page.

const ORIGINS = { manual: "by hand", suggestion: "accepted suggestion", changed: "changed suggestion", import: "imported" };
const KEYS = [
  ["1 \u2013 9, 0", "label the selected words, or relabel the active span"],
  ["\u2190 \u2192 \u2191 \u2193", "move; with Shift select words"],
  ["Tab, Shift+Tab", "next, previous suggestion"],
  ["Enter, a", "accept the suggestion and go to the next"],
  ["x", "reject the suggestion"],
  ["A", "accept all suggestions"],
  ["e", "label every other occurrence of the active span"],
  ["Delete, Backspace", "remove the active span"],
  ["Ctrl+Z, Ctrl+Shift+Z", "undo, redo"],
  ["Ctrl+Enter", "submit and go on"],
  ["n, p", "next, previous record"],
  ["Esc", "select nothing"],
  ["?", "show or hide this list"],
];

function element(tag, properties = {}, ...children) {
  const { data, ...rest } = properties;
  const made = Object.assign(document.createElement(tag), rest);
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

function button(text, act, properties = {}) {
  return element("button", { type: "button", textContent: text, data: { act }, ...properties });
}

class View {
  constructor(root) {
    this.root = root;
    this.title = element("div", { className: "title" });
    this.saved = element("div", { className: "saved", role: "status" });
    this.labels = element("div", { className: "labels", role: "group", ariaLabel: "Labels" });
    this.notice = element("div", { className: "notice", role: "alert", hidden: true });
    this.text = element("div", { className: "text", role: "application", tabIndex: 0, dir: "auto" });
    this.actions = element("div", { className: "actions" });
    this.details = element("aside", { className: "details", ariaLabel: "Details" });
    this.help = element("div", { className: "help", hidden: true, role: "note" }, helpTable());
    const head = element("div", { className: "head" }, this.title, this.saved);
    const centre = element("div", { className: "centre" }, head, this.labels, this.notice, this.text, this.actions);
    root.replaceChildren(centre, this.details, this.help);
  }

  // A new record: its words become elements once.
  open(state, { readonly, position, navigation }) {
    const { words, gaps, external_id: name, split } = state.record;
    this.state = state;
    this.readonly = readonly;
    this.heading = [name, split, position].filter(Boolean).join(" \u00b7 ");
    this.text.ariaLabel = `Text of record ${name}. Press ? for the list of keys.`;
    this.tokens = words.map((word, index) => element("span", { className: "t", textContent: word, data: { token: index } }));
    this.gaps = gaps.map((gap) => element("span", { textContent: gap.replace(/\r\n?/g, "\n") }));
    this.text.replaceChildren(this.gaps[0], ...this.tokens.flatMap((token, index) => [token, this.gaps[index + 1]]));
    this.text.scrollTop = 0;
    this.drawn = [];
    this.root.classList.toggle("readonly", readonly);
    this.labels.replaceChildren(...(readonly ? [] : [...state.labels.values()].filter((l) => !l.retired).map(labelButton)));
    this.actions.replaceChildren(...actionButtons(readonly, navigation));
  }

  paint() {
    const { state } = this;
    const cover = this.cover();
    const range = state.range;
    for (let i = 0; i < this.tokens.length; i++) {
      const chosen = range !== null && i >= range[0] && i <= range[1];
      const { token, gap, tags } = cover[i] ?? { token: "", gap: "", tags: [] };
      const inside = token + (chosen ? " chosen" : "") + (i === state.cursor ? " cursor" : "");
      const between = gap + (chosen && i < range[1] ? " chosen" : "");
      const signature = `${inside}|${between}|${tags.map((tag) => tag.join())}`;
      if (signature === (this.drawn[i] ?? "||")) continue;
      this.drawn[i] = signature;
      this.tokens[i].className = `t ${inside}`;
      this.gaps[i + 1].className = between;
      this.tokens[i].replaceChildren(state.record.words[i], ...tags.map(tagElement));
    }
    this.paintTitle();
    this.paintDetails();
  }

  // Per token: classes of the token, of the gap behind it, and the tags that end at it.
  cover() {
    const { state } = this;
    const cover = [];
    const draw = (stretch, target, kind, note) => {
      const [first, last] = state.reach(stretch);
      const label = state.labels.get(stretch.label);
      const active = state.active === target ? " active" : "";
      const classes = `${kind} c${label.colour}${active}`;
      for (let i = first; i <= last; i++) {
        const at = (cover[i] ??= { token: "", gap: "", tags: [] });
        at.token = classes + (i === first ? " first" : "") + (i === last ? " last" : "");
        if (i < last) at.gap = classes;
        else at.tags.push([label.name + note, classes, target]);
      }
    };
    for (const index of state.open) {
      const suggestion = state.record.suggestions[index];
      draw(suggestion, index, "suggested", ` ${suggestion.confidence.toFixed(2)}`);
    }
    // Longer spans first, so that a shorter one inside them stays visible.
    for (const span of [...state.spans].sort((a, b) => b.end - b.start - (a.end - a.start))) draw(span, span.id, "span", "");
    return cover;
  }

  paintTitle() {
    const status = element("span", { className: `status ${this.state.status}`, textContent: this.state.status });
    write(this.title, `${this.heading}|${this.state.status}`, () => [this.heading, status]);
  }

  paintDetails() {
    const { state } = this;
    const stretch = state.activeSpan ?? state.activeSuggestion;
    const suggestion = state.activeSuggestion !== null;
    const signature = JSON.stringify([stretch, state.range, state.spans, state.open.length, state.status, this.readonly]);
    write(this.details, signature, () => [
      ...(stretch ? this.describe(stretch, suggestion) : [this.hint()]),
      this.counts(),
      ...(this.readonly ? [] : [button("All keys: ?", "help", { className: "quiet" })]),
    ]);
  }

  describe(stretch, suggestion) {
    const { state } = this;
    const [first, last] = state.reach(stretch);
    const label = state.labels.get(stretch.label);
    const words = this.words(first, last);
    const confidence = stretch.confidence == null ? "" : ` ${stretch.confidence.toFixed(2)}`;
    const origin = suggestion ? `suggestion${confidence}` : `${ORIGINS[stretch.origin]}${confidence}`;
    const buttons = suggestion
      ? [button("Accept", "accept", { title: "a" }), button("Reject", "reject", { title: "x" })]
      : [button("Remove", "remove", { title: "Delete" }), button("Label all like it", "everywhere", { title: "e" })];
    return [
      element("p", { className: "words", dir: "auto", textContent: words }),
      element("p", {}, tagElement([label.name, `${suggestion ? "suggested" : "span"} c${label.colour}`, ""]), ` ${origin}`),
      element("div", { className: "row" }, ...(this.readonly ? [] : buttons)),
    ];
  }

  words(first, last) {
    const parts = this.state.record.words.slice(first, last + 1).flatMap((word, i) => [i ? this.gaps[first + i].textContent : "", word]);
    return parts.join("").replace(/\s+/g, " ");
  }

  hint() {
    const { range } = this.state;
    if (range) return element("p", { className: "words", dir: "auto", textContent: this.words(...range) });
    const text = this.readonly ? "Click on a span to see where it comes from." : "Drag over words, then press the key of a label.";
    return element("p", { className: "hint", textContent: text });
  }

  counts() {
    const { state } = this;
    const counted = [...state.labels.values()].map((label) => [label.name, state.spans.filter((s) => s.label === label.id).length]);
    const rows = counted.filter(([, count]) => count);
    if (state.open.length) rows.push(["suggestions left", state.open.length]);
    const cells = rows.flatMap(([name, count]) => [element("dt", { textContent: name }), element("dd", { textContent: count })]);
    return element("dl", {}, ...cells);
  }

  paintSaved(saver) {
    const { failure, conflict } = saver;
    let text = saver.revision ? `rev ${saver.revision}` : "nothing saved yet";
    if (saver.savedAt) text = `saved ${saver.savedAt.toTimeString().slice(0, 8)} \u00b7 rev ${saver.revision}`;
    if (saver.sending || saver.pending) text = "saving\u2026";
    if (failure) text = `not saved: ${failure.reason}` + (failure.again ? `; trying again in ${failure.again} s` : "");
    if (conflict) text = "not saved: changed elsewhere";
    this.saved.classList.toggle("problem", Boolean(failure || conflict));
    write(this.saved, text, () => [text]);
    this.paintConflict(conflict);
  }

  paintConflict(conflict) {
    write(this.notice, conflict ? conflict.theirs.revision : "", () => conflict && [
      element("p", { textContent: `This record was changed in another window: revision ${conflict.theirs.revision} has `
        + `${count(conflict.theirs)}, yours has ${count(conflict.mine)} and is not saved.` }),
      element("div", { className: "row" }, button("Load theirs", "theirs"), button("Keep mine (save on top)", "mine")),
    ]);
    this.notice.hidden = !conflict;
  }

  reveal() { this.tokens[this.state.cursor]?.scrollIntoView({ block: "nearest" }); }
}

// Rewrites an element only if its content differs from what it shows.
function write(target, signature, children) {
  const key = String(signature);
  if (target.shown === key) return;
  target.shown = key;
  target.replaceChildren(...(children() ?? []));
}

function count({ spans }) { return `${spans.length} span${spans.length === 1 ? "" : "s"}`; }

function tagElement([name, classes, target]) {
  return element("span", { className: `tag ${classes}`, dir: "ltr", textContent: name, data: { target, kind: typeof target } });
}

function labelButton(label) {
  const key = label.key ? [element("kbd", { textContent: label.key })] : [];
  return element("button", { type: "button", className: `label c${label.colour}`, data: { label: label.id } }, ...key, label.name);
}

function actionButtons(readonly, navigation) {
  const move = [button("Previous", "previous", { title: "p" }), button("Next", "next", { title: "n" })];
  if (!navigation) return [];
  if (readonly) return move;
  const submit = button("Submit and go on", "submit", { className: "primary", title: "Ctrl+Enter" });
  return [...move, button("Skip", "skip"), submit];
}

function helpTable() {
  const rows = KEYS.map(([keys, what]) => element("tr", {}, element("th", { scope: "row", textContent: keys }), element("td", { textContent: what })));
  return element("table", {}, element("caption", { textContent: "Keys" }), element("tbody", {}, ...rows));
}
