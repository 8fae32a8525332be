// Tells the server that somebody is at work on the record, so that nobody else is handed it.
// What counts is what hands do: a page that was left open keeps a record for a few minutes only.

const BEAT_MILLISECONDS = 120000;

function watchHands(annotator) {
  let last = performance.now();
  const beat = () => {
    if (!annotator.saver || performance.now() - last < BEAT_MILLISECONDS) return;
    last = performance.now();
    annotator.saver.atWork();
  };
  for (const name of ["keyup", "pointermove", "wheel"]) annotator.root.addEventListener(name, beat, { passive: true });
}
