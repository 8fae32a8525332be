// What every token shows, worked out from the state. No DOM.

const LEVELS = 4; // lines that are told apart below a token; deeper ones share the last
const LINES = { model: "dashed", rule: "dotted", propagated: "double", import: "long" };

// Stretches to draw: {start, end, level, colour, line, filled, active, tag: [text, target]}.
function marksOf(state) {
  const marks = state.spans.map((span) => markOf(state, span, span.id, { line: "solid", filled: true, note: "" }));
  for (const index of state.open) {
    const suggestion = state.record.suggestions[index];
    marks.push(markOf(state, suggestion, index, { line: LINES[suggestion.origin], filled: false, note: noteOf(suggestion) }));
  }
  return inLevels(marks);
}

function markOf(state, stretch, target, { line, filled, note }) {
  const { name, colour } = state.labels.get(stretch.label);
  const { start, end } = state.preview?.target === target ? state.preview : stretch;
  const active = state.active === target;
  return { start, end, colour, line, filled, active, tag: [name + note, target] };
}

function noteOf({ confidence, origin }) {
  const said = [{ rule: "rule", propagated: "again", import: "file" }[origin], confidence?.toFixed(2)].filter(Boolean).join(" ");
  return origin === "model" ? ` ${said}` : ` (${said})`;
}

// Token index -> {pieces, tags, gap, grips, signature}; tokens that show nothing but their word are left out.
function cellsOf(state, hits) {
  const { starts, ends } = state.record;
  const cells = new Map();
  const cellAt = (index) => {
    if (!cells.has(index)) cells.set(index, { marks: [], between: [], chosen: null, hit: [], cursor: null });
    return cells.get(index);
  };
  const spread = (stretch, visit) => {
    const [first, last] = state.reach(stretch, state.record);
    for (let i = first; i <= last; i++) visit(cellAt(i), i < last, i);
  };
  for (const mark of marksOf(state)) {
    spread(mark, (cell, goesOn) => {
      cell.marks.push(mark);
      if (goesOn) cell.between.push(mark);
    });
  }
  for (const hit of hits) spread(hit, (cell) => cell.hit.push(hit));
  const selection = state.active === null ? state.selection : null; // what is active shows by itself
  if (selection) spread(selection, (cell, goesOn) => Object.assign(cell, { chosen: selection, chosenOn: goesOn }));
  if (state.size) {
    const cursor = { start: state.units.starts[state.cursor], end: state.units.ends[state.cursor] };
    spread(cursor, (cell) => { cell.cursor = cursor; });
  }
  for (const [index, cell] of cells) cells.set(index, drawn(cell, starts[index], ends[index]));
  return cells;
}

function drawn({ marks, between, chosen, chosenOn, hit, cursor }, start, end) {
  const inside = [...marks, ...hit, ...(chosen ? [chosen] : []), ...(cursor ? [cursor] : [])];
  const cuts = inside.flatMap((one) => [one.start, one.end]).filter((offset) => offset > start && offset < end);
  const edges = [start, ...new Set(cuts.sort((a, b) => a - b)), end];
  const pieces = edges.slice(1).map((to, i) => {
    const at = { start: edges[i], end: to };
    const covers = (one) => one && overlap(one, at);
    const extra = (covers(chosen) ? " chosen" : "") + (hit.some(covers) ? " hit" : "") + (covers(cursor) ? " cursor" : "");
    return { from: at.start - start, to: to - start, ...lookOf(marks.filter(covers), extra, at) };
  });
  const tags = marks.filter((mark) => mark.end <= end && !between.includes(mark))
    .sort((a, b) => lengthOf(a) - lengthOf(b))
    .map(({ tag: [text, target], filled, line, active, colour }) => (
      { text, target, className: `tag c${colour} ${filled ? "span" : `suggested ${line}`}${active ? " active" : ""}` }));
  const gap = lookOf(between, chosenOn ? " chosen" : "", null);
  const grips = marks.filter(({ active }) => active).flatMap((mark) => [
    ...(mark.start >= start ? [["start", mark.start - start]] : []),
    ...(mark.end <= end ? [["end", mark.end - start]] : []),
  ]);
  const signature = JSON.stringify([pieces, tags, gap, grips]);
  return { pieces, tags, gap, grips, signature };
}

// Class and style of a piece under some marks: the fill of the shortest span, and a line for every mark.
function lookOf(marks, extra, at) {
  let [inner, deepest, style] = [null, -1, ""];
  for (const mark of marks) {
    const level = Math.min(mark.level, LEVELS - 1);
    if (mark.filled && (!inner || lengthOf(mark) < lengthOf(inner))) inner = mark;
    deepest = Math.max(deepest, level);
    style += `--l${level}:var(--${mark.active ? "active" : mark.line + mark.colour});`;
  }
  let className = extra;
  if (inner) className += ` span c${inner.colour}`;
  if (inner && at?.start === inner.start) className += " first";
  if (inner && at?.end === inner.end) className += " last";
  if (deepest >= 0) {
    className += " lined";
    style += `--deepest:${deepest}`;
  }
  return { className: className.trim(), style, depth: deepest };
}
