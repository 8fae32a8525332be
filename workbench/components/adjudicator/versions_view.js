// The versions side by side, a sentence a row, and the gold beside them.

class VersionsView {
  constructor(root) {
    this.root = root;
  }

  open(state, labels) {
    Object.assign(this, { state, labels, rows: [] });
    const { rows, versions } = state.record;
    const heads = [...versions.map(({ author }, index) => head(author, KEYS[index])), head("Gold")];
    const cells = rows.flatMap((pieces) => {
      const own = versions.map(({ spans }) => cellOf(pieces, spans, this));
      const gold = element("div", { className: "cell gold", dir: "auto" });
      this.rows.push({ pieces, gold });
      return [...own, gold];
    });
    this.root.style.setProperty("--columns", heads.length);
    this.root.replaceChildren(...heads, ...cells);
  }

  paint() {
    const { gold, taken, current } = this.state;
    for (const row of this.rows) {
      const inside = this.placesOf(row.pieces);
      write(row.gold, JSON.stringify(inside.map((index) => [index, taken[index] ?? String(taken[index])])), () => (
        [...cellOf(row.pieces, gold, this).childNodes]));
    }
    for (const piece of this.root.querySelectorAll("[data-place]")) {
      const index = Number(piece.dataset.place);
      piece.classList.toggle("current", index === current);
      piece.classList.toggle("decided", taken[index] !== undefined);
    }
  }

  placesOf(pieces) {
    const whole = { start: pieces[0].start, end: pieces.at(-1).end };
    return this.state.record.places.flatMap((place, index) => (share(place, whole) ? [index] : []));
  }

  // Scrolls so that the current place is seen; scrollIntoView would move the page as well.
  reveal() {
    const piece = this.root.querySelector(".current");
    if (!piece) return;
    const [outer, inner] = [this.root.getBoundingClientRect(), piece.getBoundingClientRect()];
    const heads = this.root.firstElementChild.offsetHeight;
    if (inner.top < outer.top + heads || inner.bottom > outer.bottom) this.root.scrollTop += inner.top - outer.top - outer.height / 3;
  }
}

function head(name, key) {
  return element("div", { className: "heading" }, ...(key ? [element("kbd", { textContent: key })] : []), name);
}

function share(a, b) { return a.start < b.end && b.start < a.end; }

// The text of a sentence with some spans; of nested ones the innermost gives the colour, and each has its tag.
function cellOf(pieces, spans, { labels, state }) {
  const cell = element("div", { className: "cell", dir: "auto" });
  const whole = { start: pieces[0].start, end: pieces.at(-1).end };
  const near = spans.filter((span) => share(span, whole)).sort((a, b) => (b.end - b.start) - (a.end - a.start));
  const places = state.record.places.map((place, index) => ({ ...place, index })).filter((place) => share(place, whole));
  for (const piece of pieces) {
    const covering = near.filter((span) => share(span, piece));
    const place = places.find((one) => share(one, piece));
    const shown = element("span", { textContent: piece.text });
    if (covering.length) shown.className = `span c${labels.get(covering.at(-1).label).colour}`;
    if (covering.length > 1) shown.classList.add("nested");
    if (place) shown.dataset.place = place.index;
    cell.append(shown);
    const ending = covering.filter((span) => span.end === piece.end).reverse();
    cell.append(...ending.map((span) => tagOf(labels.get(span.label), place)));
  }
  return cell;
}

function tagOf({ name, colour }, place) {
  return element("span", { className: `tag c${colour}`, dir: "ltr", textContent: name, data: place ? { place: place.index } : {} });
}
