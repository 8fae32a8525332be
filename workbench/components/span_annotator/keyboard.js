// Which component on the page a pressed key belongs to, what the key is called, and the sheet of keys.

// The name of a pressed key as in the bindings.
function keyName({ key, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey) return `${altKey ? "Alt+" : ""}Ctrl+${key.length === 1 ? key.toLowerCase() : key}`;
  return altKey ? `Alt+${key}` : key;
}

// Keys belong to the component that has the focus, or to the only one if nothing has it, never to a field.
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

function helpSheet(bindings) {
  const rows = bindings.map(([keys, what]) => element("div", {}, element("dt", { textContent: keys }), element("dd", { textContent: what })));
  return [element("p", { textContent: "Keys" }), element("dl", {}, ...rows)];
}
