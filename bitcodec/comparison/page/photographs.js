// Photographs of two runs under one divider, their codes, and a slider over steps and noise.

const PARTS = { input: "input", sigmoid: "sigmoid", binary: "binarized" };

function buildPhotographs({ images, photographs, frames }, runs) {
  const names = Object.keys(frames);
  if (!names.length) return () => {};
  find("#photographs").hidden = false;
  const stage = createStage(1, 1);
  const known = Object.fromEntries(runs.map((row) => [row.run, row]));
  const value = (id) => find(`#${id}`).value;
  const said = (run) => `${run} (noise ${known[run].noise}, penalty ${known[run].penalty})`;
  offer(find("#photograph"), photographs.map((name) => [name, name.replace("image_", "")]));
  find("#photograph-label").hidden = photographs.length < 2;
  for (const side of ["left", "right"]) {
    offer(find(`#${side}-run`), names.map((run) => [run, said(run)]));
    offer(find(`#${side}-part`), Object.entries(PARTS));
  }
  find("#right-part").value = "binary";
  find("#right-run").value = find("#left-run").value = names[0];

  const listed = (run) => frames[run]?.[value("photograph")] ?? [];
  const steps = () => [...new Set(["left", "right"].flatMap((side) => listed(value(`${side}-run`)).map((frame) => frame.step)))].sort((a, b) => (a ?? Infinity) - (b ?? Infinity));

  // The frame of a run after so many steps, or the one before.
  function frame(run, step) {
    const before = listed(run).filter((other) => (other.step ?? Infinity) <= (step ?? Infinity));
    return before.at(-1) ?? listed(run)[0];
  }

  // Runs that differ from this one in nothing but the noise.
  function noises(run) {
    const { penalty, seed } = known[run];
    return names.filter((other) => known[other].penalty === penalty && known[other].seed === seed).sort((a, b) => known[a].x_noise - known[b].x_noise);
  }

  let shown = 0;
  async function show() {
    const ticket = ++shown, all = steps(), slider = find("#step");
    slider.max = Math.max(0, all.length - 1);
    find("#step-label").hidden = all.length < 2;
    const step = all[slider.valueAsNumber] ?? null, text = step === null ? "the last" : step.toLocaleString("en");
    find("#step-value").textContent = text;
    slider.setAttribute("aria-valuetext", text);
    const along = noises(value("right-run")), noise = find("#noise");
    noise.max = Math.max(0, along.length - 1);
    noise.value = along.indexOf(value("right-run"));
    find("#noise-label").hidden = along.length < 2;
    find("#noise-value").textContent = known[value("right-run")].noise;
    noise.setAttribute("aria-valuetext", known[value("right-run")].noise);
    for (const side of ["left", "right"]) {
      const run = value(`${side}-run`), part = value(`${side}-part`), found = frame(run, step);
      const codes = find(`#${side}-codes`);
      codes.hidden = side === "left" && run === value("right-run");
      codes.replaceChildren(html("h3", {}, found ? said(run) : `${run} has no such photograph`));
      if (!found) continue;
      const at = found.step === null ? "" : `, step ${found.step.toLocaleString("en")}`;
      const source = images[found[part]], image = new Image();
      image.src = source;
      await image.decode();
      if (ticket !== shown) return;
      if (side === "left") stage.resize(image.naturalWidth, image.naturalHeight);
      stage.show(side, source, part === "input" ? "input" : `${run}, ${PARTS[part]}${at}`);
      codes.append(html("dl", { class: "figures" }, ...found.figures.map(([name, text]) => html("div", {}, html("dt", {}, name), html("dd", {}, text)))));
      for (const [key, name] of [["code", "Sigmoid code"], ["bitmap", "Bitmap"]]) {
        if (found[key] === undefined) continue;
        codes.append(html("figure", {}, html("img", { src: images[found[key]], alt: `${name} of ${run}, a tile a channel` }), html("figcaption", {}, `${name}, a tile a channel, white is 1`)));
      }
    }
  }

  for (const id of ["photograph", "left-run", "left-part", "right-run", "right-part"]) find(`#${id}`).addEventListener("change", last);
  find("#step").addEventListener("input", show);
  find("#noise").addEventListener("input", (event) => {
    find("#right-run").value = noises(value("right-run"))[event.target.valueAsNumber];
    last();
  });

  // Other runs have other steps: the slider goes back to the end.
  function last() {
    find("#step").max = Math.max(0, steps().length - 1);
    find("#step").value = find("#step").max;
    return show();
  }
  last();

  // The first two of the runs that are chosen; one alone lies beside its input.
  return (chosen, visible, choose) => {
    const ours = chosen.filter((run) => frames[run]);
    if (ours.length) {
      find("#left-run").value = ours[0];
      find("#left-part").value = ours[1] ? "binary" : "input";
      find("#right-run").value = ours[1] ?? ours[0];
      last();
    }
    const name = value("photograph");
    find("#gallery").replaceChildren(...names.filter((run) => visible.includes(run) && frames[run][name]).map((run) => {
      const button = html("button", { type: "button", "aria-pressed": String(chosen.includes(run)) }, html("img", { src: images[frames[run][name].at(-1).binary], alt: "" }), html("span", {}, said(run)));
      button.addEventListener("click", () => choose([run]));
      return button;
    }));
  };
}
