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
    axis: { ...words, gridColor: line, domainColor: axis, tickColor: axis },
    legend: { ...words, disable: true },
  };
}

// Returns what updates the chart; calls choose with the names of runs.
async function buildChart(box, key, spec, datasets, choose) {
  const canvas = html("div", { class: "canvas", tabindex: 0, role: "group", "aria-label": `${TITLES[key]}: a chart. The arrow keys step through its values, Enter chooses` });
  const tip = html("p", { class: "tip", role: "status" }), ring = html("span", { class: "ring", hidden: true });
  box.append(html("figure", { class: key === "parallel" ? "chart wide" : "chart", "data-chart": key }, html("h3", {}, TITLES[key]), canvas, ring, tip));
  let view, current = -1;

  const runsOf = (datum) => datum.run ? [datum.run] : datasets.runs.filter((row) => row.drawn && ["noise", "penalty"].every((name) => row[name] === datum[name])).map((row) => row.run);
  const say = (value) => Object.entries(value).map(([name, text]) => `${name} ${text}`).join("\n");

  function tell(value, x, y) {
    tip.textContent = value ? say(value) : "";
    if (!value) return;
    tip.style.left = `${Math.max(0, Math.min(x - tip.offsetWidth / 2, canvas.clientWidth - tip.offsetWidth))}px`;
    tip.style.top = `${canvas.offsetTop + y - tip.offsetHeight - 12}px`;
  }

  // The marks that have something to tell, from left to right.
  function marks() {
    const found = [];
    (function walk(mark, x, y) {
      for (const item of mark.items ?? []) {
        const [left, top] = [x + (item.x ?? 0), y + (item.y ?? 0)];
        if (mark.marktype === "group") item.items.forEach((below) => walk(below, left, top));
        else if (mark.marktype === "symbol" && item.tooltip) found.push({ item, x: left, y: top });
      }
    })(view.scenegraph().root, ...view.origin());
    return found.sort((a, b) => a.x - b.x || a.y - b.y);
  }

  function go(number) {
    const all = marks(), mark = all[Math.max(0, Math.min(number, all.length - 1))];
    current = mark ? all.indexOf(mark) : -1;
    ring.hidden = !mark;
    if (!mark) return tell();
    ring.style.left = `${canvas.offsetLeft + mark.x}px`;
    ring.style.top = `${canvas.offsetTop + mark.y}px`;
    tell(mark.item.tooltip, mark.x, mark.y);
  }

  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowRight: current + 1, ArrowDown: current + 1, ArrowLeft: current - 1, ArrowUp: current - 1, Home: 0, End: Infinity };
    if (event.key in moves) go(moves[event.key]);
    else if (event.key === "Enter" || event.key === " ") marks()[current] && choose(runsOf(marks()[current].item.datum));
    else if (event.key === "Escape") leave();
    else return;
    event.preventDefault();
  });
  const leave = () => {
    [current, ring.hidden] = [-1, true];
    tell();
  };
  canvas.addEventListener("blur", leave);
  canvas.addEventListener("pointerleave", () => tell());

  let last = {};
  async function draw() {
    view?.finalize();
    const options = { ast: true, logLevel: 1, actions: false, defaultStyle: false, renderer: "canvas", config: theme(), tooltip: (_, event, item, value) => tell(typeof value === "object" && value, event?.offsetX, event?.offsetY) };
    const sized = { ...spec, datasets, width: "container", height: key === "parallel" ? 260 : 280, autosize: { type: "fit-x", contains: "padding" } };
    view = (await vegaEmbed(canvas, sized, options)).view;
    view.addEventListener("click", (_, item) => item?.datum && item.mark.name !== "cell" && choose(runsOf(item.datum)));
    if (key === "rate_distortion") {
      let timer;
      view.addSignalListener("brush", (_, { bpp, psnr_binary: psnr }) => {
        clearTimeout(timer);
        if (!bpp || !psnr) return;
        const inside = (value, ends) => Math.min(...ends) <= value && value <= Math.max(...ends);
        timer = setTimeout(() => choose(datasets.runs.filter((row) => row.drawn && inside(row.bpp, bpp) && inside(row.psnr_binary, psnr)).map((row) => row.run), true), 200);
      });
    }
    await update(last);
  }

  async function update(signals) {
    last = signals;
    for (const [name, value] of Object.entries(signals)) view.signal(name, value);
    await view.runAsync();
  }

  await draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  return update;
}
