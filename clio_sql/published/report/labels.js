// Where names go on the map: next to circles, and never on another name.

// The place for a name that touches no other name and covers the least of other circles; null if there is none.
function fit(one, [x, y], radius, boxes, circles, [width, height], { size, weight, lines: wide }) {
  const lines = wrapped(one.name, wide);
  const wanted = Math.max(...lines.map((line) => widthOf(line, size, weight))) + 8;
  const tall = lines.length * size * 1.3 + 4;
  const ways = one.children.length ? around(x, y) : [
    [x, y - radius - tall / 2], [x, y + radius + tall / 2], [x + radius + wanted / 2, y], [x - radius - wanted / 2, y],
  ];
  let best = null;
  for (const [atX, atY] of ways) {
    const box = [atX - wanted / 2, atY - tall / 2, atX + wanted / 2, atY + tall / 2];
    if (box[0] < 0 || box[2] > width || box[1] < 0 || box[3] > height) continue;
    if (!boxes.every((other) => box[2] < other[0] || other[2] < box[0] || box[3] < other[1] || other[3] < box[1])) continue;
    const covered = circles.reduce((sum, circle) => sum + (circle.one === one ? 0 : overlap(box, circle)), 0);
    const cost = covered + (one.children.length ? 6 * Math.hypot(atX - x, atY - y) : 0);
    if (!best || cost < best.cost - 20) best = { text: lines.map((line) => plain(line, 60)).join("<br>"), box, at: [atX, atY], cost };
  }
  return best;
}

// Where the name of a cluster without a circle may go: at its place, or a little beside it.
function around(x, y) {
  const ways = [[x, y]];
  for (const far of [22, 40, 60]) {
    for (let turn = 0; turn < 8; turn++) ways.push([x + 1.4 * far * Math.sin((turn * Math.PI) / 4), y - far * Math.cos((turn * Math.PI) / 4)]);
  }
  return ways;
}

// A name in at most two lines of about `wide` characters.
function wrapped(name, wide) {
  const words = shortened(name, 2 * wide).split(/\s+/).filter(Boolean);
  const lines = [""];
  for (const word of words) {
    const last = lines.at(-1);
    if (!last) lines[lines.length - 1] = word;
    else if (last.length + word.length < wide || lines.length === 2) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => shortened(line, wide + 4));
}

// Square pixels of a circle's bounding square that a box covers.
function overlap(box, { at: [x, y], radius }) {
  const across = Math.min(box[2], x + radius) - Math.max(box[0], x - radius);
  const down = Math.min(box[3], y + radius) - Math.max(box[1], y - radius);
  return across > 0 && down > 0 ? across * down : 0;
}

const CANVAS = document.createElement("canvas").getContext("2d");

function widthOf(text, size, weight) {
  CANVAS.font = `${weight} ${size}px ${shade("sans")}`;
  return CANVAS.measureText(text).width;
}
