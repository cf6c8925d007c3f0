const MOST_OPEN_NOTES = 5;

const data = JSON.parse(find("#data").textContent);
find("#summary").textContent = data.title;
if (data.notes.length) {
  const box = find("#notes");
  box.hidden = false;
  box.open = data.notes.length <= MOST_OPEN_NOTES;
  box.querySelector("summary").textContent = `Before you read on: ${data.notes.length} ${data.notes.length > 1 ? "notes" : "note"}`;
  box.querySelector("ul").append(...data.notes.map((note) => html("li", {}, note)));
}
buildViewer(data.viewer);
if (data.charts.length) {
  find("#charts").hidden = false;
  find("#charts .grid").append(...data.charts.map(buildChart));
}
buildTable(data.columns, data.rows);
