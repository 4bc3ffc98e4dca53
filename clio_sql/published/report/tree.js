// The tree: one focus that moves with the arrow keys, rows created when their parent is opened, and search.

function makeTree(list, found, choose) {
  let facet = null;
  let selected = null;
  let matches = null; // the ids that a search found, or null
  let wanted = "";
  const items = new Map(); // id -> li, for the rows created so far

  function show(next) {
    facet = next;
    items.clear();
    list.replaceChildren(...facet.tops.map(item));
    roam(list.querySelector("li"));
  }

  function item(cluster) {
    const label = make("span", { class: "name", title: cluster.name.length > 60 ? shortened(cluster.name, 300) : null });
    const dot = make("span", { class: "dot", "aria-hidden": "true" });
    dot.style.background = colourOf(cluster);
    const row = make("div", { class: "row" },
      make("span", { class: "twist", text: cluster.children.length ? "▶" : "", "aria-hidden": "true" }), dot,
      label, make("span", { class: "share" }, ...looseMark(cluster), cluster.percent));
    row.style.setProperty("--depth", cluster.depth);
    label.append(named(cluster.name));
    const element = make("li", {
      role: "treeitem", tabindex: "-1", "aria-level": cluster.depth + 1, "data-id": cluster.id,
      "aria-selected": String(cluster === selected), "aria-expanded": cluster.children.length ? "false" : null,
    }, row);
    row.addEventListener("click", (event) => {
      const twisted = event.target.classList.contains("twist");
      if (cluster.children.length) toggle(cluster, twisted ? !isOpen(cluster) : cluster === selected ? !isOpen(cluster) : true);
      if (!twisted) choose(cluster);
      roam(element);
      element.focus({ preventScroll: true });
    });
    items.set(cluster.id, element);
    paint(cluster);
    return element;
  }

  // Marks the search text; hides rows that neither match nor lead to a match.
  function paint(cluster) {
    const element = items.get(cluster.id);
    element.hidden = matches !== null && !matches.has(cluster.id);
    const text = element.querySelector(".row bdi");
    const name = seen(cluster.name);
    const at = wanted ? name.toLowerCase().indexOf(wanted) : -1;
    if (at < 0) text.textContent = name;
    else text.replaceChildren(name.slice(0, at), make("mark", { text: name.slice(at, at + wanted.length) }), name.slice(at + wanted.length));
  }

  const isOpen = (cluster) => items.get(cluster.id)?.getAttribute("aria-expanded") === "true";

  function toggle(cluster, open) {
    const element = items.get(cluster.id);
    if (!cluster.children.length || !element || isOpen(cluster) === open) return;
    element.setAttribute("aria-expanded", String(open));
    let group = element.querySelector(":scope > ul");
    if (open && !group) element.append((group = make("ul", { role: "group" }, ...cluster.children.map(item))));
    if (group) group.hidden = !open;
    if (!open && group?.contains(list.querySelector("[tabindex='0']"))) roam(element);
  }

  function every(open) {
    const walk = (cluster) => { toggle(cluster, open); if (open) cluster.children.forEach(walk); };
    if (!open) [...items.keys()].forEach((id) => toggle(facet.clusters.get(id), false));
    else facet.tops.forEach(walk);
  }

  function roam(element) {
    list.querySelectorAll("[tabindex='0']").forEach((other) => other.setAttribute("tabindex", "-1"));
    element?.setAttribute("tabindex", "0");
  }

  function select(cluster) {
    for (const id of [selected?.id, cluster?.id]) items.get(id)?.setAttribute("aria-selected", "false");
    selected = cluster;
    if (!cluster) return;
    ancestors(cluster).forEach((up) => toggle(up, true));
    const element = items.get(cluster.id);
    element.setAttribute("aria-selected", "true");
    roam(element);
    const row = element.firstChild.getBoundingClientRect();
    const box = list.getBoundingClientRect();
    if (row.top < box.top || row.bottom > box.bottom) list.scrollTop += row.top - box.top - box.height / 3;
  }

  // Returns the clusters that match, or null if nothing is searched for.
  function search(text) {
    wanted = text.trim().toLowerCase();
    const hits = [...facet.clusters.values()].filter((cluster) =>
      wanted && `${seen(cluster.name)}\n${seen(cluster.description)}`.toLowerCase().includes(wanted));
    matches = wanted ? new Set(hits.flatMap((hit) => [hit.id, ...ancestors(hit).map((up) => up.id)])) : null;
    hits.slice(0, 300).forEach((hit) => ancestors(hit).forEach((up) => toggle(up, true)));
    [...items.keys()].forEach((id) => paint(facet.clusters.get(id)));
    found.textContent = wanted ? `${count(hits.length)} of ${count(facet.clusters.size)} clusters` : "";
    const first = list.querySelector("[tabindex='0']");
    if (!first || first.offsetParent === null) roam([...list.querySelectorAll("li")].find((li) => li.offsetParent !== null));
    return wanted ? hits : null;
  }

  const visible = () => [...list.querySelectorAll("li")].filter((li) => li.offsetParent !== null);

  function go(element) {
    if (!element) return;
    roam(element);
    element.focus();
    element.firstChild.scrollIntoView({ block: "nearest" });
  }

  list.addEventListener("keydown", (event) => {
    const here = event.target.closest("li");
    if (!here || event.altKey || event.ctrlKey || event.metaKey) return;
    const cluster = facet.clusters.get(here.dataset.id);
    const around = visible();
    const at = around.indexOf(here);
    const act = {
      ArrowDown: () => go(around[at + 1]),
      ArrowUp: () => go(around[at - 1]),
      Home: () => go(around[0]),
      End: () => go(around.at(-1)),
      ArrowRight: () => (isOpen(cluster) ? go(around[at + 1]) : toggle(cluster, true)),
      ArrowLeft: () => (isOpen(cluster) ? toggle(cluster, false) : go(items.get(cluster.parent?.id))),
      Enter: () => choose(cluster),
      " ": () => choose(cluster),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  return { show, select, search, every, recolour: () => items.forEach((element, id) => {
    element.querySelector(".dot").style.background = colourOf(facet.clusters.get(id));
  }) };
}
