// What was chosen, place by place, and the way back. No DOM.
// A place is taken from a version (its id), left without a span (null), or open (undefined).

class Choices {
  constructor(record) {
    this.record = record;
    this.size = 1; // keys work, also where no place is to be decided
    this.load(record);
  }

  // Takes choices as the server has them; what could be undone belonged to others and is forgotten.
  load({ choices, finished }) {
    const { places } = this.record;
    const at = new Map(places.map(({ start, end }, index) => [`${start}-${end}`, index]));
    this.taken = places.map(() => undefined);
    for (const { start, end, take } of choices) {
      if (at.has(`${start}-${end}`)) this.taken[at.get(`${start}-${end}`)] = take;
    }
    Object.assign(this, { finished, done: [], undone: [] });
    this.current = Math.max(0, this.taken.indexOf(undefined));
  }

  get open() { return this.taken.filter((take) => take === undefined).length; }

  // Decides the current place and goes on to the next open one.
  take(version) {
    if (!this.record.places.length) return false;
    this.done.push({ taken: this.taken, current: this.current });
    this.undone = [];
    this.taken = this.taken.with(this.current, version);
    this.finished = false;
    this.current = this.nextOpen() ?? this.current;
    return true;
  }

  nextOpen() {
    const { length } = this.taken;
    const after = Array.from({ length }, (_, step) => (this.current + step) % length);
    return after.find((index) => this.taken[index] === undefined);
  }

  goTo(index) { this.current = Math.max(0, Math.min(this.taken.length - 1, index)); }

  undo() { return this.travel(this.done, this.undone); }

  redo() { return this.travel(this.undone, this.done); }

  travel(from, to) {
    const step = from.pop();
    if (!step) return false;
    to.push({ taken: this.taken, current: this.current });
    Object.assign(this, step, { finished: false });
    return true;
  }

  // What is saved.
  get document() {
    const choices = this.record.places.map(({ start, end }, index) => ({ start, end, take: this.taken[index] }));
    const versions = this.record.versions.map(({ id, revision }) => [id, revision]);
    return { versions, choices: choices.filter(({ take }) => take !== undefined), finished: this.finished };
  }

  // The spans of the gold as far as it is decided.
  get gold() {
    const of = (version, place) => version.spans.filter((span) => span.place === place);
    const { versions } = this.record;
    const taken = this.taken.flatMap((take, place) => versions.filter(({ id }) => id === take).flatMap((v) => of(v, place)));
    return [...(versions.length ? of(versions[0], null) : []), ...taken];
  }
}

class ChoiceSaver extends Saver {
  same(mine, theirs) {
    const revisions = ({ versions }) => versions.map((one) => (Array.isArray(one) ? one : [one.id, one.revision]));
    const flat = (one) => JSON.stringify([one.finished, revisions(one), one.choices.map((c) => [c.start, c.end, c.take])]);
    return flat(mine) === flat(theirs);
  }
}
