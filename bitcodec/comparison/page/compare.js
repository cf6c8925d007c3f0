// The page of `bitcodec compare`: what is shown, what is chosen, and the table; all views follow.

const data = readData();
const state = { chosen: [], shown: data.rows.map((row) => row.run) };

// What the runs decide.

find("#summary").after(html("div", { id: "decisions" }, ...data.decisions.map(({ question, answer, detail, runs }) => {
  const button = html("button", { type: "button" }, html("span", {}, question), html("strong", {}, answer), html("span", {}, detail));
  button.addEventListener("click", () => choose(runs, true));
  return button;
})));

// Filters: a select for every column in which the runs differ, numbers by size.

const SETTINGS = data.columns.map((column, number) => ({ ...column, number })).slice(1, data.columns.findIndex((column) => column.metric));
const distinct = (number) => [...new Map(data.rows.filter((row) => row.cells[number][1] !== null).map((row) => row.cells[number].toReversed())).entries()].sort(([a], [b]) => compare(a, b));
const selects = SETTINGS.filter(({ number }) => distinct(number).length > 1).map(({ heading, number }) => {
  const select = html("select", {});
  offer(select, [["", "all"], ...distinct(number).map(([, text]) => [text, text])]);
  select.addEventListener("change", filter);
  find("#clear").before(html("label", {}, heading, select));
  return { select, number };
});

function filter() {
  const kept = ({ cells }) => selects.every(({ select, number }) => !select.value || cells[number][0] === select.value);
  state.shown = data.rows.filter(kept).map((row) => row.run);
  follow();
}

// The choice.

function choose(runs, instead = false) {
  const there = runs.every((run) => state.chosen.includes(run));
  const rest = state.chosen.filter((run) => !runs.includes(run));
  state.chosen = instead ? runs : there ? rest : [...rest, ...runs];
  follow();
}
find("#clear").addEventListener("click", () => choose([], true));

const updates = [];
function follow() {
  const chosen = state.chosen.filter((run) => state.shown.includes(run));
  for (const update of updates) update({ shown: state.shown, chosen });
  showPhotographs(chosen, state.shown, choose);
  find("#count").textContent = `${state.shown.length} of ${data.rows.length} runs shown, ${chosen.length} chosen`;
  find("#clear").disabled = !chosen.length;
  for (const line of lines) {
    line.node.hidden = !state.shown.includes(line.row.run);
    line.box.checked = chosen.includes(line.row.run);
    line.node.classList.toggle("here", line.box.checked);
  }
  find("#chosen").replaceChildren(...data.rows.filter((row) => chosen.includes(row.run)).slice(0, 8).map(card));
}

// The table. A cell is its text and what it is sorted by, null where there is nothing.

function compare(a, b, descending = false) {
  if (a === null || b === null) return (a === null) - (b === null);
  const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  return descending ? -order : order;
}

const lines = data.rows.map((row) => {
  const box = html("input", { type: "checkbox", "aria-label": `Choose ${row.run}` });
  box.addEventListener("change", () => choose([row.run]));
  const cells = row.cells.map(([text], number) => number
    ? html("td", { class: data.columns[number].numeric ? "number" : number === 1 ? text : undefined }, text)
    : html("th", { scope: "row" }, html("a", { href: row.href }, text)));
  return { row, box, node: html("tr", {}, html("td", {}, box), ...cells, html("td", {}, copier(row))) };
});

function copier({ run, command }) {
  const button = html("button", { type: "button", title: command, disabled: !command, "aria-label": `Copy the command of ${run}` }, "Copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(command);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  return button;
}

function card(row) {
  const facts = row.details.map(([name, text]) => html("div", {}, html("dt", {}, name), html("dd", {}, text)));
  return html("article", {}, html("h3", {}, row.run), html("dl", { class: "figures" }, ...facts), ...(row.command ? [html("pre", { tabindex: 0, "aria-label": `Command of ${row.run}` }, row.command), copier(row)] : []));
}

const head = find("#table thead");
const headings = data.columns.map(({ heading, numeric }, number) => {
  const button = html("button", { type: "button" }, heading);
  const node = html("th", { scope: "col", class: numeric ? "number" : undefined }, button);
  button.addEventListener("click", () => {
    const descending = node.getAttribute("aria-sort") === "ascending";
    for (const other of head.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
    node.setAttribute("aria-sort", descending ? "descending" : "ascending");
    lines.sort((a, b) => compare(a.row.cells[number][1], b.row.cells[number][1], descending));
    find("#table tbody").append(...lines.map((line) => line.node));
  });
  return node;
});
const unseen = (text) => html("th", { scope: "col" }, html("span", { class: "unseen" }, text));
head.append(html("tr", {}, unseen("Chosen"), ...headings, unseen("Command")));
find("#table tbody").append(...lines.map((line) => line.node));

// The legend of all charts.

const [CIRCLE] = Object.values(data.legend)[1].map(([, path]) => path);
const svg = (name, attributes, ...children) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};
find("#legend").append(...Object.entries(data.legend).map(([name, entries], shaped) => html("dl", {}, html("dt", {}, name), ...entries.map(([text, look]) => {
  const path = svg("path", shaped ? { d: look } : { d: CIRCLE, fill: look });
  return html("dd", {}, svg("svg", { viewBox: "-1.3 -1.3 2.6 2.6", "aria-hidden": "true" }, path), text);
}))));

// Parallel coordinates: settings at even distances in their order, metrics to scale.

const looks = Object.fromEntries(data.datasets.runs.map((row) => [row.run, row]));
data.datasets.parallel = data.columns.slice(2).flatMap(({ heading, metric }, at) => {
  const number = at + 2, values = distinct(number).map(([value]) => value);
  const place = (value) => metric ? (value - values[0]) / (values.at(-1) - values[0]) : values.indexOf(value) / (values.length - 1);
  const rows = data.rows.filter(({ run, cells }) => values.length > 1 && looks[run].drawn && cells[number][1] !== null);
  return rows.map(({ run, cells: { [number]: [text, value] } }) => ({ run, key: heading, at: place(value), text, noise: looks[run].noise, penalty: looks[run].penalty }));
});

const showPhotographs = buildPhotographs(data.photographs, data.datasets.runs);
follow();
const wanted = data.charts.length && data.datasets.parallel.length ? [...data.charts, { key: "parallel", spec: data.parallel }] : data.charts;
find("#charts").hidden = !wanted.length;
for (const { key, spec } of wanted) {
  const update = await buildChart(find(".charts"), key, spec, data.datasets, choose);
  updates.push(update);
}
document.body.dataset.ready = "true";
