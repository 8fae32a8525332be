// Hands, keys and the page's data to the state; the state to the view and the saver.

const annotators = new WeakMap(); // root of the component -> Annotator
const mounted = new Set();
const kept = { threshold: 0 }; // from record to record, until the page is loaded anew

class Annotator {
  constructor(root) {
    this.root = root;
    this.view = new View(root.querySelector(".annotator"), (value) => this.setThreshold(value), () => this.focus());
    this.pointer = new Pointer(this);
    watchHands(this);
  }

  // New data from Python; the same record again must not undo what was labelled since.
  receive({ data, report }) {
    Object.assign(this, { data, report });
    access.renew = () => report("renew");
    this.view.notify(data.notice);
    if (!data.readonly) renewToken(data.author, data.token);
    const shown = this.state?.record;
    const again = this.saver?.author === data.author && shown?.id === data.record.id && shown.model === data.record.model;
    if (again && (this.saver.outstanding || data.record.revision <= this.saver.revision)) return;
    this.open();
  }

  open() {
    const { record, labels, readonly } = this.data;
    const fresh = this.state?.record.id !== record.id;
    const snapping = this.state?.snapping ?? true;
    this.state = new AnnotationState(record, labels, kept.threshold);
    if (!snapping) this.state.snap(false);
    this.saver = readonly ? null : LabelSaver.of(record, this.data);
    if (this.saver) this.follow(record);
    this.view.history.hidden = true;
    this.view.finder.forget();
    this.view.picker.forget();
    this.view.open(this.state, this.data);
    this.view.comments.open(this.state, this.saver);
    this.view.paint();
    this.saver?.watch();
    if (fresh && this.saver) this.focus();
  }

  // Labels that this window made and the page's data lack come back.
  follow(record) {
    const saver = this.saver;
    saver.watch = () => saver === this.saver && this.watched();
    const kept = saver.unsaved ?? (record.revision < saver.revision ? saver.last : null);
    if (kept) this.state.load(withRejected(kept, record.suggestions));
    else Object.assign(saver, { revision: record.revision, base: record });
    saver.numbers.set(record.spans, record.revision);
  }

  focus() { this.view.text.focus({ preventScroll: true }); }

  // After an action: draw, and save if labels changed.
  after(changed) {
    this.view.paint();
    if (changed) this.saver.save(this.state.document(this.saver.numbers));
    return true;
  }

  get locked() { return !this.saver || this.saver.conflict !== null; }

  edit(action) { return this.after(!this.locked && action()); }

  label(labelId) { return this.edit(() => applyLabel(this.state, labelId)); }

  watched() {
    this.view.paintSaved(this.saver);
    if (!this.view.history.hidden && !this.saver.outstanding) this.listHistory();
  }

  // Undo or redo; where this visit has no step, those of earlier visits.
  travel(back) {
    const { state } = this;
    const step = () => this.edit(() => (back ? state.undo() : state.redo()));
    const hasSteps = () => (back ? state.done : state.undone).length > 0;
    if (hasSteps() || this.locked) return step();
    this.revisions().then((found) => {
      if (state !== this.state || hasSteps()) return; // who edited meanwhile did not ask to undo that
      state.recall(found);
      step();
    });
    return true;
  }

  // The record's history, replayed; every state is known by its revision.
  async revisions() {
    const revisions = await this.saver.history();
    const found = replay(revisions);
    found.states.forEach((spans, revision) => this.saver.numbers.has(spans) || this.saver.numbers.set(spans, revision));
    return { ...found, revisions };
  }

  toggleHistory() {
    this.view.history.hidden = !this.view.history.hidden;
    if (!this.view.history.hidden) this.listHistory();
  }

  async listHistory() {
    const { state, saver } = this;
    const { revisions, states } = await this.revisions();
    if (state !== this.state) return;
    this.states = states;
    this.view.history.replaceChildren(...historyOf(state, revisions, saver.revision));
  }

  restore(revision) { return this.edit(() => this.state.restore(this.states[revision])); }

  resize(edge, step) {
    if (this.state.active === null) return false; // Alt and an arrow are the browser's own then
    return this.edit(() => moveEdge(this.state, edge, step * this.forward));
  }

  // Accepts or rejects the active suggestion and goes to the next.
  decide(accept) {
    const index = this.state.active;
    if (typeof index !== "number") return false;
    return this.edit(() => {
      const next = this.state.nextSuggestion(1);
      const changed = accept ? acceptSuggestion(this.state, index) : rejectSuggestion(this.state, index);
      if (changed && next !== null && this.state.isOpen(next)) this.state.activate(next);
      this.view.words.reveal();
      return changed;
    });
  }

  // Suggestions below a confidence are left aside.
  setThreshold(value) {
    kept.threshold = Math.max(0, Math.min(1, value));
    this.state.setThreshold(kept.threshold);
    return this.after(false);
  }

  // All open suggestions, submitted, and the next record.
  acceptAndGoOn() {
    if (this.locked) return true;
    acceptAll(this.state);
    return this.act("submit");
  }

  // The active span's words, suggested with its label in the other records of the queue.
  async propagate() {
    const span = this.state.activeSpan;
    if (!span || this.locked) return;
    const { saved } = this.view;
    write(saved, "propagating", () => ["looking through the queue\u2026"]);
    const answer = await this.saver.propagate(span);
    const text = answer.error ?? `suggested in ${answer.records} other record${answer.records === 1 ? "" : "s"} of the queue`;
    write(saved, text, () => [text]);
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

  act(name, dataset = {}) {
    const actions = {
      accept: () => this.decide(true),
      reject: () => this.decide(false),
      remove: () => this.edit(() => removeSpan(this.state)),
      everywhere: () => this.edit(() => labelEverywhere(this.state)),
      next: () => this.go("next"),
      previous: () => this.go("previous"),
      skip: () => this.finish("skipped", "next"),
      flag: () => this.finish(this.state.status === "flagged" ? "draft" : "flagged", "flagged"),
      submit: () => this.finish("submitted", "submitted"),
      help: () => { this.view.help.hidden = !this.view.help.hidden; },
      "accept-all": () => this.edit(() => acceptAll(this.state)),
      "accept-submit": () => this.acceptAndGoOn(),
      propagate: () => this.propagate(),
      undo: () => this.travel(true),
      redo: () => this.travel(false),
      history: () => this.toggleHistory(),
      comments: () => this.view.comments.toggle(),
      comment: () => this.view.comments.post(),
      resolve: ({ comment, resolved }) => this.view.comments.resolve(comment, resolved === "1"),
      show: ({ start, end }) => this.showStretch({ start: Number(start), end: Number(end) }),
      restore: ({ revision }) => this.restore(Number(revision)),
      guidelines: () => this.report("guidelines"),
      characters: () => this.toggleCharacters(),
      pick: () => this.pick(),
      find: () => this.find(),
      mine: () => this.saver.resolve(true),
      theirs: () => this.loadTheirs(),
    };
    actions[name](dataset);
    return true;
  }

  loadTheirs() {
    this.state.load(this.saver.conflict.theirs);
    this.saver.resolve(false);
    this.view.paint();
  }

  toggleCharacters() {
    this.state.snap(!this.state.snapping);
    this.after(false);
  }

  pick() {
    const labels = usableLabels(this.state);
    this.view.picker.open({ labels, picked: (labelId) => this.label(labelId), closed: () => this.focus() });
    return true;
  }

  find() {
    const { state, view } = this;
    view.finder.open({
      search: (text) => state.text.find(text),
      from: () => state.units.starts[state.cursor] ?? 0,
      shown: (hits, hit) => {
        view.words.hits = hits;
        if (hit) state.selectStretch(hit);
        view.words.reveal();
        view.paint();
      },
      closed: () => {
        view.words.hits = [];
        view.paint();
        this.focus();
      },
    });
    return true;
  }

  nextHit(step) {
    if (!this.view.finder.hits.length) return false;
    this.view.finder.step(step);
    return true;
  }

  showStretch(stretch) {
    this.state.selectStretch(stretch);
    this.view.words.reveal();
    return this.after(false);
  }

  selectCursor() {
    this.state.select(this.state.cursor, this.state.cursor);
    return this.after(false);
  }

  // From the shortest span at the cursor to the longer ones around it, and to suggestions.
  nextAround() {
    const { state } = this;
    const around = state.allAt(state.cursor);
    if (!around.length) return false;
    const cursor = state.cursor;
    state.activate(around[(around.indexOf(state.active) + 1) % around.length]);
    state.cursor = cursor;
    return this.after(false);
  }

  cancel() {
    this.view.help.hidden = true;
    this.view.words.hits = [];
    this.state.preview = null;
    this.pointer.release();
    this.state.clear();
    return this.after(false);
  }

  get forward() { return forwardAt(this.state, this.view.words); }

  step(step, extend) { return this.move(this.state.cursor + step * this.forward, extend); }

  move(unit, extend) {
    const { state } = this;
    const to = Math.max(0, Math.min(state.size - 1, unit));
    if (extend) {
      state.select(state.anchor ?? state.cursor, to);
    } else {
      const found = state.at(to);
      if (found !== null) state.activate(found);
      else state.select(to, to);
      state.cursor = to;
    }
    this.view.words.reveal();
    return this.after(false);
  }

  line(direction) { return unitInLine(this.state, this.view.words, direction); }

  suggestion(direction) {
    const index = this.state.nextSuggestion(direction);
    if (index === null) return false; // lets Tab leave the text after the last one
    this.state.activate(index);
    this.view.words.reveal();
    return this.after(false);
  }

  // Whether the key was ours.
  key(event) {
    const onButton = event.composedPath()[0].matches?.("button");
    if (onButton && ["Enter", " ", "Tab"].includes(event.key)) return false;
    const name = keyName(event);
    const label = usableLabels(this.state).find(({ key }) => key === name);
    if (label) return this.label(label.id);
    return Boolean(ACTIONS[name]?.(this, event));
  }
}

// Labels as `AnnotationState.load` takes them; decisions name suggestions, a new model's may differ.
function withRejected({ spans, status, decisions }, suggestions) {
  const isRejected = (s) => decisions.some((d) => d.kind === "rejected" && sameStretch(d, s) && d.label === s.label);
  return { spans, status, rejected: suggestions.flatMap((s, index) => (isRejected(s) ? [index] : [])) };
}

export default function ({ parentElement, data, setTriggerValue }) {
  if (!annotators.has(parentElement)) annotators.set(parentElement, new Annotator(parentElement));
  const annotator = annotators.get(parentElement);
  mounted.add(annotator);
  const report = (action) => setTriggerValue("event", { action, record: data.record.id });
  annotator.receive({ data, report });
  return () => mounted.delete(annotator);
}
