// Stretches of a text: {start, end} in code points, end exclusive. No DOM.

function firstIndex(sorted, test) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (test(sorted[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

function overlap(a, b) { return a.start < b.end && b.start < a.end; }

function sameStretch(a, b) { return a.start === b.start && a.end === b.end; }

function lengthOf({ start, end }) { return end - start; }

// Many stretches, asked again and again which of them overlap one.
class Placed {
  constructor(stretches) {
    this.sorted = [...stretches].sort((a, b) => a.start - b.start || a.end - b.end);
    let reached = 0;
    this.reached = this.sorted.map(({ end }) => (reached = Math.max(reached, end)));
  }

  overlapping({ start, end }) {
    const found = [];
    for (let i = firstIndex(this.sorted, (other) => other.start >= end) - 1; i >= 0 && this.reached[i] > start; i--) {
      if (this.sorted[i].end > start) found.push(this.sorted[i]);
    }
    return found;
  }
}

// Stretches with a `level` each: 0 at the text, and above every shorter one that they overlap.
function inLevels(stretches) {
  const leveled = [];
  let [cluster, reached] = [[], 0];
  const close = () => {
    cluster.sort((a, b) => lengthOf(a) - lengthOf(b) || b.start - a.start);
    cluster.forEach((one, i) => {
      const below = cluster.slice(0, i).filter((other) => overlap(other, one));
      one.level = below.length ? Math.max(...below.map(({ level }) => level)) + 1 : 0;
    });
    leveled.push(...cluster);
  };
  for (const one of [...stretches].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (one.start >= reached) {
      close();
      cluster = [];
    }
    cluster.push(one);
    reached = Math.max(reached, one.end);
  }
  close();
  return leveled;
}
