// The published tables as objects: facets, their clusters, and what each cluster is broken down by.

const RAW = JSON.parse(document.getElementById("data").textContent);
const SAFETY = document.documentElement.dataset.mode === "safety"; // of authorised people: nothing is held back
const OTHER = "(other)"; // the one row for everything held back: no place on the map, no children

// Rows of a table as objects; a table that the file lacks is empty.
function rows(name) {
  const table = RAW[name] || {};
  const columns = Object.entries(table).map(([column, values]) =>
    Array.isArray(values) ? [column, values] : [column, values.at.map((at) => (at === null ? null : values.texts[at]))]);
  const length = columns.length ? columns[0][1].length : 0;
  return Array.from({ length }, (_, row) => Object.fromEntries(columns.map(([column, values]) => [column, values[row]])));
}

function bySize(one, two) {
  return (one.id === OTHER) - (two.id === OTHER) || two.conversations - one.conversations || (one.id < two.id ? -1 : 1);
}

function makeFacets() {
  const facets = new Map();
  const facetOf = (name) => {
    if (!facets.has(name)) facets.set(name, { name, clusters: new Map(), tops: [], leaves: [], periods: [], partial: false, breakdowns: new Map() });
    return facets.get(name);
  };
  for (const row of rows("clusters")) {
    const placed = Number.isFinite(row.x) && Number.isFinite(row.y);
    facetOf(row.facet).clusters.set(row.cluster_id, {
      ...row, id: row.cluster_id, name: row.name ?? "", description: row.description ?? "", share: row.share ?? 0,
      placed, parent: null, children: [], cells: new Map(), trend: new Map(), growth: null, signal: null, measures: [],
    });
  }
  for (const row of rows("held_back")) facetOf(row.facet);
  for (const facet of facets.values()) link(facet);
  for (const row of rows("cluster_facets")) addCell(facets.get(row.facet), row);
  for (const row of rows("usual")) {
    const breakdowns = facets.get(row.facet)?.breakdowns;
    if (breakdowns && !breakdowns.has(row.breakdown)) breakdowns.set(row.breakdown, new Map());
    breakdowns?.get(row.breakdown).set(row.value, row);
  }
  for (const row of rows("cluster_measures")) facets.get(row.facet)?.clusters.get(row.cluster_id)?.measures.push(row);
  addTrends(facets);
  return new Map([...facets].sort(([one], [two]) => (one < two ? -1 : 1)));
}

// A parent and its only child are shown once: the child stands in the place of the parent. same: the id of a parent -> its child.
function link(facet) {
  const same = new Map([...facet.clusters.values()].filter((one) => facet.clusters.get(one.parent_id)?.only_child).map((one) => [one.parent_id, one]));
  facet.instead = (id) => (same.has(id) ? facet.instead(same.get(id).id) : id);
  const above = (one) => {
    const up = facet.clusters.get(one.parent_id) ?? null;
    return same.has(up?.id) ? above(up) : up;
  };
  for (const cluster of facet.clusters.values()) cluster.parent = above(cluster);
  same.forEach((_, id) => facet.clusters.delete(id));
  for (const cluster of facet.clusters.values()) {
    (cluster.parent ? cluster.parent.children : facet.tops).push(cluster);
  }
  facet.tops.sort(bySize);
  const walk = (cluster, depth, top) => {
    Object.assign(cluster, { depth, top });
    cluster.children.sort(bySize);
    if (!cluster.children.length && cluster.id !== OTHER) facet.leaves.push(cluster);
    cluster.children.forEach((child) => walk(child, depth + 1, top));
  };
  facet.tops.forEach((top, rank) => { top.rank = rank; walk(top, 0, top); });
}

function addCell(facet, row) {
  const cluster = facet?.clusters.get(row.cluster_id);
  if (!cluster) return;
  if (!cluster.cells.has(row.breakdown)) cluster.cells.set(row.breakdown, []);
  cluster.cells.get(row.breakdown).push(row);
}

// Partial periods at the ends would look like growth or decline, so they are not drawn.
function addTrends(facets) {
  const seen = new Map();
  for (const row of rows("cluster_trends")) {
    const facet = facets.get(row.facet);
    if (!row.complete) { if (facet) facet.partial = true; continue; }
    facet?.clusters.get(row.cluster_id)?.trend.set(row.period, row);
    if (!seen.has(facet)) seen.set(facet, new Set());
    seen.get(facet).add(row.period);
  }
  seen.forEach((periods, facet) => { if (facet) facet.periods = [...periods].sort(); });
  for (const row of rows("growth")) {
    const cluster = facets.get(row.facet)?.clusters.get(row.cluster_id);
    if (cluster) cluster.growth = row.growth;
  }
  for (const row of rows("signals")) {
    const cluster = facets.get(row.facet)?.clusters.get(row.cluster_id);
    if (cluster) cluster.signal = row;
  }
}

// What a cluster tells, else what the nearest cluster above it does: {found, of}, or null. tell: a figure or null.
function nearest(cluster, tell) {
  for (let one = cluster; one; one = one.parent) {
    const found = tell(one) ?? null;
    if (found !== null) return { found, of: one };
  }
  return null;
}

function cellOf(cluster, breakdown, value) {
  return cluster.cells.get(breakdown)?.find((cell) => cell.value === value);
}

// A quiet sign in the tree beside a cluster that is loose, with the reason for pointers and screen readers.
const LOOSE = "Loose: many of its users are about as near to another cluster, so the name may fit them less well.";

function looseMark(cluster) {
  return cluster.loose ? [make("span", { class: "loose", title: LOOSE, role: "img", "aria-label": LOOSE, text: "≈" })] : [];
}

function ancestors(cluster) {
  const found = [];
  for (let up = cluster.parent; up; up = up.parent) found.unshift(up);
  return found;
}

function leavesOf(cluster) {
  return cluster.children.length ? cluster.children.flatMap(leavesOf) : [cluster];
}

// Numbers and ranges in their order ('2 to 3' before '10'), months too; other values by size.
function ordered(values, size) {
  const counted = values.every((value) => /^\d/.test(value));
  return [...values].sort((one, two) =>
    counted ? one.localeCompare(two, "en", { numeric: true }) : size(two) - size(one) || (one < two ? -1 : 1));
}
