// Charts by Vega: drawn in the page's colours, told to pointer and keyboard, linked with the rest.

const [faint, grid, axis] = ["var(--faint)", "var(--line)", "var(--axis)"];
const words = { labelColor: faint, labelFontSize: 12, titleColor: faint, titleFontSize: 12 };
const rules = { gridColor: grid, domainColor: axis, tickColor: axis };
const CONFIG = {
  axis: { ...words, ...rules, titleFontWeight: 500 }, background: null, font: "system-ui, sans-serif",
  legend: { disable: true }, text: { color: faint }, view: { stroke: null },
};

// Returns what updates the chart; calls choose with the names of runs, and whether instead of others.
async function buildChart({ key, spec: { title, ...spec } }, datasets, choose) {
  const label = `${title}: a chart. The arrow keys step through its values, Enter chooses`;
  const canvas = html("div", { class: "canvas", tabindex: 0, role: "group", "aria-label": label });
  const tip = html("p", { class: "tip", role: "status" });
  const parts = [html("h3", {}, title), canvas, tip];
  find(".charts").append(html("figure", { class: "chart", "data-chart": key }, ...parts));

  const drawn = (test) => datasets.runs.filter((row) => row.drawn && test(row)).map((row) => row.run);
  const alike = ({ noise, penalty }) => drawn((row) => row.noise === noise && row.penalty === penalty);
  const runsOf = (datum) => datum.run ? [datum.run] : alike(datum);
  const place = (mark) => mark.getBoundingClientRect();

  function tell(mark) {
    tip.textContent = Object.entries(mark?.__data__.tooltip ?? {}).map((pair) => pair.join(" ")).join("\n");
    if (!mark) return;
    const { left, top, width } = place(mark), frame = place(canvas);
    const most = frame.width - tip.offsetWidth, middle = left + width / 2 - frame.left - tip.offsetWidth / 2;
    tip.style.left = `${Math.max(0, Math.min(middle, most))}px`;
    tip.style.top = `${canvas.offsetTop + top - frame.top - tip.offsetHeight - 6}px`;
  }

  // To another of the marks that have something to tell, from left to right; to none for NaN.
  let current = -1;
  function go(number) {
    const told = [...canvas.querySelectorAll(".mark-symbol path")].filter((mark) => mark.__data__.tooltip);
    const marks = told.sort(({ __data__: a }, { __data__: b }) => a.x - b.x || a.y - b.y);
    current = Math.max(0, Math.min(number, marks.length - 1));
    for (const mark of marks) mark.classList.toggle("current", mark === marks[current]);
    tell(marks[current]);
  }
  const forth = () => go((current + 1) || 0), back = () => go((current - 1) || 0);
  const leave = () => go(NaN);
  function pick() {
    const mark = find(".current", canvas);
    if (mark) choose(runsOf(mark.__data__.datum));
  }
  onKeys(canvas, {
    ArrowRight: forth, ArrowDown: forth, ArrowLeft: back, ArrowUp: back,
    Home: () => go(0), End: () => go(Infinity), Enter: pick, " ": pick, Escape: leave,
  });
  canvas.addEventListener("blur", leave);

  const size = { width: "container", height: 280, autosize: { type: "fit-x", contains: "padding" } };
  const tooltip = (_, event, item, value) => tell(value && item._svg);
  const plain = { ast: true, logLevel: 1, actions: false, defaultStyle: false };
  const options = { ...plain, renderer: "svg", config: CONFIG, tooltip };
  const { view } = await vegaEmbed(canvas, { ...size, ...spec, datasets }, options);
  find("svg", canvas).ariaHidden = "true";
  view.addEventListener("click", (_, item) => item?.datum && choose(runsOf(item.datum)));

  // A box is still being drawn: what it holds is chosen when it rests.
  let timer;
  const held = (box) => drawn((row) => Object.entries(box).every(([field, [low, high]]) =>
    row[field] !== null && (row[field] - low) * (row[field] - high) <= 0));
  if (key === "rate_distortion") view.addSignalListener("brush", (_, box) => {
    clearTimeout(timer);
    if (box.bpp) timer = setTimeout(() => choose(held(box), true), 200);
  });
  return ({ shown, chosen }) => view.signal("shown", shown).signal("chosen", chosen).runAsync();
}
