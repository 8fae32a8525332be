// Hands, keys and the page's data to the choices; the choices to the frame and the saver.

const adjudicators = new WeakMap(); // root of the component -> Adjudicator
const mounted = new Set();

// The keys, as the help sheet lists them: [shown, what they do, {key: action(adjudicator)}].
const BINDINGS = [
  ["1 \u2013 9", "take that person's version of the place and go to the next open one", Object.fromEntries(
    [...KEYS].map((key, index) => [key, (adjudicator) => adjudicator.takeNth(index)]))],
  ["0, Delete, Backspace", "no span in the place", Object.fromEntries(
    ["0", "Delete", "Backspace"].map((key) => [key, (adjudicator) => adjudicator.take(null)]))],
  ["n, p or \u2192, \u2190", "next, previous place", {
    n: (adjudicator) => adjudicator.step(1),
    p: (adjudicator) => adjudicator.step(-1),
    ArrowRight: (adjudicator) => adjudicator.step(1),
    ArrowLeft: (adjudicator) => adjudicator.step(-1),
  }],
  ["N, P", "next, previous record", {
    N: (adjudicator) => adjudicator.go("next"),
    P: (adjudicator) => adjudicator.go("previous"),
  }],
  ["Ctrl+Z, Ctrl+Shift+Z", "undo, redo", {
    "Ctrl+z": (adjudicator, { shiftKey }) => adjudicator.act(shiftKey ? "redo" : "undo"),
    "Ctrl+y": (adjudicator) => adjudicator.act("redo"),
  }],
  ["Ctrl+Enter", "finish: the choices become the record's gold; go on", { "Ctrl+Enter": (adjudicator) => adjudicator.act("finish") }],
  ["Esc", "close what is open", { Escape: (adjudicator) => { adjudicator.frame.help.hidden = true; return true; } }],
  ["?", "show or hide this list", { "?": (adjudicator) => adjudicator.act("help") }],
];
const ACTIONS = Object.assign({}, ...BINDINGS.map(([, , actions]) => actions));

class Adjudicator {
  constructor(root) {
    this.root = root;
    this.frame = new Frame(root.querySelector(".adjudicator"));
    root.addEventListener("click", (event) => this.click(event.composedPath()[0]));
  }

  // New data from Python; the same record again must not undo what was chosen since.
  receive({ data, report }) {
    Object.assign(this, { data, report });
    access.renew = () => report("renew");
    renewToken(data.author, data.token);
    const { record } = data;
    const shown = this.state?.record;
    const compared = ({ id, versions, changed }) => JSON.stringify([id, versions, changed]);
    const again = shown && compared(shown) === compared(record);
    if (shown?.id === record.id && this.saver.outstanding) return;
    if (!again || record.revision > this.saver.revision) this.open(record);
  }

  open(record) {
    const fresh = this.state?.record.id !== record.id;
    this.state = new Choices(record);
    this.follow(record);
    const labels = new Map(this.data.labels.map((label) => [label.id, label]));
    this.frame.open(this.state, labels, this.data.position);
    this.after(false);
    this.saver.watch();
    if (fresh) this.focus();
  }

  // Choices that this window made and the page's data lack come back.
  follow(record) {
    const saver = this.saver = ChoiceSaver.of(record, this.data);
    saver.watch = () => saver === this.saver && this.frame.paintSaved(saver);
    const kept = saver.unsaved ?? (record.revision < saver.revision ? saver.last : null);
    if (kept) this.state.load(kept);
    else Object.assign(saver, { revision: record.revision, base: record, last: null });
  }

  focus() { this.frame.versions.root.focus({ preventScroll: true }); }

  // After an action: draw, and save if a choice changed.
  after(changed) {
    this.frame.paint();
    this.frame.versions.reveal();
    if (changed) this.saver.save(this.state.document);
    return true;
  }

  edit(action) { return this.after(!this.saver.conflict && action()); }

  take(version) { return this.edit(() => this.state.take(version)); }

  takeNth(index) {
    const version = this.state.record.versions[index];
    return Boolean(version) && this.take(version.id);
  }

  step(step) {
    this.state.goTo(this.state.current + step);
    return this.after(false);
  }

  // The gold is made of what is chosen; where a place is open, it is shown instead.
  async finish() {
    const { state } = this;
    if (this.saver.conflict || state.record.versions.length < 2) return;
    if (state.open) {
      state.current = state.nextOpen();
      this.after(false);
      const text = `${state.open} place${state.open === 1 ? " is" : "s are"} open`;
      write(this.frame.saved, text, () => [text]);
      return;
    }
    state.finished = true;
    this.after(true);
    if (await this.saver.settled(SETTLE_MILLISECONDS)) this.report("finished");
  }

  async go(step) {
    await this.saver.settled(SETTLE_MILLISECONDS / 10);
    this.report(step);
  }

  loadTheirs() {
    const { theirs } = this.saver.conflict;
    this.saver.resolve(false);
    this.open(theirs);
  }

  act(name, { version, index } = {}) {
    const actions = {
      take: () => this.take(version === "" ? null : Number(version)),
      place: () => this.step(Number(index) - this.state.current),
      next: () => this.step(1),
      previous: () => this.step(-1),
      undo: () => this.edit(() => this.state.undo()),
      redo: () => this.edit(() => this.state.redo()),
      finish: () => this.finish(),
      help: () => { this.frame.help.hidden = !this.frame.help.hidden; },
      mine: () => this.saver.resolve(true),
      theirs: () => this.loadTheirs(),
    };
    actions[name]();
    return true;
  }

  click(target) {
    const [pressed, place] = [target.closest("[data-act]"), target.closest("[data-place]")];
    if (pressed) this.act(pressed.dataset.act, pressed.dataset);
    else if (place) this.act("place", { index: place.dataset.place });
    if (pressed && !["mine", "theirs"].includes(pressed.dataset.act)) this.focus();
  }

  // Whether the key was ours.
  key(event) {
    const onButton = event.composedPath()[0].matches?.("button");
    if (onButton && ["Enter", " "].includes(event.key)) return false;
    return Boolean(ACTIONS[keyName(event)]?.(this, event));
  }
}

export default function ({ parentElement, data, setTriggerValue }) {
  if (!adjudicators.has(parentElement)) adjudicators.set(parentElement, new Adjudicator(parentElement));
  const adjudicator = adjudicators.get(parentElement);
  mounted.add(adjudicator);
  adjudicator.receive({ data, report: (action) => setTriggerValue("event", { action, record: data.record.id }) });
  return () => mounted.delete(adjudicator);
}
