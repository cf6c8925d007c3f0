// Charts as SVG. Points come with their places in [0, 1] and the text that describes them.

const WIDTH = 600;
const HEIGHT = 380;
const PLOT = { left: 52, right: 590, top: 34, bottom: 330 };
const REACH = 40;
const DASHES = { dashed: "7 5", dotted: "1.5 4" };

function buildChart(chart) {
  const x = (place) => PLOT.left + place * (PLOT.right - PLOT.left);
  const y = (place) => PLOT.bottom - place * (PLOT.bottom - PLOT.top);
  const points = chart.series
    .flatMap((series) => series.points)
    .map(([px, py, , , label]) => ({ x: x(px), y: y(py), label }))
    .sort((a, b) => a.x - b.x || a.y - b.y);
  const ring = svg("circle", { class: "ring", r: 8, visibility: "hidden" });
  const picture = svg(
    "svg",
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      tabindex: 0,
      role: "group",
      "aria-label": `${chart.title}: ${chart.y.label} against ${chart.x.label}. ` +
        `The arrow keys step through ${points.length} values.`,
    },
    ...axes(chart, x, y),
    ...chart.series.map((series) => drawn(series, x, y, chart.band)),
    ring,
  );
  const tip = html("div", { class: "tip", role: "status" });
  const figure = html(
    "figure",
    { class: "chart", "data-chart": chart.key },
    html("h3", {}, chart.title),
    picture,
    legend(chart.series),
    ...(chart.note ? [html("p", { class: "note" }, chart.note)] : []),
    tip,
  );
  listen(picture, points, (point) => tell(point, { figure, picture, ring, tip }));
  return figure;
}

function axes(chart, x, y) {
  const lines = chart.y.ticks.flatMap(([place, text]) => [
    svg("line", { class: "gridline", x1: PLOT.left, x2: PLOT.right, y1: y(place), y2: y(place) }),
    svg("text", { x: PLOT.left - 8, y: y(place) + 4, "text-anchor": "end" }, text),
  ]);
  const marks = chart.x.ticks.flatMap(([place, text]) => [
    svg("line", { class: "axisline", x1: x(place), x2: x(place), y1: PLOT.bottom, y2: PLOT.bottom + 5 }),
    svg("text", { x: x(place), y: PLOT.bottom + 20, "text-anchor": "middle" }, text),
  ]);
  const middle = (PLOT.left + PLOT.right) / 2;
  return [
    ...lines,
    svg("line", { class: "axisline", x1: PLOT.left, x2: PLOT.right, y1: PLOT.bottom, y2: PLOT.bottom }),
    ...marks,
    svg("text", { x: 0, y: 20 }, chart.y.label),
    svg("text", { x: middle, y: PLOT.bottom + 42, "text-anchor": "middle" }, chart.x.label),
  ];
}

function drawn(series, x, y, opacity) {
  const group = svg("g", { class: "series", "--hue": series.hue, "--lift": series.lift });
  const places = series.points.map(([px, py]) => `${x(px)} ${y(py)}`);
  if (series.curve) {
    const edge = (end) => series.points.map((point) => `${x(point[0])} ${y(point[end])}`);
    const outline = [...edge(3), ...edge(2).reverse()];
    group.append(svg("path", { class: "band", "fill-opacity": opacity, d: `M${outline.join("L")}Z` }));
  }
  if (series.line !== "none" && places.length > 1) {
    const attributes = { d: `M${places.join("L")}`, "stroke-dasharray": DASHES[series.line] };
    group.append(svg("path", attributes));
  }
  for (const [px, py, low, high] of series.curve ? series.points.slice(-1) : series.points) {
    if (low !== high && !series.curve) group.append(svg("line", { x1: x(px), x2: x(px), y1: y(low), y2: y(high) }));
    const kind = series.line === "dashed" ? "hollow" : "mark";
    group.append(svg("path", { class: kind, d: shape(series.marker, x(px), y(py), 5) }));
  }
  return group;
}

// Circle, square, triangle, diamond, its reverse and a cross, as plots.py has them.
function shape(number, x, y, r) {
  const path = (...corners) => `M${corners.map(([dx, dy]) => `${x + dx * r} ${y + dy * r}`).join("L")}Z`;
  const a = 0.35;
  return [
    () => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`,
    () => path([-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]),
    () => path([0, -1.15], [1.1, 0.8], [-1.1, 0.8]),
    () => path([0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]),
    () => path([0, 1.15], [1.1, -0.8], [-1.1, -0.8]),
    () => path([-a, -1], [a, -1], [a, -a], [1, -a], [1, a], [a, a], [a, 1], [-a, 1], [-a, a], [-1, a], [-1, -a], [-a, -a]),
  ][number % 6]();
}

function legend(series) {
  const listed = series.filter((each) => each.listed && each.name);
  return html(
    "ul",
    { class: "legend" },
    ...listed.map((each) =>
      html(
        "li",
        { class: "key", "--hue": each.hue, "--lift": each.lift },
        svg("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, svg("path", { d: shape(each.marker, 6, 6, 5) })),
        each.name,
      ),
    ),
  );
}

// Calls tell with the point under the pointer or the arrow keys, or with undefined.
function listen(picture, points, tell) {
  let current = -1;
  const choose = (number) => {
    current = number;
    tell(points[number]);
  };
  picture.addEventListener("pointermove", (event) => {
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
    const distances = points.map((point) => Math.hypot(point.x - place.x, point.y - place.y));
    const best = distances.indexOf(Math.min(...distances));
    choose(distances[best] <= REACH ? best : -1);
  });
  picture.addEventListener("pointerleave", () => choose(-1));
  picture.addEventListener("blur", () => choose(-1));
  picture.addEventListener("keydown", (event) => {
    const last = points.length - 1;
    const next = {
      ArrowRight: Math.min(current + 1, last),
      ArrowUp: Math.min(current + 1, last),
      ArrowLeft: Math.max(current - 1, 0),
      ArrowDown: Math.max(current - 1, 0),
      Home: 0,
      End: last,
      Escape: -1,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
  });
}

function tell(point, { figure, picture, ring, tip }) {
  ring.setAttribute("visibility", point ? "visible" : "hidden");
  tip.textContent = point ? point.label : "";
  if (!point) return;
  ring.setAttribute("cx", point.x);
  ring.setAttribute("cy", point.y);
  const place = new DOMPoint(point.x, point.y).matrixTransform(picture.getScreenCTM());
  const box = figure.getBoundingClientRect();
  const left = Math.min(Math.max(place.x - box.left - tip.offsetWidth / 2, 4), box.width - tip.offsetWidth - 4);
  tip.style.left = `${left}px`;
  tip.style.top = `${place.y - box.top - tip.offsetHeight - 14}px`;
}
