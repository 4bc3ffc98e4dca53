// The map: one circle per cluster of the lowest level, with the names of higher levels as on a map of countries.

const TOPICS = ["#4a78a8", "#cf8a3c", "#56966a", "#b55d6b", "#7c6cae", "#3e979c", "#a07650", "#bf73a4", "#86953f", "#6a7d96"];
const INK_SHARE = 0.13; // of the map's area is covered by circles when all are shown
const ROOM = 17000; // square pixels per label, at every zoom; the highest level and the largest clusters first
const TRANSPARENT = "rgba(0,0,0,0)";

// The chart library comes last in the file, so that the tree is there before it.
const LOADED = new Promise((resolve) => { document.addEventListener("DOMContentLoaded", resolve); });

// The colour of a cluster's highest ancestor: ten, then the same ten paler, then none of its own.
function colourOf(cluster) {
  const { rank, id } = cluster.top;
  if (id === OTHER || rank >= 2 * TOPICS.length) return shade("none");
  const colour = mix(TOPICS[rank % TOPICS.length], "#ffffff", document.documentElement.dataset.theme === "dark" ? 0.18 : 0);
  return rank < TOPICS.length ? colour : mix(colour, shade("surface"), 0.45);
}

// How clusters are coloured: {kind: 'topic' | 'growth' | 'share' | 'lift', breakdown, value}. A circle is full where the
// cluster tells its figure, pale with a rim where only the nearest cluster above it does, and hollow where none does.
function colouring(facet, way) {
  const whole = (cluster) => ({ fill: colourOf(cluster), rim: shade("surface") });
  if (way.kind === "topic") return { of: whole, tell: () => "" };
  const cellFor = (cluster) => cellOf(cluster, way.breakdown, way.value) ?? null;
  const figureOf = way.kind === "growth" ? (cluster) => cluster.growth : (cluster) => cellFor(cluster)?.[way.kind] ?? null;
  const told = (cluster) => nearest(cluster, figureOf);
  const most = facet.leaves.map(told).reduce((best, one) => ((one?.found ?? 0) > (best?.found ?? 0) ? one : best), null);
  const largest = Math.max(most?.found ?? 0, 1e-9);
  const reach = way.kind === "lift" ? 2 : 1; // doublings at which the scale ends
  const colour = (found) => {
    if (way.kind === "share") return mix(shade("low"), shade("high"), found / largest);
    const part = Math.max(-1, Math.min(1, Math.log2(Math.max(found, 1e-6)) / reach));
    return mix(shade("same"), shade(part < 0 ? "less" : "more"), Math.abs(part));
  };
  const of = (cluster) => {
    const one = told(cluster);
    if (!one) return { fill: TRANSPARENT, rim: shade("hollow") };
    const full = colour(one.found);
    return one.of === cluster ? { fill: full, rim: shade("surface") } : { fill: mix(full, shade("surface"), 0.6), rim: full };
  };
  const what = way.kind === "growth" ? "later half compared with earlier half" : `${way.breakdown}: ${shortened(way.value, 60)}`;
  const telling = (one) => (way.kind === "share" ? cellFor(one.of).percent : times(one.found));
  const tell = (cluster) => {
    const one = told(cluster);
    if (!one) return `${what}: too few users to be shown`;
    return `${what}: ${telling(one)}${one.of === cluster ? "" : ` of the group ${shortened(one.of.name, 40)}`}`;
  };
  const ends = way.kind === "share" ? ["0%", most ? telling(most) : "–"] : way.kind === "growth" ? ["half as many", "twice as many"] : ["¼ of the usual share", "4×"];
  const stops = way.kind === "share" ? ["low", "high"] : ["less", "same", "more"];
  return { of, tell, ends, stops };
}

function makeMap(node, empty, choose) {
  let facet = null;
  let way = { kind: "topic" };
  let selected = null;
  let matches = null;
  let leaves = [];
  let parents = [];
  let home = null; // the ranges that show everything
  let view = null; // the layout, with the ranges that are in view
  let drawn = false;

  function show(next, found) {
    facet = next;
    matches = found;
    leaves = facet.leaves.filter((leaf) => leaf.placed).sort((one, two) => two.conversations - one.conversations);
    parents = [...facet.clusters.values()].filter((cluster) => cluster.placed && cluster.children.length);
    node.hidden = !leaves.length;
    empty.hidden = Boolean(leaves.length);
    empty.textContent = facet.tops.length ? "These clusters have no place on a map; the tree shows them." : "There is nothing to draw.";
    if (!leaves.length) return Promise.resolve();
    home = extent([...leaves, ...parents]);
    drawn = false;
    return LOADED.then(() => draw());
  }

  function draw() {
    const look = layout();
    view = look;
    return Plotly.newPlot(node, traces(), look, { scrollZoom: true, displayModeBar: false, doubleClick: false, responsive: true }).then(() => {
      view = node.layout;
      drawn = true;
      listen();
    });
  }

  function listen() {
    ["plotly_click", "plotly_relayout", "plotly_doubleclick"].forEach((event) => node.removeAllListeners(event)); // of the facet before
    node.on("plotly_click", (event) => choose(facet.clusters.get(event.points[0].customdata)));
    node.on("plotly_relayout", () => refresh());
    node.on("plotly_doubleclick", () => all());
  }

  function extent(clusters) {
    const reach = (values) => {
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const room = Math.max((high - low) * 0.1, 0.15);
      return [low - room, high + room];
    };
    return { x: reach(clusters.map((cluster) => cluster.x)), y: reach(clusters.map((cluster) => cluster.y)) };
  }

  const axis = (range) => {
    const room = (range[1] - range[0]) / 2;
    return { range: [...range], visible: false, zeroline: false, minallowed: range[0] - room, maxallowed: range[1] + room };
  };

  function layout() {
    return {
      margin: { l: 0, r: 0, t: 0, b: 0 }, xaxis: axis(home.x), yaxis: axis(home.y), dragmode: "pan", hovermode: "closest", hoverdistance: 8,
      showlegend: false, paper_bgcolor: TRANSPARENT, plot_bgcolor: TRANSPARENT, hoverlabel: hoverLook(), font: { family: shade("sans") },
    };
  }

  const range = (name) => view[`${name}axis`].range;
  const zoomed = () => Math.sqrt(((home.x[1] - home.x[0]) * (home.y[1] - home.y[0])) / ((range("x")[1] - range("x")[0]) * (range("y")[1] - range("y")[0])));

  // Diameters in pixels: areas as the shares; circles grow slower than the map when it is zoomed.
  function diameters() {
    const area = node.clientWidth * node.clientHeight * INK_SHARE;
    const total = leaves.reduce((sum, leaf) => sum + leaf.share, 0) || 1;
    const grown = Math.max(1, zoomed()) ** 0.6;
    return leaves.map((leaf) => Math.max(5, Math.min(72, 2 * Math.sqrt((area * leaf.share) / total / Math.PI))) * grown);
  }

  // What stands out: what a search found, or the selected cluster with all below it. Of a group that was found, those of
  // its circles that were found themselves; all of them only if none was.
  function standing() {
    if (!matches) return selected ? new Set([selected, ...leavesOf(selected)]) : null;
    const hits = new Set(matches);
    return new Set(matches.flatMap((match) => {
      const below = leavesOf(match);
      return below.some((leaf) => hits.has(leaf)) ? [match] : [match, ...below];
    }));
  }

  // Three traces for what is in view: circles, the ring of the selected one, names.
  function traces() {
    const colours = colouring(facet, way);
    const sizes = diameters();
    const out = standing();
    const labels = placeLabels(sizes, out);
    const told = (cluster) => [`<b>${plain(cluster.name, 70)}</b>`, `${count(cluster.conversations)} conversations · ${cluster.percent}`, plain(colours.tell(cluster), 90)].filter(Boolean).join("<br>");
    const at = (clusters, place) => ({
      type: "scatter", hoverinfo: "text", hovertext: clusters.map(told), customdata: clusters.map((one) => one.id),
      x: clusters.map((one) => place(one).x), y: clusters.map((one) => place(one).y),
    });
    const ring = selected?.placed && !selected.children.length ? [selected] : [];
    const looks = leaves.map(colours.of);
    const lettered = [...labels.keys()];
    const styles = lettered.map(style);
    return [
      { ...at(leaves, (one) => one), mode: "markers", marker: {
        size: sizes, color: looks.map(({ fill }) => fill), opacity: leaves.map((leaf) => (!out || out.has(leaf) ? 0.86 : 0.13)),
        line: { width: looks.map(({ rim }) => (rim === shade("surface") ? 1 : 1.6)), color: looks.map(({ rim }) => rim) },
      } },
      { ...at(ring, (one) => one), mode: "markers", hoverinfo: "skip", marker: {
        symbol: "circle-open", color: shade("ink"), size: ring.map((one) => sizes[leaves.indexOf(one)] + 7), line: { width: 2 },
      } },
      // only names that have a place: a point whose text was once empty never gets a text again
      { ...at(lettered, (one) => labels.get(one)), mode: "text", text: lettered.map((one) => labels.get(one).text), textfont: {
        size: styles.map((one) => one.size), weight: styles.map((one) => one.weight), color: styles.map((one) => one.colour), family: shade("sans"),
      } },
    ];
  }

  // Draw everything again, in the ranges that are in view.
  function refresh() {
    if (!drawn || node.hidden) return Promise.resolve();
    view = node.layout;
    return Plotly.react(node, traces(), node.layout);
  }

  function style(cluster) {
    const toned = (part) => (way.kind === "topic" ? mix(colourOf(cluster), shade("ink"), part) : shade("ink"));
    if (!cluster.children.length) return { size: 11.5, weight: 400, colour: shade("ink"), lines: 22 };
    return cluster.parent ? { size: 12.5, weight: 500, colour: toned(0.6), lines: 20 } : { size: node.clientWidth < 500 ? 13 : 15.5, weight: 700, colour: toned(0.35), lines: 18 };
  }

  // Names by weight, each where it touches no other name; a name that is already there is not repeated below it.
  function placeLabels(sizes, out) {
    const [width, height] = [node.clientWidth, node.clientHeight];
    const spot = (one) => [
      ((one.x - range("x")[0]) / (range("x")[1] - range("x")[0])) * width,
      (1 - (one.y - range("y")[0]) / (range("y")[1] - range("y")[0])) * height,
    ];
    const toData = (name, part) => range(name)[0] + part * (range(name)[1] - range(name)[0]);
    const inView = ([x, y]) => x > 0 && x < width && y > 0 && y < height;
    const radius = new Map(leaves.map((leaf, place) => [leaf, sizes[place] / 2]));
    const circles = leaves.map((one) => ({ one, at: spot(one), radius: radius.get(one) })).filter(({ at }) => inView(at));
    const first = (one) => (one === selected ? 2 : out?.has(one) ? 1 : 0);
    const named = parents.filter((one) => !one.parent || one.children.length > 1); // an only child bears the name itself
    const candidates = [...named, ...leaves].map((one) => ({ one, at: spot(one) }))
      .filter(({ one, at }) => inView(at) && (matches ? matches.includes(one) || one === selected : !out || out.has(one) || !one.parent))
      .sort((a, b) => first(b.one) - first(a.one) || a.one.depth - b.one.depth || b.one.conversations - a.one.conversations);
    const placed = new Map();
    const boxes = [];
    const names = new Set();
    const most = Math.max(5, Math.round((width * height) / ROOM));
    for (const { one, at } of candidates) {
      if (placed.size >= most) break;
      const key = `${one.top.id} ${one.name}`;
      if (names.has(key) && one !== selected) continue;
      const found = fit(one, at, radius.get(one) ?? 0, boxes, circles, [width, height], style(one));
      if (!found) continue;
      boxes.push(found.box);
      names.add(key);
      placed.set(one, { ...found, x: toData("x", found.at[0] / width), y: toData("y", 1 - found.at[1] / height) });
    }
    return placed;
  }

  // Nearer goes to what stands out, if anything does; farther away from the middle of what is in view.
  function zoom(factor) {
    const out = factor < 1 ? standing() : null;
    const lit = out ? leaves.filter((leaf) => out.has(leaf)) : [];
    const place = lit.length ? extent(lit) : null;
    const around = (name) => {
      const [low, high] = range(name);
      const half = ((high - low) / 2) * factor;
      const middle = place ? (place[name][0] + place[name][1]) / 2 : (low + high) / 2;
      return [middle - half, middle + half];
    };
    return drawn && Plotly.relayout(node, { "xaxis.range": around("x"), "yaxis.range": around("y") });
  }

  function move(x, y) {
    const by = (name, part) => range(name).map((end) => end + (range(name)[1] - range(name)[0]) * part);
    return drawn && Plotly.relayout(node, { "xaxis.range": by("x", x), "yaxis.range": by("y", y) });
  }

  const all = () => drawn && Plotly.relayout(node, { "xaxis.range": [...home.x], "yaxis.range": [...home.y] });

  // Brings a cluster that was chosen elsewhere into view.
  function into(cluster) {
    if (!drawn || !cluster?.placed) return false;
    const outside = ["x", "y"].some((name) => cluster[name] < range(name)[0] || cluster[name] > range(name)[1]);
    return outside && all();
  }

  node.addEventListener("keydown", (event) => {
    const act = {
      "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1 / 0.7), 0: all,
      ArrowLeft: () => move(-0.15, 0), ArrowRight: () => move(0.15, 0), ArrowUp: () => move(0, 0.15), ArrowDown: () => move(0, -0.15),
    }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  new ResizeObserver(() => drawn && !node.hidden && Plotly.Plots.resize(node)).observe(node);

  return {
    show, refresh, zoom, all, into,
    relook: () => (drawn ? Plotly.relayout(node, { hoverlabel: hoverLook() }) : Promise.resolve()),
    select: (cluster) => { selected = cluster; into(cluster); return refresh(); },
    found: (hits) => { matches = hits; return refresh(); },
    colour: (next) => { way = next; return refresh(); },
  };
}
