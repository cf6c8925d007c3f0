// Photographs of two runs under one divider, their codes, and sliders over steps and noise.

const PARTS = { input: "input", sigmoid: "sigmoid", binary: "binarized" };
const CODES = { code: "Sigmoid code", bitmap: "Bitmap" };

// Returns what has the photographs follow the choice; calls choose with the name of a run.
function buildPhotographs({ images, photographs, frames }, rows, choose) {
  const names = Object.keys(frames);
  if (!names.length) return () => {};
  find("#photographs").hidden = false;
  const stage = createStage(1, 1);
  const known = Object.fromEntries(rows.map((row) => [row.run, row]));
  const value = (id) => find(`#${id}`).value;
  const said = (run) => `${run} (noise ${known[run].noise}, penalty ${known[run].penalty})`;
  const listed = (run) => frames[run][value("photograph")] ?? [];
  const number = (step) => step?.toLocaleString("en") ?? "the last";

  offer(find("#photograph"), photographs.map((name) => [name, name.replace("image_", "")]));
  find("#photograph-label").hidden = photographs.length < 2;
  for (const side of ["left", "right"]) {
    offer(find(`#${side}-run`), names.map((run) => [run, said(run)]));
    offer(find(`#${side}-part`), Object.entries(PARTS));
  }
  find("#right-part").value = "binary";

  // Runs that differ from the right one in nothing but the noise.
  function noises() {
    const { penalty, seed } = known[value("right-run")];
    const alike = names.filter((run) => known[run].penalty === penalty && known[run].seed === seed);
    return alike.sort((a, b) => known[a].noise_std - known[b].noise_std);
  }

  // Other runs have other steps: unless told otherwise, the last is shown.
  function show(step = Infinity) {
    const steps = listed(value("right-run")).map((frame) => frame.step);
    const place = Math.min(step, steps.length - 1), alike = noises();
    slide("step", steps.map(number), place);
    slide("noise", alike.map((run) => known[run].noise), alike.indexOf(value("right-run")));
    for (const side of ["left", "right"]) showSide(side, steps[place] ?? Infinity);
  }

  // A run that has no pictures of this step shows those before it.
  function showSide(side, step) {
    const run = value(`${side}-run`), part = value(`${side}-part`), codes = find(`#${side}-codes`);
    const frame = listed(run).findLast((other) => (other.step ?? Infinity) <= step) ?? listed(run)[0];
    codes.hidden = side === "left" && run === value("right-run");
    codes.replaceChildren(html("h3", {}, frame ? said(run) : `${run} has no such photograph`));
    if (!frame) return;
    if (side === "left") stage.resize(...frame.size);
    const at = frame.step === null ? "" : `, step ${number(frame.step)}`;
    stage.show(side, images[frame[part]], part === "input" ? "input" : `${run}, ${PARTS[part]}${at}`);
    codes.append(html("dl", { class: "row" }, ...facts(frame.figures)));
    for (const [key, name] of Object.entries(CODES).filter(([key]) => key in frame)) {
      const grid = html("img", { src: images[frame[key]], alt: `${name} of ${run}, a tile a channel` });
      codes.append(html("figure", {}, grid, html("figcaption", {}, `${name}, a tile a channel, white is 1`)));
    }
  }

  find("#sides").addEventListener("change", () => show());
  find("#step").addEventListener("input", ({ target }) => show(target.valueAsNumber));
  find("#noise").addEventListener("input", ({ target }) => {
    find("#right-run").value = noises()[target.valueAsNumber];
    show();
  });
  show();

  // The first two of the runs that are chosen; one alone lies beside its input.
  return ({ shown, chosen }) => {
    const [left, right = left] = chosen.filter((run) => run in frames);
    if (left) {
      find("#left-run").value = left;
      find("#left-part").value = left === right ? "input" : "binary";
      find("#right-run").value = right;
      show();
    }
    const seen = names.filter((run) => shown.includes(run) && listed(run).length);
    find("#gallery").replaceChildren(...seen.map((run) => {
      const picture = html("img", { src: images[listed(run).at(-1).binary], alt: "" });
      const state = { "aria-pressed": String(chosen.includes(run)), click: () => choose([run]) };
      return html("button", { type: "button", ...state }, picture, said(run));
    }));
  };
}
