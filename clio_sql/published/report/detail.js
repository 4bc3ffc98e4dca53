// What is known about the selected cluster: description, trend, breakdowns, what it contains.

const VALUES_SHOWN = 8; // of a breakdown, before the rest is folded away

function showDetail(pane, facet, cluster, choose) {
  pane.replaceChildren(...(cluster ? aboutOne(facet, cluster, choose) : aboutAll(facet, choose)));
  pane.scrollTop = 0;
  const trend = cluster && nearest(cluster, trendOf);
  if (trend) drawTrend(pane.querySelector(".trend"), facet, trend.of);
}

function aboutAll(facet, choose) {
  if (!facet.tops.length) return [make("h2", { text: "Nothing is published" }), make("p", { class: "description", text: RAW.told[facet.name] ?? "" })];
  return [
    make("h2", { text: "Everything shown" }),
    make("p", { class: "description small", text: "Choose a cluster in the tree or on the map to see how it differs from this." }),
    ...breakdownParts([...facet.breakdowns.keys()].map((breakdown) => ({ breakdown, rows: overall(facet, breakdown) })), choose),
    facet.breakdowns.size ? make("p", { class: "small", text: "Each share is among the clusters that publish the value, since others may hide it, so shares may not add up to 100%. No share: only one cluster publishes it." }) : null,
    ...(facet.tops.length > 1 ? [make("h3", { text: "The largest clusters" }), shares(facet.tops.slice(0, 12), choose)] : []),
  ].filter((part) => part !== null);
}

// A breakdown of everything: the cells of the highest level added up. The share is what lifts are measured against.
function overall(facet, breakdown) {
  return [...facet.breakdowns.get(breakdown).values()].filter(({ conversations }) => conversations)
    .map((row) => ({ ...row, users: null, lift: null }));
}

const trendOf = (cluster) => (cluster.trend.size ? cluster.trend : null);

function aboutOne(facet, cluster, choose) {
  const up = ancestors(cluster);
  const growth = nearest(cluster, (one) => one.growth);
  const told = [...facet.breakdowns.keys()].map((breakdown) => ({ breakdown, ...nearest(cluster, (one) => one.cells.get(breakdown)) }))
    .filter(({ found }) => found).map(({ breakdown, found, of }) => ({ breakdown, rows: found, of: of === cluster ? null : of }));
  return [
    make("p", { class: "path" }, choice("All", () => choose(null)), ...up.flatMap((one) => ["›", choice(one.name, () => choose(one), 40)])),
    make("h2", {}, named(cluster.name)),
    make("p", { class: "description" }, named(cluster.description)),
    SAFETY ? make("p", { class: "small" }, "To read its conversations (every look is recorded): ", make("code", { text: `clio-sql trace OUT ${cluster.id}` })) : null,
    cluster.name_source === "renamed" ? make("p", { class: "small", text: "Renamed by hand." }) : null,
    cluster.loose ? make("p", { class: "small", text: LOOSE }) : null,
    cluster.signal ? make("p", { class: "signal" }, make("span", { class: "tag", text: cluster.signal.signal }), make("span", { class: "small", text: signalText(cluster.signal) })) : null,
    make("dl", { class: "detail-figures" },
      figure("conversations", count(cluster.conversations)), figure("users", count(cluster.users)), figure("of all shown", cluster.percent),
      growth === null ? null : figure(growth.of === cluster ? "growth" : "growth of its group", times(growth.found), "Conversations per period in the later half of the time, compared with the earlier half, over the whole periods shown.")),
    cluster.measures.length ? make("p", { class: "small measures" }, ...cluster.measures.flatMap(measureParts)) : null,
    ...trendParts(facet, cluster, choose),
    ...breakdownParts(told, choose),
    told.length ? make("p", { class: "small", text: "× is the lift: the share here compared with that of the highest clusters that publish the value. Values from too few users are left out." }) : null,
    ...(cluster.children.length ? [make("h3", { text: `Contains ${count(cluster.children.length)}` }), shares(cluster.children, choose)] : []),
  ].filter((part) => part !== null);
}

// Cost usd: mean 0.045, median 0.036, 9 in 10 at most 0.092.
function measureParts({ measure, mean, median, percentile_90: most }, at) {
  const figures = [["mean", mean], ["median", median], ["9 in 10 at most", most]].filter(([, figure]) => figure !== null);
  return [at ? "; " : "", named(titled(shortened(measure, 40))), `: ${figures.map(([what, figure]) => `${what} ${DIGITS.format(figure)}`).join(", ")}`];
}

function signalText({ signal, usual, recent, earlier }) {
  const whole = (number) => count(Math.round(number));
  return signal === "spiking" ? ` in the last whole period; usually ${whole(usual)} conversations` : ` ${whole(recent)} conversations in each of the last three whole periods, ${whole(earlier ?? 0)} before`;
}

function choice(text, act, length = 200) {
  const button = make("button", { type: "button", class: "link", onclick: act });
  button.append(named(shortened(text, length)));
  return button;
}

function shares(clusters, choose) {
  return make("ul", { class: "plain" }, ...clusters.map((cluster) =>
    make("li", {}, choice(cluster.name, () => choose(cluster), 120), make("span", { class: "share", text: cluster.percent }))));
}

// What is the same for all says little, so it is folded away, after the rest.
function breakdownParts(parts, choose) {
  const same = ({ rows }) => rows.length === 1 && rows[0].percent === "100.0%";
  return [...parts.filter((part) => !same(part)), ...parts.filter(same)].map(({ breakdown, rows, of }) => {
    const whole = [of ? fromAbove(of, choose) : null, breakdownPart(breakdown, rows, same({ rows }))].filter((part) => part !== null);
    if (!same({ rows })) return make("div", {}, ...whole.reverse());
    const summary = make("summary", {});
    summary.append(named(titled(breakdown)), ": ", named(shortened(rows[0].value, 80)), `, ${rows[0].percent}`);
    return make("details", { class: "same" }, summary, ...whole.reverse());
  });
}

// Says whose figures these are, where the cluster itself has too few users to tell any.
function fromAbove(of, choose) {
  return make("p", { class: "small above" }, "Of the group ", choice(of.name, () => choose(of), 60), ": here are too few users to tell.");
}

function breakdownPart(breakdown, rows, isTitled = false) {
  const cells = new Map(rows.map((cell) => [cell.value, cell]));
  const values = ordered([...cells.keys()], (value) => cells.get(value).conversations);
  const table = make("table", { class: "bars" }, make("tbody", {}, ...values.map((value) => bar(value, cells.get(value)))));
  const hidden = [...table.querySelectorAll("tr")].slice(VALUES_SHOWN + 1);
  hidden.forEach((row) => { row.hidden = true; });
  const more = hidden.length ? make("button", { type: "button", class: "quiet", text: `${hidden.length} more` }) : null;
  more?.addEventListener("click", () => { hidden.forEach((row) => { row.hidden = false; }); more.remove(); });
  const title = isTitled ? null : make("h3", {}, named(titled(breakdown)));
  return make("div", {}, title, table, more);
}

function bar(value, cell) {
  const fill = make("div", { class: "fill" });
  fill.style.width = `${Math.min(100, (cell.share ?? 0) * 100)}%`;
  const far = cell.lift >= 1.5 ? " high" : cell.lift !== null && cell.lift <= 0.67 ? " low" : "";
  const label = make("th", { scope: "row", class: "value", title: shortened(value, 300) });
  label.append(named(shortened(value, 80)));
  const people = cell.users === null ? "" : `, ${count(cell.users)} users`;
  return make("tr", { title: `${count(cell.conversations)} conversations${people}` }, label,
    make("td", {}, make("div", { class: "track" }, fill)),
    make("td", { class: "amount num", text: cell.percent }),
    make("td", { class: `lift num${far}`, text: times(cell.lift) }));
}

function trendParts(facet, own, choose) {
  if (!facet.periods.length && !facet.partial) return [];
  const trend = nearest(own, trendOf);
  const cluster = trend?.of ?? own;
  const every = RAW.settings.find((row) => row.name === "period")?.value ?? "period";
  const left = facet.periods.length - cluster.trend.size;
  const title = make("h3", { text: `Conversations by ${every}` });
  const ends = facet.partial ? ` A ${every} at an end that the input does not wholly cover is not shown.` : "";
  if (!cluster.trend.size) return [title, make("p", { class: "small", text: `No ${facet.partial ? "whole " : ""}${every} has enough users to be shown.${ends}` })];
  const few = left ? `${count(left)} of ${count(facet.periods.length)} ${every}s are left out: too few users.` : "";
  const note = few || ends ? make("p", { class: "small", text: `${few}${ends}`.trim() }) : null;
  return [title, make("div", { class: "trend", role: "img", "aria-label": spoken(cluster) }), ...(cluster === own ? [] : [fromAbove(cluster, choose)]), ...(note ? [note] : [])];
}

function spoken(cluster) {
  return [...cluster.trend.values()].map((row) => `${row.period}: ${count(row.conversations)}`).join("; ");
}

function drawTrend(place, facet, cluster) {
  const shown = [...cluster.trend.values()].sort((one, two) => (one.period < two.period ? -1 : 1));
  const ink = { color: shade("muted"), family: shade("sans"), size: 11 };
  Plotly.newPlot(place, [{
    type: "bar", x: shown.map((row) => row.period), y: shown.map((row) => row.conversations), marker: { color: shade("accent") },
    hoverinfo: "text", textposition: "none", hovertext: shown.map((row) => `${row.period}<br>${count(row.conversations)} conversations, ${count(row.users)} users`),
  }], {
    margin: { l: 34, r: 4, t: 6, b: 22 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: ink, bargap: 0.25, dragmode: false,
    xaxis: { type: "date", range: margins(facet.periods), fixedrange: true, nticks: 4, showgrid: false, linecolor: shade("line") },
    yaxis: { rangemode: "tozero", fixedrange: true, nticks: 3, gridcolor: shade("line"), zeroline: false }, hoverlabel: hoverLook(),
  }, { displayModeBar: false, responsive: true });
}

// Half a period of room on both sides, so that the outer bars are whole.
function margins(periods) {
  const dates = periods.map((period) => Date.parse(period));
  const half = dates.length > 1 ? Math.min(...dates.slice(1).map((date, at) => date - dates[at])) * 0.6 : 4e8;
  return [dates[0] - half, dates.at(-1) + half].map((date) => new Date(date).toISOString());
}

function hoverLook() {
  return { bgcolor: shade("surface"), bordercolor: shade("line"), font: { color: shade("ink"), family: shade("sans"), size: 12.5 }, align: "left", namelength: -1 };
}
