// The revisions of a record: steps back across visits, and the list of who changed what.

const CHANGES_SHOWN = 5;

// Revisions, oldest first, as the server has them -> {states: spans after each revision, 0 being before the first;
// done, undone: spans to go back and forward to}.
function replay(revisions) {
  const states = [[]];
  const places = [0]; // of each revision, the one that first had its spans
  let [done, undone, here] = [[], [], 0];
  for (const { revision, added, removed, restores } of revisions) {
    const gone = new Set(removed.map(({ id }) => id));
    const before = states[revision - 1];
    const changed = added.length + removed.length > 0;
    states[revision] = changed
      ? [...before.filter(({ id }) => !gone.has(id)), ...added].sort((a, b) => a.start - b.start || a.end - b.end)
      : before;
    const target = restores !== null && sameSpans(states[restores], states[revision]) ? places[restores] : null;
    if (target !== null && done.includes(target)) {
      here = walk(here, target, done, undone);
    } else if (target !== null && undone.includes(target)) {
      here = walk(here, target, undone, done);
    } else if (changed) {
      done.push(here);
      undone = [];
      here = target ?? revision;
    }
    places[revision] = here;
  }
  // What was imported is where a person began.
  if (revisions[0]?.added.some(({ origin }) => origin === "import")) done = done.filter((place) => place > 0);
  return { states, done: done.map((place) => states[place]), undone: undone.map((place) => states[place]) };
}

// From `here` to a place behind on one side; what lies between goes to the other. Quick steps are saved as one.
function walk(here, target, from, to) {
  while (here !== target) {
    to.push(here);
    here = from.pop();
  }
  return here;
}

function sameSpans(some, others) {
  const plain = (spans) => spans.map(({ id, start, end, label }) => [id, start, end, label].join()).sort().join(";");
  return plain(some) === plain(others);
}

// The list, the newest first: when, who, what.
function historyOf(state, revisions, current) {
  const items = [...revisions].reverse().map((revision) => element("li", {}, ...revised(state, revision, current)));
  return [
    element("p", { className: "heading", textContent: "History" }),
    element("ol", { className: "revisions", tabIndex: 0, ariaLabel: "Revisions" }, ...items),
  ];
}

function revised(state, { revision, at, author, status, restores, added, removed }, current) {
  const restored = restores === null ? "" : ` \u00b7 as rev ${restores}`;
  const head = `rev ${revision} \u00b7 ${shortTime(new Date(at))} \u00b7 ${author} \u00b7 ${status}${restored}`;
  const before = new Map(removed.map((span) => [span.id, span]));
  const after = new Set(added.map(({ id }) => id));
  const name = ({ label }) => state.labels.get(label)?.name ?? "?";
  const words = (span) => state.text.cut(span).replace(/\s+/g, " ");
  const lines = [
    ...added.map((span) => (before.has(span.id)
      ? `${words(before.get(span.id))} (${name(before.get(span.id))}) \u2192 ${words(span)} (${name(span)})`
      : `+ ${words(span)} (${name(span)})`)),
    ...removed.filter(({ id }) => !after.has(id)).map((span) => `\u2212 ${words(span)} (${name(span)})`),
  ];
  const more = lines.length > CHANGES_SHOWN ? [`and ${lines.length - CHANGES_SHOWN} more`] : [];
  return [
    element("div", { className: "when", textContent: head }),
    ...[...lines.slice(0, CHANGES_SHOWN), ...more].map((line) => fill(element("div", { dir: "auto" }), line)),
    ...(revision === current ? [] : [button("Restore", "restore", { data: { act: "restore", revision }, ariaLabel: `Restore revision ${revision}` })]),
  ];
}

function shortTime(date) {
  const today = date.toDateString() === new Date().toDateString();
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return today ? time : `${date.toLocaleDateString([], { day: "numeric", month: "short" })} ${time}`;
}
