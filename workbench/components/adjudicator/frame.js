// The frame around the versions: title, the place to decide with what each person has there, notice, buttons, help.

const KEYS = "123456789";

class Frame {
  constructor(root) {
    this.title = element("div", { className: "title" });
    this.saved = element("div", { className: "saved", role: "status" });
    this.notice = element("div", { className: "notice", role: "alert", hidden: true });
    this.changed = element("div", { className: "notice changed", hidden: true });
    this.places = element("div", { className: "places", role: "group", ariaLabel: "Places" });
    this.options = element("div", { className: "options", role: "group", ariaLabel: "Versions of the place" });
    const scrolled = element("div", { className: "versions", role: "region", ariaLabel: "Versions. Press ? for the list of keys.", tabIndex: 0 });
    this.versions = new VersionsView(scrolled);
    this.actions = element("div", { className: "actions" }, ...actionButtons());
    this.help = element("div", { className: "help", hidden: true, role: "dialog", ariaLabel: "Keys", tabIndex: 0 }, ...helpSheet(BINDINGS));
    const top = element("div", { className: "head" }, this.title, this.saved);
    root.replaceChildren(top, this.notice, this.changed, this.options, this.places, scrolled, this.actions, this.help);
  }

  open(state, labels, position) {
    Object.assign(this, { state, labels });
    const { external_id: name, split, changed, author } = state.record;
    this.heading = [name, split, position].join(" \u00b7 ");
    this.changed.hidden = !changed.length;
    this.changed.textContent = `Since ${author} adjudicated this record, labels were added, changed or withdrawn by `
      + `${changed.join(", ")}. The gold stays as it is until you finish again.`;
    this.versions.open(state, labels);
  }

  paint() {
    this.versions.paint();
    this.paintTitle();
    this.paintPlaces();
    write(this.options, JSON.stringify([this.state.record.id, this.state.current, this.state.taken]), () => this.optionButtons());
  }

  paintTitle() {
    const { finished, open, taken } = this.state;
    const text = finished ? "adjudicated" : `${taken.length - open} of ${taken.length} decided`;
    const status = element("span", { className: `status ${finished ? "submitted" : ""}`, textContent: text });
    write(this.title, `${this.heading}|${text}`, () => [fill(element("span"), this.heading), status]);
  }

  paintPlaces() {
    const { taken, current, record } = this.state;
    write(this.places, JSON.stringify([record.id, current, taken.map((take) => take !== undefined)]), () => taken.map((take, index) => {
      const decided = take !== undefined;
      const shown = button(`${index + 1}${decided ? "\u2009\u2713" : ""}`, "place", { className: decided ? "decided" : "" });
      shown.dataset.index = index;
      shown.ariaLabel = `Place ${index + 1}, ${decided ? "decided" : "open"}`;
      shown.ariaCurrent = String(index === current);
      return shown;
    }));
    const shown = this.places.children[current];
    if (shown) this.places.scrollLeft = shown.offsetLeft - this.places.offsetLeft - this.places.clientWidth / 2;
  }

  // What each person has at the current place, as buttons that take it.
  optionButtons() {
    const { record, current, taken } = this.state;
    const alone = record.versions.length < 2;
    const nothing = alone ? "Fewer than two versions are submitted now: there is nothing to choose from." : "The versions agree everywhere; finish to take them.";
    if (!record.places.length) return [element("p", { textContent: nothing })];
    const own = record.versions.map(({ id, author, spans }, index) => {
      const there = spans.filter((span) => span.place === current);
      const parts = there.length ? there.flatMap((span) => this.words(span)) : [element("span", { className: "none", textContent: "no span" })];
      return option(KEYS[index], author, id, taken[current] === id, parts);
    });
    return [...own, option("0", "none", "", taken[current] === null, [])];
  }

  words({ start, end, label }) {
    const inside = this.state.record.rows.flat().filter((piece) => start <= piece.start && piece.end <= end);
    const text = fill(element("span", { className: "words", dir: "auto" }), inside.map((piece) => piece.text).join(""));
    return [text, tagOf(this.labels.get(label))];
  }

  paintSaved(saver) {
    const { conflict, failure } = saver;
    const text = savedText(saver);
    this.saved.classList.toggle("problem", Boolean(failure || conflict));
    write(this.saved, text, () => [text]);
    write(this.notice, conflict ? conflict.theirs.revision : "", () => conflict && this.conflictOf(conflict));
    this.notice.hidden = !conflict;
  }

  conflictOf({ mine, theirs }) {
    const same = JSON.stringify(mine.versions) === JSON.stringify(theirs.versions.map(({ id, revision }) => [id, revision]));
    const what = same
      ? `Somebody else adjudicates this record: revision ${theirs.revision} has ${theirs.choices.length} places decided, yours `
        + `${mine.choices.length} and is not saved.`
      : "Somebody changed their labels of this record while you decided; your last choice is not saved.";
    const keep = same ? [button("Keep mine (save on top)", "mine")] : [];
    return [element("p", { textContent: what }), element("div", { className: "row" }, button("Load the record as it is", "theirs"), ...keep)];
  }
}

function option(key, name, version, pressed, parts) {
  const shown = element("button", { type: "button", className: "option", data: { act: "take", version } },
    element("kbd", { textContent: key ?? "" }), element("span", { className: "who", textContent: name }), ...parts);
  shown.ariaPressed = String(pressed);
  return shown;
}

function actionButtons() {
  const [undo, redo] = [button("Undo", "undo", { title: "Ctrl+Z" }), button("Redo", "redo", { title: "Ctrl+Shift+Z" })];
  const move = [button("Previous place", "previous", { title: "p" }), button("Next place", "next", { title: "n" })];
  return [...move, undo, redo, button("Finish and go on", "finish", { className: "primary", title: "Ctrl+Enter" })];
}
