// Two fields over the text: a label by its name, and words in the record.

class Field {
  constructor(className, label) {
    this.input = element("input", { type: "text", ariaLabel: label, placeholder: label, autocomplete: "off", spellcheck: false });
    this.root = element("div", { className: `field ${className}`, hidden: true }, this.input);
    this.input.addEventListener("input", () => this.typed(this.input.value));
    this.input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      event.stopPropagation(); // the page has keys of its own
      if (this.key(event)) event.preventDefault();
    });
  }

  open(handlers) {
    Object.assign(this, handlers);
    this.root.hidden = false;
    this.input.value = "";
    this.typed("");
    this.input.focus();
  }

  close() {
    this.root.hidden = true;
    this.closed();
  }

  // Another record was opened.
  forget() {
    this.root.hidden = true;
    this.hits = [];
  }
}

// Labels by what their name contains; Enter takes the marked one.
class Picker extends Field {
  constructor() {
    super("picker", "Label");
    this.list = element("ul", { role: "listbox", ariaLabel: "Labels" });
    this.input.role = "combobox";
    this.input.ariaExpanded = "true";
    this.input.setAttribute("aria-controls", "label-list");
    this.list.id = "label-list";
    this.root.append(this.list);
    this.list.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[data-pick]");
      if (option) this.take(Number(option.dataset.pick));
    });
  }

  typed(text) {
    const wanted = text.trim().toLowerCase();
    const begins = ({ name }) => (name.toLowerCase().startsWith(wanted) ? 0 : 1);
    this.found = this.labels.filter(({ name }) => name.toLowerCase().includes(wanted)).sort((a, b) => begins(a) - begins(b));
    this.mark(0);
  }

  mark(index) {
    this.marked = Math.max(0, Math.min(index, this.found.length - 1));
    this.list.replaceChildren(...this.found.map((label, i) => element("li", {
      role: "option", id: `label-${label.id}`, ariaSelected: String(i === this.marked), data: { pick: label.id },
    }, element("span", { className: `tag span c${label.colour}`, textContent: label.name }))));
    this.input.setAttribute("aria-activedescendant", this.found.length ? `label-${this.found[this.marked].id}` : "");
    this.list.children[this.marked]?.scrollIntoView({ block: "nearest" });
  }

  take(labelId) {
    this.close();
    this.picked(labelId);
  }

  key({ key }) {
    if (key === "ArrowDown") this.mark(this.marked + 1);
    else if (key === "ArrowUp") this.mark(this.marked - 1);
    else if (key === "Enter" && this.found.length) this.take(this.found[this.marked].id);
    else if (key === "Escape") this.close();
    else return false;
    return true;
  }
}

// Words in the record: what was found is marked, and one hit after the other selected.
class Finder extends Field {
  constructor() {
    super("finder", "Find in this record");
    this.input.type = "search";
    this.said = element("span", { className: "said", role: "status" });
    const moves = [["\u2191", "Previous hit", -1], ["\u2193", "Next hit", 1]].map(([text, label, step]) => {
      const made = element("button", { type: "button", textContent: text, ariaLabel: label });
      made.addEventListener("click", () => this.step(step));
      return made;
    });
    const close = element("button", { type: "button", textContent: "\u00d7", ariaLabel: "Close" });
    close.addEventListener("click", () => this.close());
    this.root.append(this.said, ...moves, close);
    this.hits = [];
  }

  typed(text) {
    this.hits = this.search(text);
    const next = this.hits.findIndex(({ end }) => end > this.from());
    this.at = Math.max(0, next);
    this.show();
  }

  step(step) {
    if (!this.hits.length) return;
    this.at = (this.at + step + this.hits.length) % this.hits.length;
    this.show();
  }

  show() {
    const none = this.input.value.trim() ? "not found" : "";
    this.said.textContent = this.hits.length ? `${this.at + 1} of ${this.hits.length}` : none;
    this.shown(this.hits, this.hits[this.at]);
  }

  key({ key, shiftKey }) {
    if (key === "Enter") this.step(shiftKey ? -1 : 1);
    else if (key === "ArrowDown" || key === "ArrowUp") this.step(key === "ArrowUp" ? -1 : 1);
    else if (key === "Escape") this.close();
    else return false;
    return true;
  }
}
