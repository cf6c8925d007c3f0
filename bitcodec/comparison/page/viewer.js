// One photograph of one run at a time: a slider for what was swept, selects for the rest.

const READINGS = { input: "input", sigmoid: "sigmoid reconstruction", binary: "binarized reconstruction" };
const PICTURE_SIDE = 400;
const CODE_WIDTH = 640;

function buildViewer(data) {
  const { slider, choices, photographs, images, frames } = data;
  if (!frames.length) return;
  find("#viewer").hidden = false;
  let frame = frames.reduce((a, b) => ((b.at[slider.key] ?? 0) < (a.at[slider.key] ?? 0) ? b : a));
  let photograph = photographs[0];

  const selects = choices.map((choice) => select(choice.name, choice.values, choice.texts));
  selects.forEach(({ input }, number) => {
    input.addEventListener("change", () => {
      const { key, values } = choices[number];
      frame = nearest(key, values[input.selectedIndex]);
      show();
    });
  });
  if (photographs.length > 1) {
    const names = photographs.map((name) => name.replace("image_", ""));
    const { input } = select("photograph", photographs, names);
    input.addEventListener("change", () => {
      photograph = photographs[input.selectedIndex];
      show();
    });
  }
  find("#slider").addEventListener("input", (event) => {
    frame = positions()[event.target.valueAsNumber];
    show();
  });
  find("#readings").addEventListener("change", show);

  function select(name, values, texts) {
    const input = html("select", {}, ...texts.map((text) => html("option", {}, text)));
    find("#choices").append(html("label", {}, name, input));
    return { input };
  }

  // Runs with the chosen values, along the slider.
  function positions() {
    return frames
      .filter((other) => choices.every(({ key }) => other.at[key] === frame.at[key]))
      .sort((a, b) => (a.at[slider.key] ?? 0) - (b.at[slider.key] ?? 0));
  }

  // Sweeps need not hold every combination: of the runs with the new value, the most alike.
  function nearest(key, value) {
    const keys = [slider, ...choices].map((choice) => choice.key);
    const likeness = (other) => keys.filter((name) => other.at[name] === frame.at[name]).length;
    return frames
      .filter((other) => other.at[key] === value)
      .reduce((best, other) => (likeness(other) > likeness(best) ? other : best));
  }

  function show() {
    const reading = find("#readings input:checked").value;
    const along = positions();
    const at = (other) => slider.texts[slider.values.indexOf(other.at[slider.key])] ?? "unset";
    const pictures = frame.pictures[photograph] ?? {};
    const caption = `${READINGS[reading]}, ${slider.name} ${at(frame)}`;
    place(find("#picture"), images[pictures[reading]], caption, PICTURE_SIDE);
    place(find("#code"), images[pictures.code], `bitmap, ${slider.name} ${at(frame)}`, CODE_WIDTH);
    find("#code-figure").hidden = pictures.code === undefined;
    find("#picture-caption").textContent = `Run ${frame.run}: ${caption}`;

    const range = find("#slider");
    range.max = Math.max(along.length - 1, 0);
    range.value = along.indexOf(frame);
    range.disabled = along.length < 2;
    range.setAttribute("aria-valuetext", at(frame));
    find("#slider-name").textContent = slider.name;
    find("#slider-value").textContent = at(frame);
    find("#slider-ticks").replaceChildren(
      ...along.map((other, number) => {
        const tick = html("span", other === frame ? { class: "here" } : {}, at(other));
        tick.style.left = `${along.length > 1 ? (100 * number) / (along.length - 1) : 50}%`;
        return tick;
      }),
    );
    selects.forEach(({ input }, number) => {
      const { key, values } = choices[number];
      input.selectedIndex = values.indexOf(frame.at[key]);
    });
    find("#figures").replaceChildren(
      ...frame.figures.map(([name, text]) =>
        html("div", {}, html("dt", {}, name), html("dd", {}, text)),
      ),
    );
  }

  // Small pictures are enlarged by whole pixels, so that what is seen is what was decoded.
  function place(image, source, text, side) {
    image.alt = text;
    image.hidden = source === undefined;
    if (source === undefined || image.src === source) return;
    image.onload = () => {
      const zoom = Math.floor(side / Math.max(image.naturalWidth, image.naturalHeight));
      image.style.width = `${Math.min(image.naturalWidth * Math.max(zoom, 1), side)}px`;
    };
    image.src = source;
  }

  show();
}
