// Hands, keys and the page's data to the state; the state to the view and the saver.

const SETTLE_MILLISECONDS = 3000;
const annotators = new WeakMap(); // root of the component -> Annotator
const mounted = new Set();

class Annotator {
  constructor(root) {
    this.view = new View(root.querySelector(".annotator"));
    this.root = root;
    const { text } = this.view;
    root.addEventListener("click", (event) => this.click(event));
    text.addEventListener("pointerdown", (event) => this.press(event));
    text.addEventListener("pointermove", (event) => this.drag(event));
    text.addEventListener("pointerup", () => { this.dragging = null; });
    text.addEventListener("pointercancel", () => { this.dragging = null; });
    // A press on a label must not take the focus from the text.
    this.view.labels.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  // New data from Python; the same record again must not undo what was labelled since.
  receive({ data, report }) {
    Object.assign(this, { data, report });
    access.renew = () => report("renew");
    if (!data.readonly) renewToken(data.token);
    const shown = this.state?.record;
    const again = this.saver && shown?.id === data.record.id && shown.model === data.record.model;
    if (again && (this.saver.outstanding || data.record.revision <= this.saver.revision)) return;
    this.open();
  }

  open() {
    const { record, labels, url, readonly } = this.data;
    const fresh = this.state?.record.id !== record.id;
    this.state = new AnnotationState(record, labels);
    this.saver = readonly ? null : Saver.of(record, url);
    if (this.saver) this.follow(record);
    this.view.open(this.state, this.data);
    this.view.paint();
    this.saver?.watch();
    if (fresh && this.saver) this.view.text.focus({ preventScroll: true });
  }

  // Labels that this window made and the page's data lack come back.
  follow(record) {
    const saver = this.saver;
    saver.watch = () => saver === this.saver && this.view.paintSaved(saver);
    const kept = saver.unsaved ?? (record.revision < saver.revision ? saver.last : null);
    if (kept) this.state.load(withRejected(kept, record.suggestions));
    else Object.assign(saver, { revision: record.revision, base: record });
  }

  // After an action: draw, and save if labels changed.
  after(changed) {
    this.view.paint();
    if (changed) this.saver.save(this.state.document());
    return true;
  }

  get locked() { return !this.saver || this.saver.conflict !== null; }

  edit(action) { return this.after(!this.locked && action()); }

  label(labelId) { return this.edit(() => this.state.label(labelId)); }

  // Accepts or rejects the active suggestion and goes to the next.
  decide(accept) {
    const index = this.state.active;
    if (typeof index !== "number") return false;
    return this.edit(() => {
      const next = this.state.nextSuggestion(1);
      const changed = accept ? this.state.accept(index) : this.state.reject(index);
      if (changed && next !== null && this.state.isOpen(next)) this.state.activate(next);
      this.view.reveal();
      return changed;
    });
  }

  async finish(status, step) {
    if (this.locked) return;
    this.state.status = status;
    this.after(true);
    if (await this.saver.settled(SETTLE_MILLISECONDS)) this.report(step);
  }

  async go(step) {
    await this.saver?.settled(SETTLE_MILLISECONDS / 10);
    this.report(step);
  }

  act(name) {
    const actions = {
      accept: () => this.decide(true),
      reject: () => this.decide(false),
      remove: () => this.edit(() => this.state.remove()),
      everywhere: () => this.edit(() => this.state.labelEverywhere() > 0),
      next: () => this.go("next"),
      previous: () => this.go("previous"),
      skip: () => this.finish("skipped", "next"),
      submit: () => this.finish("submitted", "submitted"),
      help: () => { this.view.help.hidden = !this.view.help.hidden; },
      mine: () => this.saver.resolve(true),
      theirs: () => this.loadTheirs(),
    };
    actions[name]();
  }

  loadTheirs() {
    this.state.load(this.saver.conflict.theirs);
    this.saver.resolve(false);
    this.view.paint();
  }

  click(event) {
    const target = event.composedPath()[0].closest?.("[data-act], [data-label]");
    if (!target) return;
    if (target.dataset.label) this.label(Number(target.dataset.label));
    else this.act(target.dataset.act);
    if (target.dataset.label || target.closest(".details")) this.view.text.focus({ preventScroll: true });
  }

  press(event) {
    if (event.button !== 0) return;
    const target = event.target.closest(".tag, .t");
    if (!target) return;
    event.preventDefault();
    this.view.text.focus({ preventScroll: true });
    if (target.matches(".tag")) {
      const { target: id, kind } = target.dataset;
      this.state.activate(kind === "number" ? Number(id) : id);
    } else {
      this.begin(Number(target.dataset.token), event);
    }
    this.view.paint();
  }

  begin(token, event) {
    const found = this.state.at(token);
    if (event.shiftKey && this.state.range) this.state.select(this.state.anchor, token);
    else if (found !== null) this.state.activate(found);
    else this.state.select(token, token);
    this.dragging = { token: event.shiftKey ? this.state.anchor : token, last: token };
    this.view.text.setPointerCapture(event.pointerId);
  }

  drag(event) {
    if (!this.dragging) return;
    const under = this.root.elementFromPoint(event.clientX, event.clientY)?.closest?.(".t");
    const token = under ? Number(under.dataset.token) : this.dragging.last;
    if (token === this.dragging.last) return;
    this.dragging.last = token;
    this.state.select(this.dragging.token, token);
    this.view.paint();
  }

  move(token, extend) {
    const { state } = this;
    const to = Math.max(0, Math.min(state.size - 1, token));
    if (extend) {
      state.select(state.anchor ?? state.cursor, to);
    } else {
      state.cursor = to;
      const found = state.at(to);
      if (found !== null) {
        state.activate(found);
        state.cursor = to;
      } else {
        state.select(to, to);
      }
    }
    this.view.reveal();
    return this.after(false);
  }

  // The token nearest to the cursor's in the line above (-1) or below (1).
  line(direction) {
    const here = this.view.tokens[this.state.cursor].getClientRects()[0];
    let best = this.state.cursor;
    let distance = Infinity;
    for (let i = best + direction, top = null; i >= 0 && i < this.state.size; i += direction) {
      const box = this.view.tokens[i].getClientRects()[0];
      if (Math.abs(box.top - here.top) < box.height / 2) continue;
      top ??= box.top;
      if (Math.abs(box.top - top) > box.height / 2) break;
      const away = Math.abs(box.left - here.left);
      if (away < distance) [best, distance] = [i, away];
    }
    return best;
  }

  suggestion(direction) {
    const index = this.state.nextSuggestion(direction);
    if (index === null) return false; // lets Tab leave the text after the last one
    this.state.activate(index);
    this.view.reveal();
    return this.after(false);
  }

  // Whether the key was ours.
  key(event) {
    const { state } = this;
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key === "Enter") return this.act("submit") ?? true;
    if (command && event.key.toLowerCase() === "z") return this.edit(() => (event.shiftKey ? state.redo() : state.undo()));
    if (command && event.key.toLowerCase() === "y") return this.edit(() => state.redo());
    if (command || event.altKey) return false;
    const onButton = event.composedPath()[0].matches?.("button");
    if (onButton && ["Enter", " ", "Tab"].includes(event.key)) return false;
    const label = [...state.labels.values()].find((l) => l.key === event.key && !l.retired);
    if (label) return this.label(label.id);
    const forward = getComputedStyle(this.view.text).direction === "rtl" ? -1 : 1;
    const keys = {
      ArrowRight: () => this.move(state.cursor + forward, event.shiftKey),
      ArrowLeft: () => this.move(state.cursor - forward, event.shiftKey),
      ArrowDown: () => this.move(this.line(1), event.shiftKey),
      ArrowUp: () => this.move(this.line(-1), event.shiftKey),
      Tab: () => this.suggestion(event.shiftKey ? -1 : 1),
      Enter: () => this.decide(true),
      a: () => this.decide(true),
      A: () => this.edit(() => state.acceptAll()),
      x: () => this.decide(false),
      e: () => this.act("everywhere") ?? true,
      Delete: () => this.act("remove") ?? true,
      Backspace: () => this.act("remove") ?? true,
      n: () => this.data.navigation && (this.act("next") ?? true),
      p: () => this.data.navigation && (this.act("previous") ?? true),
      "?": () => this.act("help") ?? true,
      Escape: () => {
        this.view.help.hidden = true;
        state.clear();
        return this.after(false);
      },
    };
    return Boolean(keys[event.key]?.());
  }
}

// Labels as `AnnotationState.load` takes them; decisions name suggestions, a new model's may differ.
function withRejected({ spans, status, decisions }, suggestions) {
  const isRejected = (s) => decisions.some((d) => d.kind === "rejected" && sameStretch(d, s) && d.label === s.label && d.model === s.model);
  return { spans, status, rejected: suggestions.flatMap((s, index) => (isRejected(s) ? [index] : [])) };
}

// Keys belong to the annotator that has the focus, or to the only one if nothing has it, never to a field.
function onKey(event) {
  const path = event.composedPath();
  if (event.isComposing || path[0].matches?.("input, textarea, select, [contenteditable=true]")) return;
  const focused = [...mounted].find((annotator) => path.includes(annotator.root));
  const only = mounted.size === 1 && path[0] === document.body ? [...mounted][0] : null;
  const annotator = focused ?? only;
  if (!annotator?.state?.size) return;
  const ours = annotator.key(event);
  if (ours) event.preventDefault();
  // Bare letters are Streamlit's shortcuts (r reruns the app); in the text they must do nothing.
  if (ours || (focused && event.key.length === 1 && !event.ctrlKey && !event.metaKey)) event.stopImmediatePropagation();
}
window.addEventListener("keydown", onKey, true);

export default function ({ parentElement, data, setTriggerValue }) {
  if (!annotators.has(parentElement)) annotators.set(parentElement, new Annotator(parentElement));
  const annotator = annotators.get(parentElement);
  mounted.add(annotator);
  const report = (action) => setTriggerValue("event", { action, record: data.record.id });
  annotator.receive({ data, report });
  return () => mounted.delete(annotator);
}
