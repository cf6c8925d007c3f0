// Charts by Vega: drawn in the page's colours, told to pointer and keyboard, linked with the rest.

const TITLES = {
  gap: "When does the bitmap suffice?",
  psnr: "What either reading is worth; dashed: the sigmoid",
  penalty_0: "What the penalty does to the files",
  penalty_1: "What it does to the bitmap",
  rate_distortion: "Rate and distortion",
  learning_curves: "Learning: the error in training",
  learning_curves_0: "Learning: the binarized reading",
  learning_curves_1: "Learning: the sigmoid reading",
  parallel: "All that varies, and what came of it",
};

function theme() {
  const style = getComputedStyle(document.documentElement);
  const [faint, line, axis] = ["--faint", "--line", "--axis"].map((name) => style.getPropertyValue(name).trim());
  const words = { labelColor: faint, titleColor: faint, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 500 };
  return {
    background: "transparent", font: "system-ui, sans-serif", view: { stroke: null }, text: { color: faint },
    axis: { ...words, gridColor: line, domainColor: axis, tickColor: axis }, legend: { ...words, disable: true },
  };
}

// Returns what updates the chart; calls choose with the names of runs, and whether instead of others.
async function buildChart({ key, spec }, datasets, choose) {
  const label = `${TITLES[key]}: a chart. The arrow keys step through its values, Enter chooses`;
  const canvas = html("div", { class: "canvas", tabindex: 0, role: "group", "aria-label": label });
  const tip = html("p", { class: "tip", role: "status" }), ring = html("span", { class: "ring", hidden: true });
  find(".charts").append(html("figure", { class: "chart", "data-chart": key }, html("h3", {}, TITLES[key]), canvas, ring, tip));
  let view, current = -1, signals = {};

  const drawn = (test) => datasets.runs.filter((row) => row.drawn && test(row)).map((row) => row.run);
  const runsOf = (datum) => datum.run ? [datum.run] : drawn((row) => row.noise === datum.noise && row.penalty === datum.penalty);

  function tell(value, x, y) {
    tip.textContent = Object.entries(value || {}).map((pair) => pair.join(" ")).join("\n");
    tip.style.left = `${Math.max(0, Math.min(x - tip.offsetWidth / 2, canvas.clientWidth - tip.offsetWidth))}px`;
    tip.style.top = `${canvas.offsetTop + y - tip.offsetHeight - 12}px`;
  }

  // The marks that have something to tell, from left to right.
  function marks(mark = view.scenegraph().root, [x, y] = view.origin()) {
    const found = (mark.items ?? []).flatMap((item) => {
      const [left, top] = [x + (item.x ?? 0), y + (item.y ?? 0)];
      if (mark.marktype === "group") return item.items.flatMap((below) => marks(below, [left, top]));
      return mark.marktype === "symbol" && item.tooltip ? [{ item, x: left, y: top }] : [];
    });
    return found.sort((a, b) => a.x - b.x || a.y - b.y);
  }

  // To another mark; to none for NaN.
  function go(number) {
    const all = marks();
    current = Math.max(0, Math.min(number, all.length - 1));
    const { item, x, y } = all[current] ?? {};
    ring.hidden = !item;
    ring.style.left = `${canvas.offsetLeft + x}px`;
    ring.style.top = `${canvas.offsetTop + y}px`;
    tell(item?.tooltip, x, y);
  }
  const leave = () => go((current = NaN));
  const forth = () => go((current + 1) || 0), back = () => go((current - 1) || 0);
  const pick = () => marks()[current] && choose(runsOf(marks()[current].item.datum));
  onKeys(canvas, {
    ArrowRight: forth, ArrowDown: forth, ArrowLeft: back, ArrowUp: back,
    Home: () => go(0), End: () => go(Infinity), Enter: pick, " ": pick, Escape: leave,
  });
  canvas.addEventListener("blur", leave);
  canvas.addEventListener("pointerleave", () => tell());

  async function draw() {
    view?.finalize();
    const tooltip = (_, event, item, value) => tell(typeof value === "object" && value, event?.offsetX, event?.offsetY);
    const options = { ast: true, logLevel: 1, actions: false, defaultStyle: false, renderer: "canvas", config: theme(), tooltip };
    const size = { width: "container", height: 280, autosize: { type: "fit-x", contains: "padding" } };
    view = (await vegaEmbed(canvas, { ...spec, ...size, datasets }, options)).view;
    view.addEventListener("click", (_, item) => item?.datum && choose(runsOf(item.datum)));
    if (key === "rate_distortion") view.addSignalListener("brush", (_, box) => brush(box));
    await update(signals);
  }

  // A box is still being drawn: what it holds is chosen when it rests.
  let timer;
  function brush({ bpp, psnr_binary: psnr }) {
    clearTimeout(timer);
    const inside = (value, ends) => Math.min(...ends) <= value && value <= Math.max(...ends);
    const held = () => drawn((row) => inside(row.bpp, bpp) && inside(row.psnr_binary, psnr));
    if (bpp && psnr) timer = setTimeout(() => choose(held(), true), 200);
  }

  async function update(wanted) {
    signals = wanted;
    for (const [name, value] of Object.entries(signals)) view.signal(name, value);
    await view.runAsync();
  }

  await draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  return update;
}
