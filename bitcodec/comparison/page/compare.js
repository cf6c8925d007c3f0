// The page of `bitcodec compare`: what is shown, what is chosen, and the table; all views follow.

const data = readData();
const { rows, settings } = data;
const headings = [...settings, ...data.metrics];

// What the runs decide.

const decided = data.decisions.map(({ question, answer, detail, runs }) => {
  const parts = [html("span", {}, question), html("strong", {}, answer), html("span", {}, detail)];
  return html("button", { type: "button", click: () => choose(runs, true) }, ...parts);
});
find("#summary").after(html("div", { class: "grid", id: "decisions" }, ...decided));

// Filters: a select for every setting in which the runs differ, numbers by size.

const distinct = (column, among = rows) => {
  const known = among.map((row) => row.cells[column]).filter(([, value]) => value !== null);
  return [...new Map(known.map(([text, value]) => [value, text]))].sort(([a], [b]) => compare(a, b));
};
const selects = settings.flatMap((heading, column) => {
  const values = heading === "run" ? [] : distinct(column);
  if (values.length < 2) return [];
  const select = html("select", { change: follow });
  offer(select, [["", "all"], ...values.map(([, text]) => [text, text])]);
  find("#clear").before(html("label", {}, heading, select));
  return [{ select, column }];
});

// The choice.

let picked = [];
function choose(runs, instead = false) {
  const rest = picked.filter((run) => !runs.includes(run));
  const there = runs.every((run) => picked.includes(run));
  picked = instead ? runs : there ? rest : [...rest, ...runs];
  follow();
}
find("#clear").addEventListener("click", () => choose([], true));

const followers = [];
function follow() {
  const wanted = selects.filter(({ select }) => select.value);
  const fits = ({ cells }) => wanted.every(({ select, column }) => cells[column][0] === select.value);
  const shown = rows.filter(fits).map((row) => row.run);
  const chosen = picked.filter((run) => shown.includes(run));
  for (const update of followers) update({ shown, chosen });
  find("#count").textContent = `${shown.length} of ${rows.length} runs shown, ${chosen.length} chosen`;
  find("#clear").disabled = !chosen.length;
  for (const { node, box, run } of lines) {
    node.hidden = !shown.includes(run);
    box.checked = chosen.includes(run);
    node.classList.toggle("here", box.checked);
  }
  const first = rows.filter(({ run }) => chosen.includes(run)).slice(0, 8);
  find("#chosen").replaceChildren(...first.map(({ run, details, command }) => {
    const typed = command && html("pre", { tabindex: 0, "aria-label": `Command of ${run}` }, command);
    return html("article", {}, html("h3", {}, run), html("dl", { class: "row" }, ...facts(details)), typed);
  }));
}

// The table. A cell is its text and what it is sorted by, null where there is nothing.

function compare(a, b, descending = false) {
  if (a === null || b === null) return (a === null) - (b === null);
  const numbers = typeof a === "number" && typeof b === "number";
  const order = numbers ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  return descending ? -order : order;
}

const side = headings.map((_, column) =>
  rows.every((row) => typeof row.cells[column][1] !== "string") && "number");
const lines = rows.map(({ run, cells, href, command }) => {
  const box = html("input", { type: "checkbox", "aria-label": `Choose ${run}`, change: () => choose([run]) });
  const named = { title: command, disabled: !command, "aria-label": `Copy the command of ${run}` };
  const copy = html("button", { type: "button", ...named, click: copied }, "Copy");
  async function copied() {
    await navigator.clipboard.writeText(command);
    copy.textContent = "Copied";
    setTimeout(() => (copy.textContent = "Copy"), 2000);
  }
  const [, [state], ...others] = cells;
  const values = others.map(([text], column) => html("td", { class: side[column + 2] }, text));
  const head = html("th", { scope: "row" }, html("a", { href }, run));
  const first = [html("td", {}, box), head, html("td", { class: state }, state)];
  return { run, cells, box, node: html("tr", {}, ...first, ...values, html("td", {}, copy)) };
});
const heads = headings.map((heading, column) => {
  const button = html("button", { type: "button", click: sort }, heading);
  const head = html("th", { scope: "col", class: side[column] }, button);
  function sort() {
    const descending = head.ariaSort === "ascending";
    for (const other of heads) other.ariaSort = null;
    head.ariaSort = descending ? "descending" : "ascending";
    lines.sort((a, b) => compare(a.cells[column][1], b.cells[column][1], descending));
    find("tbody").append(...lines.map((line) => line.node));
  }
  return head;
});
const unseen = (text) => html("th", { scope: "col" }, html("span", { class: "unseen" }, text));
find("thead").append(html("tr", {}, unseen("Chosen"), ...heads, unseen("Command")));
find("tbody").append(...lines.map((line) => line.node));

// The legend of all charts.

for (const [name, entries] of Object.entries(data.legend)) {
  const list = find("#legend").appendChild(html("dl", { class: "row" }, html("dt", {}, name)));
  for (const [text, glyph, colour] of entries) {
    list.append(html("dd", { "data-glyph": glyph }, text));
    list.lastChild.style.setProperty("--look", colour);
  }
}

// Parallel coordinates: settings at even distances in their order, metrics to scale.

const drawn = rows.filter((row) => row.drawn);
const parallel = headings.flatMap((key, column) => {
  const values = distinct(column, drawn).map(([value]) => value);
  const [least, most] = column < settings.length ? [0, values.length - 1] : [values[0], values.at(-1)];
  const known = drawn.filter(({ cells }) => column > 1 && values.length > 1 && cells[column][1] !== null);
  return known.map(({ run, cells: { [column]: [text, value] } }) => {
    const number = column < settings.length ? values.indexOf(value) : value;
    return { run, key, column, at: (number - least) / (most - least), text };
  });
});

followers.push(buildPhotographs(data.photographs, rows, choose));
follow();
const charts = data.charts.filter(({ key }) => key !== "parallel" || parallel.length);
find("#charts").hidden = !charts.length;
const datasets = { runs: rows, curves: data.curves, parallel };
for (const chart of charts) followers.push(await buildChart(chart, datasets, choose));
follow();
document.body.dataset.ready = "true";
