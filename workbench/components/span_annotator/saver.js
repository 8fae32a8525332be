// Brings a record's document to the server: one save in flight, the latest state next, nothing dropped in silence.
// A saver outlives the page that made it, so that leaving the page loses nothing, and saves as the person who edited. Its
// kinds say which documents are the `same`.

const RETRY_SECONDS = [1, 2, 4, 8, 15];
const KEEPALIVE_BYTES = 60000; // browsers refuse larger bodies with keepalive
const KEPT_SAVERS = 50;
const SETTLE_MILLISECONDS = 3000;

const savers = new Map(); // author and record id -> Saver
const access = { tokens: new Map(), renew: () => {} }; // tokens by their authors

class Saver {
  static of(record, { url, author }) {
    this.recall(url, author);
    const key = `${record.id} ${author}`;
    const saver = savers.get(key) ?? new this(record);
    Object.assign(saver, { url, author });
    savers.delete(key); // to the end: the most recent one
    savers.set(key, saver);
    for (const [id, old] of savers) {
      if (savers.size > KEPT_SAVERS && !old.outstanding && old !== saver) savers.delete(id);
    }
    return saver;
  }

  // What this tab kept when the author was signed out, or the server took nothing, is saved now.
  static recall(url, author) {
    for (const { id, revision, document, ...at } of keptOf(author, url.slice(0, url.lastIndexOf("/") + 1))) {
      const key = `${id} ${author}`;
      if (savers.has(key)) continue;
      const saver = Object.assign(new this({ id, revision, spans: [] }), at, { author, base: null, pending: document, kept: true });
      savers.set(key, saver);
      saver.pump();
    }
  }

  constructor(record) {
    this.id = record.id;
    this.kept = false; // whether session storage has what is not saved
    this.revision = record.revision;
    this.last = null; // the document saved last by this page
    this.base = record; // the document that the server has at `revision`; null if this page never saw it
    this.pending = null; // the latest document that is not saved
    this.sending = null; // the document on its way
    this.unanswered = []; // those that were sent in vain, as far as this page knows
    this.conflict = null; // {mine, theirs}
    this.failure = null; // {reason, again: seconds or null}
    this.failures = 0;
    this.savedAt = null;
    this.watch = () => {};
  }

  get headers() { return { "Content-Type": "application/json", "X-Workbench-Token": access.tokens.get(this.author) }; }

  get outstanding() { return Boolean(this.pending || this.sending || this.conflict); }

  // The newest document this page knows and the server may not; null if it has it.
  get unsaved() { return this.pending ?? this.conflict?.mine ?? this.sending; }

  save(document) {
    this.pending = document;
    this.pump();
  }

  pump() {
    if (this.sending || !this.pending || this.conflict) return;
    clearTimeout(this.timer);
    [this.sending, this.pending] = [this.pending, null];
    if (sameDocument(this.sending, this.last)) return this.succeed(this.revision);
    this.watch();
    this.post(this.sending, this.revision).then((response) => this.answer(response), () => this.fail("the server does not answer"));
  }

  post(document, base) {
    const body = JSON.stringify({ base, ...document });
    const keepalive = new Blob([body]).size < KEEPALIVE_BYTES;
    return fetch(this.url, { method: "POST", headers: this.headers, body, keepalive });
  }

  async answer(response) {
    const result = await response.json().catch(() => ({}));
    if (response.ok && Number.isInteger(result.revision)) return this.succeed(result.revision);
    if (response.status === 409 && result.current) return this.meet(result.current);
    if (response.status === 401) {
      this.fail(result.error ?? "the page was open for long");
      this.kept = keep(this);
      return access.renew();
    }
    const refused = response.status >= 400 && response.status < 500 && response.status !== 429;
    this.fail(result.error ?? `the server answered ${response.status}`, !refused);
  }

  succeed(revision) {
    this.last = this.base = this.sending;
    this.accepted(this.sending, revision);
    Object.assign(this, { revision, sending: null, unanswered: [], failure: null, failures: 0, savedAt: new Date() });
    this.release();
    this.pump();
    this.watch();
  }

  accepted() {}

  release() {
    if (this.kept && !this.pending) forget(this);
    this.kept &&= Boolean(this.pending);
  }

  // Somebody else saved first, unless it was this very document, or an earlier one of this page, whose answer was lost.
  meet(theirs) {
    if (this.same(this.sending, theirs)) return this.succeed(theirs.revision);
    if (this.unanswered.some((document) => this.same(document, theirs))) {
      this.pending ??= this.sending;
      Object.assign(this, { sending: null, unanswered: [], base: theirs, revision: theirs.revision });
      return this.pump();
    }
    this.conflict = { mine: this.pending ?? this.sending, theirs };
    Object.assign(this, { sending: null, pending: null, failure: null });
    this.watch();
  }

  fail(reason, retry = true) {
    this.unanswered.push(this.sending);
    this.pending ??= this.sending;
    this.sending = null;
    const again = retry ? RETRY_SECONDS[Math.min(this.failures++, RETRY_SECONDS.length - 1)] : null;
    this.failure = { reason, again };
    clearTimeout(this.timer);
    if (retry) this.timer = setTimeout(() => this.pump(), again * 1000);
    this.watch();
  }

  // Ends a conflict: `mine` is saved on top of theirs, or given up for theirs.
  resolve(keepMine) {
    const { mine, theirs } = this.conflict;
    Object.assign(this, { conflict: null, revision: theirs.revision, base: theirs, last: null, savedAt: null });
    if (keepMine) this.save(mine);
    else this.release();
    this.watch();
  }

  // Resolves to whether everything is saved, at the latest after `milliseconds`.
  async settled(milliseconds) {
    const end = performance.now() + milliseconds;
    while (this.outstanding && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
    return !this.outstanding;
  }

  // The page goes away: what waits is sent at once, on the revision that the save in flight will make.
  flush() {
    if (!this.pending || this.conflict) return;
    const coming = this.sending && !(this.base && this.same(this.sending, this.base)) ? 1 : 0;
    if (!sameDocument(this.pending, this.sending)) this.post(this.pending, this.revision + coming).catch(() => {});
  }
}

function renewToken(author, token) {
  if (token === access.tokens.get(author)) return;
  access.tokens.set(author, token);
  for (const saver of savers.values()) saver.pump();
}

function sameDocument(a, b) {
  const plain = (document) => JSON.stringify({ ...document, restores: null });
  return plain(a) === plain(b);
}

// What the page says of a saver.
function savedText({ revision, savedAt, sending, pending, failure, conflict }) {
  if (conflict) return "not saved: changed elsewhere";
  if (failure) return `not saved: ${failure.reason}` + (failure.again ? `; your labels are kept in this tab until it works, next try in ${failure.again} s` : "");
  if (sending || pending) return "saving\u2026";
  if (savedAt) return `saved ${savedAt.toTimeString().slice(0, 8)} \u00b7 rev ${revision}`;
  return revision ? `rev ${revision}` : "nothing saved yet";
}

window.addEventListener("beforeunload", (event) => {
  if ([...savers.values()].some((saver) => saver.outstanding && !saver.kept)) event.preventDefault();
});
window.addEventListener("pagehide", () => savers.forEach((saver) => {
  // What the server does not take now is for the page after a reload.
  saver.kept = Boolean(saver.kept || saver.failure?.again) && keep(saver);
  if (!saver.kept) saver.flush();
}));
