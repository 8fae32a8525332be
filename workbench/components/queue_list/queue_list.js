// One button a record. The list is drawn again only if it changed, so that its scroll position stays.
const GLYPHS = {
  ...{ pending: "\u25cf", draft: "\u25cb", submitted: "\u2713", skipped: "\u2013", flagged: "!" }, // of labels
  ...{ open: "\u25cf", adjudicated: "\u2713", changed: "!" }, // of adjudication
};

function row(item, open) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = item.status;
  button.dataset.record = item.id;
  for (const [name, text] of [["state", GLYPHS[item.status]], ["name", item.name], ["preview", item.preview]]) {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = text;
    if (name === "preview") part.dir = "auto";
    if (name === "state") part.title = part.ariaLabel = item.status;
    if (name === "state") part.role = "img";
    button.append(part);
  }
  button.addEventListener("click", () => open(item.id));
  const line = document.createElement("li");
  line.append(button);
  return line;
}

export default function ({ parentElement, data, setTriggerValue }) {
  const list = parentElement.querySelector(".queue");
  list.open = (id) => setTriggerValue("open", id);
  const signature = JSON.stringify(data.items);
  if (list.signature !== signature) {
    list.signature = signature;
    list.replaceChildren(...data.items.map((item) => row(item, (id) => list.open(id))));
  }
  for (const button of list.querySelectorAll("button")) {
    const current = Number(button.dataset.record) === data.current;
    if (button.ariaCurrent === String(current)) continue;
    button.ariaCurrent = String(current);
    if (current) reveal(list, button);
  }
}

// scrollIntoView would move the page as well.
function reveal(list, button) {
  const [outer, inner] = [list.getBoundingClientRect(), button.getBoundingClientRect()];
  if (inner.top < outer.top || inner.bottom > outer.bottom) list.scrollTop += inner.top - outer.top - outer.height / 3;
}
