// The page of `bitcodec inspect`: a stage, a table of figures, and the grid of channels.

const data = readData();
const HEADINGS = ["", "setting", "bytes", "bpp", "PSNR dB", "MS-SSIM", "false edges"];
const FIELDS = ["name", "setting", "bytes", "bpp", "psnr", "ms_ssim", "false_edges"];
const ORIGINAL = "original";
const state = { quality: Math.floor((data.qualities.length - 1) / 2), channel: 0 };
const current = () => data.qualities[state.quality];

const stage = createStage(...data.size);

// The figures.

for (const head of document.querySelectorAll("thead")) {
  const names = head.closest("#all") ? ["quality", ...HEADINGS.slice(2)] : HEADINGS;
  head.append(html("tr", {}, ...names.map((name, n) => html(name ? "th" : "td", { scope: name ? "col" : undefined, class: n > 1 || (n && names !== HEADINGS) ? "number" : undefined }, name))));
}

function cells(row, fields) {
  return fields.map((field, n) => html(n ? "td" : "th", { scope: n ? undefined : "row", class: FIELDS.indexOf(field) > 1 ? "number" : undefined }, row[field]));
}

function showFigures() {
  find("#figures").replaceChildren(...current().figures.map((row) => html("tr", {}, ...cells(row, FIELDS))));
  find("#all-figures").replaceChildren(...data.qualities.map(({ quality, figures }, n) =>
    html("tr", { class: n === state.quality ? "here" : undefined }, ...cells({ ...figures[0], quality }, ["quality", ...FIELDS.slice(2)]))));
}

// The stage.

const names = current().figures.map((row) => row.name);
const sides = data.original === null ? names : [ORIGINAL, ...names];
for (const side of ["left", "right"]) {
  offer(find(`#${side}`), sides.map((name) => [name, name]));
  find(`#${side}`).addEventListener("change", showPictures);
}
find("#right").value = names[0];

function showPictures() {
  for (const side of ["left", "right"]) {
    const name = find(`#${side}`).value;
    const row = current().figures.find((other) => other.name === name);
    const text = row ? `${name}, ${row.bytes} bytes${row.psnr ? `, ${row.psnr} dB` : ""}` : name;
    stage.show(side, row ? row.uri : data.original, text);
  }
  stage.map(current().map, `Bits for each place, up to ${current().most}`);
  find("#most").textContent = current().most;
}

find("#modes").addEventListener("change", () => {
  find("#legend").hidden = find("#modes input:checked").value !== "map";
});

// The bitmap.

const tiles = find("#grid-tiles");
tiles.style.setProperty("--columns", data.columns);

function showGrid() {
  const { grids, channels, summary, tile } = current();
  const count = channels.length;
  find("#bits-summary").textContent = `${summary}.`;
  const ranges = grids.map((_, n) => [n, `${n * data.per_grid} to ${Math.min(count, (n + 1) * data.per_grid) - 1}`]);
  offer(find("#grid"), ranges);
  find("#grid-label").hidden = grids.length < 2;
  state.channel = Math.min(state.channel, count - 1);
  const grid = Math.floor(state.channel / data.per_grid);
  find("#grid").value = grid;
  const first = grid * data.per_grid, last = Math.min(count, first + data.per_grid);
  tiles.replaceChildren();
  for (let channel = first; channel < last; channel++) {
    const [ones, , bytes] = channels[channel];
    const node = html("div", { class: "tile", role: "option", id: `channel-${channel}`, "aria-selected": "false", "aria-label": `Channel ${channel}: ${ones} ones, ${bytes} bytes`, title: `channel ${channel}` });
    paint(node, grid, channel - first, last - first);
    node.style.aspectRatio = `${tile[0]} / ${tile[1]}`;
    tiles.append(node);
  }
  showChannel();
}

// One tile of a grid's picture, as large as the element.
function paint(node, grid, place, count) {
  const columns = data.columns, rows = Math.ceil(count / columns);
  const x = place % columns, y = Math.floor(place / columns);
  node.style.backgroundImage = `url(${current().grids[grid]})`;
  node.style.backgroundSize = `${100 * columns}% ${100 * rows}%`;
  node.style.backgroundPosition = `${(100 * x) / (columns - 1)}% ${rows > 1 ? (100 * y) / (rows - 1) : 0}%`;
}

function showChannel() {
  const { channels, tile } = current();
  const grid = Math.floor(state.channel / data.per_grid), first = grid * data.per_grid;
  const [ones, entropy, bytes, share, name] = channels[state.channel];
  for (const node of tiles.children) node.setAttribute("aria-selected", node.id === `channel-${state.channel}`);
  tiles.setAttribute("aria-activedescendant", `channel-${state.channel}`);
  const picture = find("#channel-picture");
  paint(picture, grid, state.channel - first, Math.min(channels.length - first, data.per_grid));
  picture.style.aspectRatio = `${tile[0]} / ${tile[1]}`;
  picture.setAttribute("aria-label", `The bits of channel ${state.channel}, white is 1`);
  find("#channel-name").textContent = `Channel ${state.channel}${name ? `: ${name}` : ""}`;
  const figures = { ones, "entropy of a bit": `${entropy} bit`, "bytes in the file": `${bytes} (${share})` };
  find("#channel-figures").replaceChildren(...facts(Object.entries(figures)));
}

function choose(channel) {
  const before = Math.floor(state.channel / data.per_grid);
  state.channel = Math.min(current().channels.length - 1, Math.max(0, channel));
  Math.floor(state.channel / data.per_grid) === before ? showChannel() : showGrid();
}

tiles.addEventListener("click", ({ target }) => {
  if (target.id.startsWith("channel-")) choose(Number(target.id.slice("channel-".length)));
});
const by = (step) => () => choose(state.channel + step);
onKeys(tiles, {
  ArrowLeft: by(-1), ArrowRight: by(1), ArrowUp: by(-data.columns), ArrowDown: by(data.columns),
  PageUp: by(-data.per_grid), PageDown: by(data.per_grid), Home: by(-Infinity), End: by(Infinity),
});
find("#grid").addEventListener("change", () => choose(Number(find("#grid").value) * data.per_grid));

// The quality.

find("#all").hidden = data.qualities.length < 2;
find("#quality").addEventListener("input", ({ target }) => {
  state.quality = target.valueAsNumber;
  show();
});

function show() {
  slide("quality", data.qualities.map(({ quality, figures }) => `${quality}: ${figures[0].bytes} bytes`), state.quality);
  showPictures();
  showFigures();
  showGrid();
}

show();
