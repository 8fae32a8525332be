// Draws the words of a record. Only tokens that changed are written to the page.

const CHARACTERS_A_LINE = 80;
const LINE_PIXELS = 29;
// A block that is laid out at once. A longer line of the text is shown in several, which begin at a sentence, else at a word.
const BLOCK_CHARACTERS = { sentence: 1500, word: 2500, any: 3500 };

class TextView {
  constructor(text) {
    this.text = text;
  }

  // A new record: its words become elements once, every line of the text in blocks of its own.
  open(state) {
    const { words, gaps } = state.record;
    this.state = state;
    this.cells = new Map();
    this.hits = [];
    this.tokens = [];
    this.gaps = []; // of each token, the elements of the gap behind it
    this.lines = [];
    const lines = document.createDocumentFragment();
    let line;
    const begin = (head = null) => {
      line = element("div", { className: "line", dir: "auto" });
      Object.assign(line, { characters: 0, head });
      this.lines.push(line);
      lines.append(line);
    };
    const addGap = (gap) => gap.replace(/\r\n?/g, "\n").split(/(?<=\n)/).map((part) => {
      const piece = fill(element("span"), part);
      line.append(piece);
      line.characters += part.length;
      if (part.endsWith("\n")) begin();
      return piece;
    });
    begin();
    addGap(gaps[0]);
    words.forEach((word, index) => {
      const token = fill(element("span", { className: "t", data: { token: index } }), word);
      line.append(token);
      line.characters += word.length;
      this.tokens.push(token);
      this.gaps.push(addGap(gaps[index + 1]));
      if (isFull(line.characters, word, gaps[index + 1])) begin(line.head ?? line);
    });
    for (const { characters, style } of this.lines) {
      style.containIntrinsicBlockSize = `auto ${LINE_PIXELS * Math.max(1, Math.ceil(characters / CHARACTERS_A_LINE))}px`;
    }
    this.text.replaceChildren(lines);
    for (const part of this.lines) if (part.head) part.dir = getComputedStyle(part.head).direction;
    this.text.scrollTop = 0;
  }

  paint() {
    const cells = cellsOf(this.state, this.hits);
    const changed = [...cells].filter(([index, { signature }]) => this.cells.get(index)?.signature !== signature);
    const bare = [...this.cells.keys()].filter((index) => !cells.has(index));
    this.cells = cells;
    for (const [index, cell] of changed) this.draw(index, cell);
    for (const index of bare) this.draw(index, null);
    const lines = new Set([...changed.map(([index]) => index), ...bare].map((index) => this.tokens[index].parentElement));
    if (this.deep || changed.some(([, { pieces }]) => pieces.some(({ depth }) => depth > 0))) this.spaceOut(lines);
  }

  draw(index, cell) {
    const token = this.tokens[index];
    const word = this.state.record.words[index];
    for (const gap of this.gaps[index]) wear(gap, cell?.gap ?? PLAIN);
    if (!cell || (cell.pieces.length === 1 && !cell.tags.length && !cell.grips.length)) {
      wear(token, cell?.pieces[0] ?? PLAIN, "t");
      fill(token, word);
      return;
    }
    wear(token, PLAIN, `t${cell.tags.length ? " tagged" : ""}`);
    const characters = Array.from(word);
    const pieces = cell.pieces.map(({ from, to, ...look }) => {
      const piece = fill(element("span"), characters.slice(from, to).join(""));
      wear(piece, look);
      for (const [edge, at] of cell.grips) {
        if (at === (edge === "start" ? from : to)) piece.append(element("span", { className: `grip ${edge}`, ariaHidden: "true", data: { edge } }));
      }
      return piece;
    });
    token.replaceChildren(...pieces, ...(cell.tags.length ? [this.tagged(cell)] : []));
  }

  tagged({ tags, gap }) {
    const holder = element("span", { className: "tags" }, ...tags.map(tagElement));
    holder.style.cssText = gap.style;
    holder.className += ` ${gap.className}`;
    return holder;
  }

  // Lines of text stand further apart where spans lie in spans.
  spaceOut(lines) {
    this.deep = true;
    for (const line of lines) {
      const depths = [...line.querySelectorAll(".lined")].map(({ style }) => Number(style.getPropertyValue("--deepest")));
      line.style.setProperty("--extra", Math.max(0, ...depths));
    }
  }

  // The unit at a point, or the one nearest to it in its line; null beside the lines.
  unitAt(target, x, y) {
    const token = target?.closest?.(".t") ?? nearestToken(target?.closest?.(".line"), x, y);
    if (!token) return null;
    const index = Number(token.dataset.token);
    const { state } = this;
    if (state.snapping) return index;
    const [first] = state.reach({ start: state.record.starts[index], end: state.record.ends[index] });
    return first + nearestCharacter(token, x);
  }

  reveal() {
    if (!this.state.size) return;
    const [token] = this.state.reach({ start: this.state.units.starts[this.state.cursor], end: this.state.units.ends[this.state.cursor] }, this.state.record);
    this.tokens[token]?.scrollIntoView({ block: "nearest" });
  }

  // The box of a unit on the page.
  boxOf(unit) {
    const { state } = this;
    const { starts, ends } = state.units;
    const [token] = state.reach({ start: starts[unit], end: ends[unit] }, state.record);
    const box = this.tokens[token].getClientRects()[0];
    if (state.snapping) return box;
    const [first] = state.reach({ start: state.record.starts[token], end: state.record.ends[token] });
    return characterBoxes(this.tokens[token])[unit - first] ?? box;
  }
}

function isFull(characters, word, gap) {
  const { sentence, word: between, any } = BLOCK_CHARACTERS;
  if (characters < sentence) return false;
  const ends = /[\u3002\uff01\uff1f]$/u.test(word) || (gap !== "" && /[.!?]$/.test(word));
  return ends || (characters >= between && gap !== "") || characters >= any;
}

const PLAIN = { className: "", style: "" };

function wear(target, { className, style }, base = "") {
  target.className = `${base} ${className}`.trim();
  target.style.cssText = style;
}

function nearestToken(line, x, y) {
  const tokens = line ? [...line.querySelectorAll(":scope > .t")] : [];
  const boxOf = (token) => token.getClientRects()[0];
  let [best, distance] = [null, Infinity];
  for (let i = firstIndex(tokens, (token) => boxOf(token).bottom > y); i < tokens.length; i++) {
    const { left, right, top } = boxOf(tokens[i]);
    if (top > y && best) break;
    const away = Math.max(left - x, x - right);
    if (away < distance) [best, distance] = [tokens[i], away];
  }
  return best;
}

// The boxes of a token's characters, without its tags.
function characterBoxes(token) {
  const boxes = [];
  const range = document.createRange();
  const walker = document.createTreeWalker(token, NodeFilter.SHOW_TEXT, (node) => (
    node.parentElement.closest(".tags") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT));
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const { index, segment } of graphemes.segment(node.data)) {
      range.setStart(node, index);
      range.setEnd(node, index + segment.length);
      boxes.push(range.getBoundingClientRect());
    }
  }
  return boxes;
}

function nearestCharacter(token, x) {
  let [best, distance] = [0, Infinity];
  characterBoxes(token).forEach(({ left, right }, index) => {
    const away = Math.abs((left + right) / 2 - x);
    if (away < distance) [best, distance] = [index, away];
  });
  return best;
}

function tagElement({ text, target, className }) {
  return element("span", { className, dir: "ltr", textContent: text, data: { target, kind: typeof target } });
}
