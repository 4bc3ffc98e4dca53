// What differs between two values of a breakdown: the clusters that hold a larger part of the one than of the other.

function showDifferences(section, facet, choose) {
  const own = rows("differences").filter((row) => row.facet === facet.name && facet.clusters.has(row.cluster_id));
  const pairs = new Map();
  for (const row of own) {
    const key = JSON.stringify([row.breakdown, row.value_a, row.value_b]);
    if (!pairs.has(key)) pairs.set(key, []);
    pairs.get(key).push(row);
  }
  section.hidden = !pairs.size;
  const pick = section.querySelector("select");
  pick.replaceChildren(...[...pairs.keys()].map((key) => {
    const [breakdown, a, b] = JSON.parse(key);
    return make("option", { value: key, text: `${titled(shortened(breakdown, 30))}: ${shortened(a, 30)} and ${shortened(b, 30)}` });
  }));
  const list = () => {
    const [, a, b] = pairs.size ? JSON.parse(pick.value) : [];
    const head = make("tr", {}, ...["Cluster", a, b, "Difference"].map((text) => make("th", { scope: "col", text: shortened(text, 40) })));
    section.querySelector("table").replaceChildren(make("thead", {}, head),
      make("tbody", {}, ...(pairs.get(pick.value) ?? []).map((row) => difference(row, facet.clusters.get(row.cluster_id), choose))));
  };
  pick.onchange = list;
  list();
}

function difference(row, cluster, choose) {
  const told = [row.percent_a, row.percent_b, `${points(row.share_a - row.share_b)} (${points(row.low)} to ${points(row.high)})`];
  return make("tr", {}, make("th", { scope: "row" }, choice(cluster.name, () => choose(cluster), 100)),
    ...told.map((text) => make("td", { class: "num", text })));
}

const points = (share) => `${share > 0 ? "+" : share < 0 ? "−" : ""}${Math.abs(share * 100).toFixed(1)}`;
