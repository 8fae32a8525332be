// The keys, as the help sheet lists them: [shown, what they do, {key: action(annotator, event)}].
// A key is written with Ctrl (or Command) and Alt before it; Shift is in the letter, or is looked at by the action.

const BINDINGS = [
  ["1 \u2013 9, 0", "label the selected words, or relabel the active span", {}],
  ["l", "find a label by its name; Enter takes it", { l: (annotator) => annotator.pick() }],
  ["\u2190 \u2192 \u2191 \u2193", "move; with Shift select words", {
    ArrowRight: (annotator, { shiftKey }) => annotator.step(1, shiftKey),
    ArrowLeft: (annotator, { shiftKey }) => annotator.step(-1, shiftKey),
    ArrowDown: (annotator, { shiftKey }) => annotator.move(annotator.line(1), shiftKey),
    ArrowUp: (annotator, { shiftKey }) => annotator.move(annotator.line(-1), shiftKey),
  }],
  ["Home, End", "first, last word of the record", {
    Home: (annotator, { shiftKey }) => annotator.move(0, shiftKey),
    End: (annotator, { shiftKey }) => annotator.move(annotator.state.size - 1, shiftKey),
  }],
  ["Alt+\u2190 \u2192", "move the end of the active span; with Shift its beginning. Or drag an edge", {
    "Alt+ArrowRight": (annotator, { shiftKey }) => annotator.resize(shiftKey ? "start" : "end", 1),
    "Alt+ArrowLeft": (annotator, { shiftKey }) => annotator.resize(shiftKey ? "start" : "end", -1),
  }],
  ["c", "characters instead of words, and back", { c: (annotator) => annotator.act("characters") }],
  ["w", "select the word at the cursor alone (or double click), to label it inside a span", {
    w: (annotator) => annotator.selectCursor(),
  }],
  ["o", "the next span around the cursor", { o: (annotator) => annotator.nextAround() }],
  ["Tab, Shift+Tab", "next, previous suggestion", { Tab: (annotator, { shiftKey }) => annotator.suggestion(shiftKey ? -1 : 1) }],
  ["Enter, a", "accept the suggestion and go to the next", {
    Enter: (annotator, { shiftKey }) => (shiftKey ? annotator.acceptAndGoOn() : annotator.decide(true)),
    a: (annotator) => annotator.decide(true),
  }],
  ["x", "reject the suggestion", { x: (annotator) => annotator.decide(false) }],
  ["-, +", "lower, higher confidence from which suggestions are offered", {
    "-": (annotator) => annotator.setThreshold(kept.threshold - 0.05),
    "+": (annotator) => annotator.setThreshold(kept.threshold + 0.05),
    "=": (annotator) => annotator.setThreshold(kept.threshold + 0.05),
  }],
  ["Shift+Enter", "accept all suggestions, submit and go on", {}],
  ["A", "accept all suggestions from the threshold on", { A: (annotator) => annotator.edit(() => acceptAll(annotator.state)) }],
  ["e", "label every other occurrence of the active span", { e: (annotator) => annotator.act("everywhere") }],
  ["E", "suggest the active span's words and label in the other records of the queue", { E: (annotator) => annotator.act("propagate") }],
  ["Delete, Backspace", "remove the active span", {
    Delete: (annotator) => annotator.act("remove"),
    Backspace: (annotator) => annotator.act("remove"),
  }],
  ["Ctrl+Z, Ctrl+Shift+Z", "undo, redo, also steps of earlier visits", {
    "Ctrl+z": (annotator, { shiftKey }) => annotator.travel(!shiftKey),
    "Ctrl+y": (annotator) => annotator.travel(false),
  }],
  ["v", "history: who changed what, and earlier revisions to restore", { v: (annotator) => annotator.act("history") }],
  ["m", "comments on the record or on the selected words; Ctrl+Enter sends, Esc goes back", {
    m: (annotator) => annotator.act("comments"),
  }],
  ["/", "find in this record; Enter and Shift+Enter go through the hits", { "/": (annotator) => annotator.find() }],
  ["g, G", "next, previous hit", { g: (annotator) => annotator.nextHit(1), G: (annotator) => annotator.nextHit(-1) }],
  ["Ctrl+Enter", "submit and go on", { "Ctrl+Enter": (annotator) => annotator.act("submit") }],
  ["s", "skip the record and go on", { s: (annotator) => annotator.data.navigation && annotator.act("skip") }],
  ["f", "flag the record for a second look, or take the flag back; it is not trained on until it is submitted", {
    f: (annotator) => annotator.act("flag"),
  }],
  ["n, p", "next, previous record", {
    n: (annotator) => annotator.data.navigation && annotator.act("next"),
    p: (annotator) => annotator.data.navigation && annotator.act("previous"),
  }],
  ["h", "guidelines of the labels", { h: (annotator) => annotator.act("guidelines") }],
  ["Esc", "select nothing; close what is open", { Escape: (annotator) => annotator.cancel() }],
  ["?", "show or hide this list", { "?": (annotator) => annotator.act("help") }],
];

const ACTIONS = Object.assign({}, ...BINDINGS.map(([, , actions]) => actions));
