// The frame around the text: title, labels, notice, buttons, details, help.

class View {
  constructor(root, thresholdChanged, focus) {
    this.root = root;
    this.title = element("div", { className: "title" });
    this.saved = element("div", { className: "saved", role: "status" });
    this.labels = element("div", { className: "labels", role: "group", ariaLabel: "Labels" });
    this.tools = element("div", { className: "tools" });
    this.picker = new Picker();
    this.finder = new Finder();
    this.notice = element("div", { className: "notice", role: "alert", hidden: true });
    this.text = element("div", { className: "text", role: "application", tabIndex: 0 });
    this.words = new TextView(this.text);
    this.actions = element("div", { className: "actions" });
    this.details = element("aside", { className: "details", ariaLabel: "Details" });
    this.about = element("div");
    this.history = element("section", { className: "history", hidden: true, ariaLabel: "History" });
    this.suggestions = new Suggestions(thresholdChanged, focus);
    this.comments = new Comments(focus);
    this.details.append(this.about, this.suggestions.root, this.comments.root, this.history);
    this.help = element("div", { className: "help", hidden: true, role: "dialog", ariaLabel: "Keys", tabIndex: 0 }, ...helpSheet(BINDINGS));
    const head = element("div", { className: "head" }, this.title, this.saved);
    this.others = element("p", { className: "others", role: "status", hidden: true });
    const bar = element("div", { className: "bar" }, this.others, this.labels, this.tools, this.picker.root, this.finder.root);
    // The text takes what the labels leave.
    new ResizeObserver(() => root.style.setProperty("--bar", `${bar.offsetHeight}px`)).observe(bar);
    const centre = element("div", { className: "centre" }, head, bar, this.notice, this.text, this.actions);
    root.replaceChildren(centre, this.details, this.help);
  }

  open(state, { readonly, position, navigation }) {
    const { external_id: name, split } = state.record;
    this.state = state;
    this.readonly = readonly;
    this.heading = [name, split, position].filter(Boolean).join(" \u00b7 ");
    this.text.ariaLabel = `Text of record ${name}. Press ? for the list of keys.`;
    this.words.open(state);
    this.root.classList.toggle("readonly", readonly);
    this.labels.replaceChildren(...(readonly ? [] : usableLabels(state).map(labelButton)));
    this.tools.replaceChildren(...(readonly ? [] : TOOLS.map((tool) => tool())));
    this.actions.replaceChildren(...actionButtons(readonly, navigation));
  }

  notify(text) {
    write(this.others, text, () => [text]);
    this.others.hidden = !text;
  }

  paint() {
    this.words.paint();
    this.paintTitle();
    this.suggestions.paint(this.state, this.readonly);
    this.comments.paint();
    write(this.about, detailsSignature(this.state, this.readonly), () => detailsOf(this.state, this.readonly));
    const characters = this.tools.querySelector("[data-act=characters]");
    if (characters) characters.ariaPressed = String(!this.state.snapping);
  }

  paintTitle() {
    const status = element("span", { className: `status ${this.state.status}`, textContent: this.state.status });
    write(this.title, `${this.heading}|${this.state.status}`, () => [fill(element("span"), this.heading), status]);
  }

  paintSaved(saver) {
    const { failure, conflict } = saver;
    const text = savedText(saver);
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
}

// Beside the labels, for hands on the mouse.
const TOOLS = [
  () => button("Find label\u2026", "pick", { className: "quiet", title: "l" }),
  () => button("Characters", "characters", { className: "quiet", title: "c: select characters rather than words", ariaPressed: "false" }),
  () => button("Find", "find", { className: "quiet", title: "/" }),
  () => button("Guidelines", "guidelines", { className: "quiet", title: "h" }),
];

function usableLabels(state) { return [...state.labels.values()].filter((label) => !label.retired); }

function count({ spans }) { return `${spans.length} span${spans.length === 1 ? "" : "s"}`; }

function labelButton(label) {
  const key = label.key ? [element("kbd", { textContent: label.key })] : [];
  return element("button", { type: "button", className: `label c${label.colour}`, data: { label: label.id } }, ...key, label.name);
}

function actionButtons(readonly, navigation) {
  const move = [button("Previous", "previous", { title: "p" }), button("Next", "next", { title: "n" })];
  if (!navigation) return [];
  if (readonly) return move;
  const undo = [button("Undo", "undo", { title: "Ctrl+Z" }), button("Redo", "redo", { title: "Ctrl+Shift+Z" })];
  const submit = button("Submit and go on", "submit", { className: "primary", title: "Ctrl+Enter" });
  return [...move, button("Skip", "skip", { title: "s" }), button("Flag", "flag", { title: "f" }), ...undo, submit];
}
