// Elements of the page.

function element(tag, properties = {}, ...children) {
  const { data, ...rest } = properties;
  const made = Object.assign(document.createElement(tag), rest);
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
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
