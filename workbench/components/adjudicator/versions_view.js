// The versions side by side, a sentence a row, and the gold beside them.

class VersionsView {
  constructor(root) {
    this.root = root;
  }

  open(state, labels) {
    Object.assign(this, { state, labels, rows: [] });
    const { rows, versions } = state.record;
    const heads = [...versions.map(({ author }, index) => head(author, KEYS[index])), head("Gold")];
    const sentences = rows.map((pieces) => {
      const own = versions.map(({ spans }) => cellOf(pieces, spans, this));
      const gold = element("div", { className: "cell gold", dir: "auto" });
      this.rows.push({ pieces, gold });
      return element("div", { className: "sentence" }, ...own, gold);
    });
    this.root.style.setProperty("--columns", heads.length);
    this.root.replaceChildren(element("div", { className: "heads" }, ...heads), ...sentences);
  }

  paint() {
    const { gold, taken, current } = this.state;
    for (const row of this.rows) {
      const inside = this.placesOf(row.pieces);
      write(row.gold, JSON.stringify(inside.map((index) => [index, taken[index] ?? String(taken[index])])), () => (
        [...cellOf(row.pieces, gold, this).childNodes]));
    }
    for (const place of this.root.querySelectorAll("[data-place]")) {
      const index = Number(place.dataset.place);
      place.classList.toggle("current", index === current);
      place.classList.toggle("decided", taken[index] !== undefined);
    }
  }

  placesOf(pieces) {
    const whole = { start: pieces[0].start, end: pieces.at(-1).end };
    return this.state.record.places.flatMap((place, index) => (share(place, whole) ? [index] : []));
  }

  // Scrolls so that the current place is seen; scrollIntoView would move the page as well.
  reveal() {
    const place = this.root.querySelector(".current");
    if (!place) return;
    const [outer, inner] = [this.root.getBoundingClientRect(), place.getBoundingClientRect()];
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
  let holder = cell;
  for (const piece of pieces) {
    const place = places.find((one) => share(one, piece));
    if (!place) holder = cell;
    else if (holder.dataset.place !== String(place.index)) {
      holder = element("span", { data: { place: place.index } });
      cell.append(holder);
    }
    const covering = near.filter((span) => share(span, piece));
    const shown = fill(element("span"), piece.text);
    if (covering.length) shown.className = `span c${labels.get(covering.at(-1).label).colour}`;
    if (covering.length > 1) shown.classList.add("nested");
    const ending = covering.filter((span) => span.end === piece.end).reverse();
    holder.append(shown, ...ending.map((span) => tagOf(labels.get(span.label))));
  }
  return cell;
}

function tagOf({ name, colour }) { return element("span", { className: `tag c${colour}`, dir: "ltr", textContent: name }); }
