// What a cursor steps over: the record's tokens, or single characters as a reader sees them. No DOM.

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function codePoints(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

// Visible characters with their offsets, cut within each token.
function characterUnits({ words, starts }) {
  const units = { starts: [], ends: [] };
  words.forEach((word, index) => {
    let at = starts[index];
    for (const { segment } of graphemes.segment(word)) {
      units.starts.push(at);
      at += codePoints(segment);
      units.ends.push(at);
    }
  });
  return units;
}

// The record's text as one string, searched with offsets in code points.
class Searchable {
  constructor({ words, gaps }) {
    this.text = gaps[0] + words.map((word, index) => word + gaps[index + 1]).join("");
    this.offsets = null; // code point offset of each UTF-16 index, made at the first search
  }

  // All stretches that read like `wanted`, whatever the case and the white space between its words.
  find(wanted) {
    const words = wanted.trim().split(/\s+/u).map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
    if (!words[0]) return [];
    this.offsets ??= this.count();
    const matches = this.text.matchAll(new RegExp(words.join("\\s+"), "giu"));
    return Array.from(matches, ({ index, 0: match }) => ({ start: this.offsets[index], end: this.offsets[index + match.length] }));
  }

  cut({ start, end }) {
    this.offsets ??= this.count();
    const [from, to] = [start, end].map((offset) => firstIndex(this.offsets, (at) => at >= offset));
    return this.text.slice(from, to);
  }

  count() {
    const offsets = new Uint32Array(this.text.length + 1);
    let [index, offset] = [0, 0];
    for (const character of this.text) {
      offsets.fill(offset++, index, index + character.length);
      index += character.length;
    }
    offsets[index] = offset;
    return offsets;
  }
}
