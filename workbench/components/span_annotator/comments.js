// What people say about a record or a stretch of it. Labels are not touched.

const drafts = new Map(); // url of a record -> what was typed and not sent

class Comments {
  constructor(closed) {
    this.closed = closed;
    this.list = element("ol", { className: "remarks" });
    this.field = element("textarea", { rows: 3, ariaLabel: "New comment", dir: "auto" });
    this.problem = element("p", { className: "problem", role: "alert", hidden: true });
    const send = button("Comment", "comment", { title: "Ctrl+Enter" });
    this.heading = element("p", { className: "heading", role: "status" });
    this.root = element("section", { className: "comments", hidden: true, ariaLabel: "Comments" }, this.heading, this.list, this.field, this.problem, send);
    this.field.addEventListener("input", () => drafts.set(this.saver.url, this.field.value));
    this.field.addEventListener("keydown", (event) => {
      event.stopPropagation(); // the page has keys of its own
      if (event.isComposing) return;
      if (event.key === "Escape") this.toggle();
      else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.post();
      else return;
      event.preventDefault();
    });
  }

  // Another record; what is not resolved shows by itself.
  async open(state, saver) {
    Object.assign(this, { state, saver });
    this.root.hidden = true;
    this.show([]);
    if (!saver) return;
    this.field.value = drafts.get(saver.url) ?? "";
    await this.take(this.ask());
    if (saver === this.saver && (this.openCount || this.field.value)) this.root.hidden = false;
  }

  // The words that a comment would be about.
  get stretch() { return this.state.activeSpan ?? this.state.activeSuggestion ?? this.state.selection; }

  paint() {
    const { stretch } = this;
    const words = stretch && this.state.text.cut(stretch).replace(/\s+/g, " ");
    this.field.placeholder = words ? `On \u201c${words}\u201d` : "On the record";
  }

  toggle() {
    this.root.hidden = !this.root.hidden;
    if (this.root.hidden) this.closed();
    else this.field.focus();
  }

  async post() {
    const { stretch, field, saver } = this;
    const text = field.value.trim();
    if (!text) return;
    const sent = await this.take(this.ask("", { text, start: stretch?.start ?? null, end: stretch?.end ?? null }));
    if (!sent) return;
    drafts.delete(saver.url);
    if (saver === this.saver) field.value = "";
  }

  resolve(id, resolved) { return this.take(this.ask(`/${id}`, { resolved })); }

  async ask(path = "", body = null) {
    const { url, headers } = this.saver;
    const request = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
    const answer = await fetch(`${url}/comments${path}`, request).catch(() => null);
    return (await answer?.json().catch(() => null)) ?? { error: "the server does not answer" };
  }

  // Shows the comments that an answer brings; whether it brought any.
  async take(answer) {
    const { saver } = this;
    const found = await answer;
    if (saver !== this.saver) return Array.isArray(found);
    this.problem.hidden = Array.isArray(found);
    if (Array.isArray(found)) this.show(found);
    else write(this.problem, found.error, () => [found.error]);
    return Array.isArray(found);
  }

  show(found) {
    const open = found.filter((one) => one.resolved_by === null);
    this.openCount = open.length;
    const resolved = found.length - open.length;
    this.heading.textContent = `Comments (${open.length}${resolved ? `, ${resolved} resolved` : ""})`;
    const items = [...open, ...found.filter((one) => one.resolved_by !== null)];
    this.list.replaceChildren(...items.map((one) => this.item(one)));
    if (this.state) this.paint();
  }

  item({ id, author, at, text, start, end, resolved_by: resolvedBy }) {
    const done = resolvedBy === null ? "" : ` \u00b7 resolved by ${resolvedBy}`;
    const about = start === null ? [] : [button(`\u201c${this.state.text.cut({ start, end }).replace(/\s+/g, " ")}\u201d`, "show", {
      className: "about", dir: "auto", data: { act: "show", start, end } })];
    const answer = resolvedBy === null ? "Resolve" : "Reopen";
    return element("li", {},
      element("div", { className: "when", textContent: `${shortTime(new Date(at))} \u00b7 ${author}${done}` }),
      ...about,
      fill(element("div", { className: "remark", dir: "auto" }), text),
      button(answer, "resolve", { data: { act: "resolve", comment: id, resolved: Number(resolvedBy === null) } }));
  }
}
