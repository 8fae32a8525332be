// Saves the labels of a record; knows which revision has which list of spans.

class LabelSaver extends Saver {
  constructor(record) {
    super(record);
    this.numbers = new WeakMap([[record.spans, record.revision]]); // lists of spans -> the revision that has them
  }

  accepted({ spans }, revision) { this.numbers.set(spans, revision); }

  // Span by span by its id, whatever the order; decisions are not part of it.
  same(mine, theirs) {
    const plain = ({ id, start, end, label, origin }) => [id, start, end, label, origin].join();
    const flat = ({ status, spans }) => [status, ...spans.map(plain).sort()].join(";");
    return flat(mine) === flat(theirs);
  }

  // All revisions, oldest first; none if the server does not answer.
  async history() {
    await this.settled(SETTLE_MILLISECONDS);
    const answer = await fetch(`${this.url}/history`, { headers: this.headers }).catch(() => null);
    return answer?.ok ? answer.json() : [];
  }

  // {records} or {error}.
  async propagate({ start, end, label }) {
    const body = JSON.stringify({ start, end, label });
    const answer = await fetch(`${this.url}/propagate`, { method: "POST", headers: this.headers, body }).catch(() => null);
    const result = await answer?.json().catch(() => null);
    return result ?? { error: "not propagated: the server does not answer" };
  }

  // Nothing is lost if this does not arrive.
  atWork() { fetch(`${this.url}/at-work`, { method: "POST", headers: this.headers }).catch(() => {}); }
}
