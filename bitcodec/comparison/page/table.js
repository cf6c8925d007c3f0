// The table of all runs. A cell is its text and what it is sorted by, null where there is nothing.

function buildTable(columns, rows) {
  const head = find("#table thead");
  const body = find("#table tbody");
  const lines = rows.map((cells) => ({ cells, node: html("tr", {}, ...cells.map(cell)) }));

  function cell([text], number) {
    const kind = columns[number].numeric ? "number" : columns[number].heading === "state" ? text : undefined;
    return number ? html("td", { class: kind }, text) : html("th", { scope: "row" }, text);
  }

  function sort(number, heading) {
    const descending = heading.getAttribute("aria-sort") === "ascending";
    for (const other of head.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const sorted = [...lines].sort((a, b) => compare(a.cells[number][1], b.cells[number][1], descending));
    body.replaceChildren(...sorted.map((line) => line.node));
  }

  const headings = columns.map(({ heading, numeric }, number) => {
    const button = html("button", { type: "button" }, heading);
    const node = html("th", { scope: "col", class: numeric ? "number" : undefined }, button);
    button.addEventListener("click", () => sort(number, node));
    return node;
  });
  head.append(html("tr", {}, ...headings));
  body.append(...lines.map((line) => line.node));
}

// Numbers by size, text with its numbers by size; what is missing comes last either way.
function compare(a, b, descending) {
  if (a === null || b === null) return (a === null) - (b === null);
  const order = typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a).localeCompare(String(b), "en", { numeric: true });
  return descending ? -order : order;
}
