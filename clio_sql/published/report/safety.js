// What only the report of safety mode holds: findings about flags, and requests that several accounts make alike.

const MOST_ROWS = 100;

function drawSafety(flags, alike) {
  const gaps = rows("safety_gaps"), found = gaps.filter((row) => row.finding);
  const why = gaps.find((row) => row.no_finding_because)?.no_finding_because;
  const none = why ? `No findings: ${why}.` : gaps.length ? "Flags follow concern everywhere." : "No flag was named in settings.sql, or no conversation has one.";
  flags.replaceChildren(...listed(found, none, ["Cluster", "Id", "Finding", "Conversations", "Mean concern", "Flagged"],
    (row) => [row.name ?? "", row.cluster_id, row.finding.replace("_", " "), count(row.conversations), row.mean_concern.toFixed(2), `${(100 * row.flag_rate).toFixed(1)}%`]));
  alike.replaceChildren(...listed(rows("coordinated_use"), "None was found.", ["Request", "Cluster", "Accounts", "Conversations", "Wordings", "First conversation"],
    (row) => [shortened(row.request ?? "", 160), row.cluster_id, count(row.accounts), count(row.conversations), count(row.wordings), row.first_conversation_id]));
}

// A table of the first rows, and how many more there are.
function listed(found, none, head, line) {
  if (!found.length) return [make("p", { text: none })];
  const rest = found.length - MOST_ROWS;
  return [make("div", { class: "scroller" }, table(head, found.slice(0, MOST_ROWS).map(line))),
    ...(rest > 0 ? [make("p", { class: "small", text: `and ${count(rest)} more in safety.duckdb` })] : [])];
}
