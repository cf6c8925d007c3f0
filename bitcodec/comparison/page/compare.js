// The page of `bitcodec compare`: what is shown, what is chosen, and the table; all views follow.

const data = readData();
const { rows, columns } = data;
const state = { chosen: [], shown: rows.map((row) => row.run) };
const facts = (pairs) => html("dl", { class: "figures" }, ...pairs.map(([name, text]) => html("div", {}, html("dt", {}, name), html("dd", {}, text))));

// What the runs decide.

find("#summary").after(html("div", { id: "decisions" }, ...data.decisions.map(({ question, answer, detail, runs }) =>
  html("button", { type: "button", click: () => choose(runs, true) }, html("span", {}, question), html("strong", {}, answer), html("span", {}, detail)))));

// Filters: a select for every column in which the runs differ, numbers by size.

const distinct = (number, among = rows) => {
  const known = among.map((row) => row.cells[number]).filter(([, value]) => value !== null);
  return [...new Map(known.map(([text, value]) => [value, text]))].sort(([a], [b]) => compare(a, b));
};
const selects = columns.flatMap(({ heading, metric }, number) => {
  const values = metric || number === 0 ? [] : distinct(number);
  if (values.length < 2) return [];
  const select = html("select", { change: filter });
  offer(select, [["", "all"], ...values.map(([, text]) => [text, text])]);
  find("#clear").before(html("label", {}, heading, select));
  return [{ select, number }];
});

function filter() {
  const kept = ({ cells }) => selects.every(({ select, number }) => !select.value || cells[number][0] === select.value);
  state.shown = rows.filter(kept).map((row) => row.run);
  follow();
}

// The choice.

function choose(runs, instead = false) {
  const rest = state.chosen.filter((run) => !runs.includes(run));
  const there = runs.every((run) => state.chosen.includes(run));
  state.chosen = instead ? runs : there ? rest : [...rest, ...runs];
  follow();
}
find("#clear").addEventListener("click", () => choose([], true));

const followers = [];
function follow() {
  const { shown } = state, chosen = state.chosen.filter((run) => shown.includes(run));
  for (const update of followers) update({ shown, chosen });
  find("#count").textContent = `${shown.length} of ${rows.length} runs shown, ${chosen.length} chosen`;
  find("#clear").disabled = !chosen.length;
  for (const { node, box, run } of lines) {
    node.hidden = !shown.includes(run);
    box.checked = chosen.includes(run);
    node.classList.toggle("here", box.checked);
  }
  find("#chosen").replaceChildren(...rows.filter(({ run }) => chosen.includes(run)).slice(0, 8).map(({ run, details, command }) =>
    html("article", {}, html("h3", {}, run), facts(details), command && html("pre", { tabindex: 0, "aria-label": `Command of ${run}` }, command))));
}

// The table. A cell is its text and what it is sorted by, null where there is nothing.

function compare(a, b, descending = false) {
  if (a === null || b === null) return (a === null) - (b === null);
  const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  return descending ? -order : order;
}

const lines = rows.map(({ run, cells, href, command }) => {
  const box = html("input", { type: "checkbox", "aria-label": `Choose ${run}`, change: () => choose([run]) });
  const copy = html("button", { type: "button", title: command, disabled: !command, "aria-label": `Copy the command of ${run}`, click: copied }, "Copy");
  async function copied() {
    await navigator.clipboard.writeText(command);
    copy.textContent = "Copied";
    setTimeout(() => (copy.textContent = "Copy"), 2000);
  }
  const [[name], [status], ...others] = cells;
  const values = others.map(([text], number) => html("td", { class: columns[number + 2].numeric && "number" }, text));
  const head = html("th", { scope: "row" }, html("a", { href }, name));
  return { run, cells, box, node: html("tr", {}, html("td", {}, box), head, html("td", { class: status }, status), ...values, html("td", {}, copy)) };
});

const headings = columns.map(({ heading, numeric }, number) => {
  const node = html("th", { scope: "col", class: numeric && "number" }, html("button", { type: "button", click: sort }, heading));
  function sort() {
    const descending = node.ariaSort === "ascending";
    for (const other of headings) other.ariaSort = null;
    node.ariaSort = descending ? "descending" : "ascending";
    lines.sort((a, b) => compare(a.cells[number][1], b.cells[number][1], descending));
    find("tbody").append(...lines.map((line) => line.node));
  }
  return node;
});
const unseen = (text) => html("th", { scope: "col" }, html("span", { class: "unseen" }, text));
find("thead").append(html("tr", {}, unseen("Chosen"), ...headings, unseen("Command")));
find("tbody").append(...lines.map((line) => line.node));

// The legend of all charts.

const [colours, shapes] = Object.values(data.legend);
const looks = [(look) => ({ d: shapes[0][1], fill: look }), (look) => ({ d: look })];
find("#legend").append(...Object.entries(data.legend).map(([name, entries], kind) => html("dl", {}, html("dt", {}, name), ...entries.map(([text, look]) =>
  html("dd", {}, html("svg", { viewBox: "-1.3 -1.3 2.6 2.6", "aria-hidden": "true" }, html("path", looks[kind](look))), text)))));

// Parallel coordinates: settings at even distances in their order, metrics to scale.

const drawn = rows.filter((row) => row.drawn);
const parallel = columns.slice(2).flatMap(({ heading, metric }, at) => {
  const values = distinct(at + 2, drawn).map(([value]) => value);
  const place = (value) => metric ? (value - values[0]) / (values.at(-1) - values[0]) : values.indexOf(value) / (values.length - 1);
  const known = drawn.filter((row) => values.length > 1 && row.cells[at + 2][1] !== null);
  return known.map(({ run, cells }) => ({ run, key: heading, at: place(cells[at + 2][1]), text: cells[at + 2][0] }));
});

followers.push(buildPhotographs(data.photographs, rows, choose));
follow();
const charts = parallel.length && data.charts.length ? [...data.charts, { key: "parallel", spec: data.parallel }] : data.charts;
find("#charts").hidden = !charts.length;
for (const chart of charts) followers.push(await buildChart(chart, { runs: rows, curves: data.curves, parallel }, choose));
follow();
document.body.dataset.ready = "true";
