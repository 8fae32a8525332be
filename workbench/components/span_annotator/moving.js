// Where the cursor goes: what is forward depends on the script, what is below on how the text is laid out.

// 1, or -1 where the line at the cursor is read from right to left.
function forwardAt(state, words) {
  const { units, cursor, record } = state;
  const [token] = state.reach({ start: units.starts[cursor], end: units.ends[cursor] }, record);
  return getComputedStyle(words.tokens[token].parentElement).direction === "rtl" ? -1 : 1;
}

// The unit nearest to the cursor's in the line above (-1) or below (1).
function unitInLine({ cursor, size }, words, direction) {
  const here = words.boxOf(cursor);
  let best = cursor;
  let distance = Infinity;
  for (let i = cursor + direction, top = null; i >= 0 && i < size; i += direction) {
    const box = words.boxOf(i);
    if (Math.abs(box.top - here.top) < box.height / 2) continue;
    top ??= box.top;
    if (Math.abs(box.top - top) > box.height / 2) break;
    const away = Math.abs(box.left - here.left);
    if (away < distance) [best, distance] = [i, away];
  }
  return best;
}
