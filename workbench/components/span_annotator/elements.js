// Elements of the page.

function element(tag, properties = {}, ...children) {
  const { data, ...rest } = properties;
  const made = Object.assign(document.createElement(tag), rest);
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

// Text of a record. A character that turns the direction of what follows stands alone, with a sign, so that it turns
// nothing: the words are read in the order that they are stored in. The text itself stays as it is.
function fill(target, text) {
  const parts = text.split(TURNING).filter(Boolean);
  target.replaceChildren(...parts.map((part) => (TURNING.test(part) ? turning(part) : part)));
  return target;
}

const TURNING = /([\u202a-\u202e\u2066-\u2069])/;

function turning(character) {
  const code = `U+${character.codePointAt(0).toString(16).toUpperCase()}`;
  return element("span", { className: "turning", textContent: character, title: `${code}: turns the direction of text` });
}

function button(text, act, properties = {}) {
  return element("button", { type: "button", textContent: text, data: { act }, ...properties });
}

// Rewrites an element only if its content differs from what it shows.
function write(target, signature, children) {
  const key = String(signature);
  if (target.shown === key) return;
  target.shown = key;
  target.replaceChildren(...(children() ?? []));
}
