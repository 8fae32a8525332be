// What could not be saved because its person is signed out, or the server took nothing when the page was left, stays in this
// tab's session storage, which outlives a reload and the way to the sign-in, and no closed tab. It has offsets and labels, no text.

const KEPT = "workbench-unsaved";

function keptKey({ url, author }) { return JSON.stringify([KEPT, url, author]); }

// Whether it could be kept.
function keep(saver) {
  const { id, revision, unsaved } = saver;
  try {
    sessionStorage.setItem(keptKey(saver), JSON.stringify({ id, revision, document: unsaved }));
    return true;
  } catch {
    return false;
  }
}

function forget(saver) { sessionStorage.removeItem(keptKey(saver)); }

// What is kept of an author, of the records whose addresses begin alike: [{url, id, revision, document}].
function keptOf(author, beginning) {
  const own = Object.keys(sessionStorage).filter((key) => key.startsWith(`["${KEPT}"`)).map((key) => [key, ...JSON.parse(key).slice(1)]);
  return own.filter(([, url, who]) => who === author && url.startsWith(beginning))
    .map(([key, url]) => ({ url, ...JSON.parse(sessionStorage.getItem(key)) }));
}
