// The page: its head, contents, what is held back, settings; and one selection for tree, map and details.

const byId = (id) => document.getElementById(id);
const FACETS = makeFacets();
const state = { facet: [...FACETS.values()].find((facet) => facet.tops.length) ?? [...FACETS.values()][0] ?? null, selected: null, theme: null };
const setting = (name) => RAW.settings.find((row) => row.name === name)?.value ?? null;

const tree = makeTree(byId("tree"), byId("found"), (cluster) => choose(cluster));
const map = makeMap(byId("map"), byId("no-map"), (cluster) => choose(cluster));
const pane = byId("detail");

// byHand: the user chose it, so a narrow screen scrolls to the details.
function choose(cluster, byHand = true) {
  state.selected = cluster;
  tree.select(cluster);
  map.select(cluster);
  showDetail(pane, state.facet, cluster, (next) => choose(next));
  const place = cluster ? `#/${[state.facet.name, cluster.id].map(encodeURIComponent).join("/")}` : location.href.split("#")[0];
  try { history.replaceState(null, "", place); } catch { /* where a page may not */ }
  const seen = pane.getBoundingClientRect();
  if (byHand && (seen.top > innerHeight * 0.8 || seen.bottom < 80)) pane.scrollIntoView({ block: "start" });
}

function showFacet(facet) {
  state.facet = facet;
  byId("search").value = "";
  tree.show(facet);
  tree.search("");
  drawHead(facet);
  drawContents(facet);
  showDifferences(byId("differences"), facet, (cluster) => { choose(cluster, false); byId("explore").scrollIntoView(); });
  offerColours(facet);
  map.colour({ kind: "topic" });
  drawLegend();
  choose(null, false);
  return map.show(facet, null);
}

// The head

/** Which facets are guesses, as a sentence; nothing where a language model answered. */
function guessed() {
  const facets = setting("guessed_facets");
  return facets ? ` Guessed by rule, and sometimes wrong: ${seen(facets)}.` : "";
}

/** What a conversation counts for where it is split into segments, as a sentence; nothing where it is whole. */
function split() {
  const by = setting("segment_by");
  return by ? ` Conversations are split by ${seen(by)}: one counts once in each cluster of the lowest level that a part of it is in.` : "";
}

function drawHead(facet) {
  const shown = facet.tops.filter((top) => top.id !== OTHER);
  const everything = facet.tops.reduce((sum, top) => sum + top.conversations, 0);
  const people = Math.max(0, ...facet.tops.map((top) => top.users));
  const deep = facet.leaves.some((leaf) => leaf.parent);
  const which = SAFETY ? "Every cluster of conversations, however few users share it." : "Clusters of conversations that enough different users share.";
  byId("lede").textContent = setting("made_by") ? `${which} Made by ${seen(setting("made_by"))}.${guessed()}${split()}` : "";
  byId("figures").replaceChildren(
    figure("conversations shown", `${isRounded() ? "about " : ""}${count(everything)}`, isRounded() ? "A sum of rounded counts, so it can be a little more or less than there are." : null),
    figure("users", `≥ ${count(people)}`, "Users of the cluster that has most. One user can be in several clusters, so users cannot be added up."),
    figure(deep ? `clusters in ${count(shown.length)} groups` : "clusters", count(facet.leaves.length)),
    figure(FACETS.size === 1 ? "facet" : "facets", FACETS.size === 1 ? titled(shortened(facet.name, 30)) : count(FACETS.size)),
    figure("built", day(setting("built_at"))));
}

// Whether counts are rounded, or carry noise.
const isRounded = () => setting("round_to") !== "1" || setting("epsilon") !== null;

function day(text) {
  const date = new Date(`${String(text).slice(0, 10)}T00:00:00Z`);
  return Number.isNaN(date.getTime()) ? "–" : new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).format(date);
}

function drawOptOuts() {
  const weaker = RAW.settings.filter((row) => row.protects_less);
  const box = byId("opt-outs");
  box.hidden = !weaker.length;
  box.replaceChildren(make("strong", { text: "This analysis protects users less than the default." }),
    make("ul", {}, ...weaker.map((row) => make("li", { text: optOut(row) }))));
}

function optOut({ name, value, packaged }) {
  const why = { privacy_unit: " Each conversation counts as a user, so one user can be a whole cluster.", mode: " Clusters may be shown that the default would hold back." }[name] ?? "";
  return `${name} is ${seen(value ?? "not set")}; the default is ${packaged}.${why}`;
}

// The lists

function drawContents(facet) {
  const most = 100;
  const chapters = facet.tops.slice(0, most).map((top) => {
    const below = top.children.slice(0, 12);
    const go = (cluster) => () => { choose(cluster, false); byId("explore").scrollIntoView(); };
    const line = (cluster) => make("li", {}, choice(cluster.name, go(cluster), 120), make("span", { class: "share", text: cluster.percent }));
    const rest = top.children.length - below.length;
    return make("div", { class: "chapter" },
      make("h3", {}, choice(top.name, go(top), 120), make("span", { class: "share", text: top.percent })),
      below.length ? make("ul", { class: "plain" }, ...below.map(line)) : null,
      rest > 0 ? make("p", { class: "small", text: `and ${count(rest)} more` }) : null);
  });
  const rest = facet.tops.length - most;
  byId("contents-list").replaceChildren(...chapters, rest > 0 ? make("p", { class: "small", text: `and ${count(rest)} more in the tree` }) : "");
}

function drawHeldBack() {
  const held = rows("held_back");
  byId("held-list").replaceChildren(...[...FACETS.keys()].flatMap((facet) => {
    const own = held.filter((row) => row.facet === facet);
    const parts = [make("p", { text: seen(RAW.told[facet] ?? "") })];
    if (own.length) parts.push(make("div", { class: "scroller" }, table(["Why", "Clusters", "Conversations"],
      own.map((row) => [RAW.reasons[row.reason] ?? row.reason, count(row.clusters), count(row.conversations)]))));
    return parts;
  }));
}

function drawSettings() {
  byId("settings-table").tBodies[0].replaceChildren(...RAW.settings.map((row) => {
    const value = make("td", { class: "num" }, make("code", { text: seen(row.value ?? "not set") }));
    if (row.protects_less) value.append(make("span", { class: "tag less", text: "protects less" }));
    else if (row.changed) value.append(make("span", { class: "tag", text: "changed" }));
    return make("tr", { class: row.changed ? "changed" : null }, make("th", { scope: "row" }, make("code", { text: row.name })), value,
      make("td", { class: "num", text: seen(row.packaged ?? "") }), make("td", { text: seen(row.meaning) }));
  }));
}

// Colours of the map

function offerColours(facet) {
  const options = [make("option", { value: "topic", text: "highest level" })];
  const grown = [...facet.clusters.values()].some((cluster) => cluster.growth !== null);
  options.push(make("option", { value: "growth", text: grown ? "growth" : "growth: too few whole periods", disabled: grown ? null : "" }));
  for (const [breakdown, values] of facet.breakdowns) {
    const group = make("optgroup", { label: titled(shortened(breakdown, 40)) });
    for (const value of ordered([...values.keys()], (key) => values.get(key).conversations).slice(0, 60)) {
      group.append(make("option", { value: JSON.stringify([breakdown, value]), text: `${shortened(breakdown, 40)}: ${shortened(value, 40)}` }));
    }
    options.push(group);
  }
  byId("colour").replaceChildren(...options);
}

function colourWay() {
  const chosen = byId("colour").value;
  if (!chosen.startsWith("[")) return { kind: chosen || "topic" };
  const [breakdown, value] = JSON.parse(chosen);
  return { kind: byId("measure").value, breakdown, value };
}

function drawLegend() {
  const way = colourWay();
  byId("measure-choice").hidden = !way.breakdown;
  const legend = byId("legend");
  const dot = (colour) => {
    const found = make("span", { class: "dot", "aria-hidden": "true" });
    found.style.background = colour;
    return found;
  };
  if (way.kind === "topic") {
    const tops = state.facet.tops.filter((top) => top.id !== OTHER).slice(0, TOPICS.length);
    legend.replaceChildren(...tops.map((top) => make("button", { type: "button", onclick: () => choose(top) }, dot(colourOf(top)), named(shortened(top.name, 60), { class: "cut" }))));
    return;
  }
  const { ends, stops } = colouring(state.facet, way);
  const scale = make("span", { class: "scale", "aria-hidden": "true" });
  scale.style.background = `linear-gradient(to right, ${stops.map(shade).join(", ")})`;
  const key = (kind, text) => make("span", {}, make("span", { class: `dot ${kind}`, "aria-hidden": "true" }), text);
  legend.replaceChildren(make("span", { text: ends[0] }), scale, make("span", { text: ends[1] }),
    key("pale", "of its group: too few users here"), key("hollow", "not shown: too few users"));
}

// Light and dark

const DARK = matchMedia("(prefers-color-scheme: dark)");

function lighten(theme = state.theme ?? (DARK.matches ? "dark" : "light")) {
  const dark = theme === "dark";
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = dark ? "Light" : "Dark";
  byId("theme").setAttribute("aria-pressed", String(dark));
}

function redraw() {
  if (!state.facet) return;
  tree.recolour();
  drawLegend();
  showDetail(pane, state.facet, state.selected, (next) => choose(next));
  map.relook().then(() => map.refresh());
}

function listen() {
  DARK.addEventListener("change", () => { lighten(); redraw(); });
  byId("theme").addEventListener("click", () => {
    state.theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    lighten();
    redraw();
  });
  byId("print").addEventListener("click", () => print());
  // On paper: light, and the whole tree.
  addEventListener("beforeprint", () => {
    lighten("light");
    redraw();
    if (!state.facet) return;
    byId("search").value = "";
    map.found(tree.search(""));
    tree.every(true);
  });
  addEventListener("afterprint", () => { lighten(); redraw(); });
  byId("search").addEventListener("input", (event) => map.found(tree.search(event.target.value)));
  byId("search").addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { event.preventDefault(); byId("tree").querySelector("[tabindex='0']")?.focus(); }
    if (event.key === "Escape") { event.target.value = ""; map.found(tree.search("")); }
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, select")) return;
    event.preventDefault();
    byId("search").focus();
  });
  byId("open-all").addEventListener("click", () => tree.every(true));
  byId("close-all").addEventListener("click", () => tree.every(false));
  byId("zoom-in").addEventListener("click", () => map.zoom(0.6));
  byId("zoom-out").addEventListener("click", () => map.zoom(1 / 0.6));
  byId("zoom-all").addEventListener("click", () => map.all());
  for (const id of ["colour", "measure"]) byId(id).addEventListener("change", () => { map.colour(colourWay()); drawLegend(); });
  byId("facet").addEventListener("change", (event) => showFacet(FACETS.get(event.target.value)));
}

function start() {
  lighten();
  listen();
  if (SAFETY) drawSafety(byId("gaps"), byId("coordinated")); else drawOptOuts();
  drawSettings();
  if (!state.facet) {
    byId("lede").textContent = "Nothing is published: no cluster may be shown.";
    ["explore", "contents", "held-back"].forEach((id) => { byId(id).hidden = true; });
    return Promise.resolve();
  }
  drawHeldBack();
  byId("facet-choice").hidden = FACETS.size < 2;
  byId("facet").append(...[...FACETS.keys()].map((name) => make("option", { value: name, text: shortened(name, 60) })));
  const [facet, id] = location.hash.startsWith("#/") ? location.hash.slice(2).split("/").map(decodeURIComponent) : [];
  if (FACETS.has(facet)) state.facet = FACETS.get(facet);
  byId("facet").value = state.facet.name;
  const meant = state.facet.instead(id);
  return showFacet(state.facet).then(() => { if (state.facet.clusters.has(meant)) choose(state.facet.clusters.get(meant), false); });
}

// data-ready: milliseconds from opening the page until everything was drawn.
start().then(() => requestAnimationFrame(() => { document.documentElement.dataset.ready = String(Math.round(performance.now())); }));
