// Two pictures of equal size in one place: a divider or their difference, zoomed and moved as one.

function createStage(width, height) {
  const viewport = find("#viewport"), divider = find("#divider");
  const layers = viewport.querySelectorAll(".layer img");
  const place = { zoom: 1, x: 0.5, y: 0.5, divider: 50 };
  const mode = () => find("#modes input:checked").value;

  function resize(newWidth, newHeight) {
    [width, height] = [newWidth, newHeight];
    viewport.style.aspectRatio = `${width} / ${height}`;
    viewport.style.maxWidth = `min(100%, ${(78 * width) / height}vh)`;
    draw();
  }

  function draw() {
    const room = viewport.clientWidth;
    if (!room) return;
    const scale = (room / width) * place.zoom;
    // The middle of what is seen may not come nearer to an edge than half of what is seen.
    const half = 0.5 / place.zoom;
    for (const axis of ["x", "y"]) place[axis] = Math.min(1 - half, Math.max(half, place[axis]));
    const left = room / 2 - place.x * width * scale;
    const top = (room * height) / width / 2 - place.y * height * scale;
    for (const image of layers) {
      image.style.width = `${width * scale}px`;
      image.style.height = `${height * scale}px`;
      image.style.transform = `translate(${left}px, ${top}px)`;
      image.style.imageRendering = scale * devicePixelRatio >= 2 ? "pixelated" : "auto";
    }
    viewport.dataset.mode = mode();
    divider.style.left = `${place.divider}%`;
    divider.setAttribute("aria-valuenow", Math.round(place.divider));
    divider.setAttribute("aria-valuetext", `${Math.round(place.divider)} % of the width is ${find("#tag-left").textContent}`);
    divider.hidden = mode() !== "divider";
    find("#layer-right").style.clipPath = mode() === "divider" ? `inset(0 0 0 ${place.divider}%)` : "none";
    find("#layer-map").hidden = mode() !== "map";
    find("#zoom").textContent = `${Math.round(100 * scale)} %`;
    find("#zoom-out").disabled = find("#zoom-fit").disabled = place.zoom <= 1;
    find("#zoom-in").disabled = scale >= 16;
  }

  function zoom(factor, x = place.x, y = place.y) {
    const most = Math.max(1, (16 * width) / viewport.clientWidth);
    const before = place.zoom;
    place.zoom = Math.min(most, Math.max(1, place.zoom * factor));
    // What is under the pointer stays there.
    place.x = x + (place.x - x) * (before / place.zoom);
    place.y = y + (place.y - y) * (before / place.zoom);
    draw();
  }

  function divide(percent) {
    place.divider = Math.min(100, Math.max(0, percent));
    draw();
  }

  function drag(node, moved) {
    node.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.stopPropagation();
      node.setPointerCapture(event.pointerId);
      let last = event;
      const move = (now) => {
        moved(now, now.clientX - last.clientX, now.clientY - last.clientY);
        last = now;
      };
      node.addEventListener("pointermove", move);
      const stop = () => node.removeEventListener("pointermove", move);
      node.addEventListener("pointerup", stop, { once: true });
      node.addEventListener("pointercancel", stop, { once: true });
    });
  }

  function pan(dx, dy) {
    const box = viewport.getBoundingClientRect();
    place.x -= dx / box.width / place.zoom;
    place.y -= dy / box.height / place.zoom;
    draw();
  }

  drag(divider, (event) => {
    const box = viewport.getBoundingClientRect();
    divide((100 * (event.clientX - box.left)) / box.width);
  });
  drag(viewport, (event, dx, dy) => pan(dx, dy));
  const by = (step) => ({ shiftKey }) => divide(place.divider + step * (shiftKey ? 5 : 1));
  onKeys(divider, {
    ArrowLeft: by(-2), ArrowDown: by(-2), ArrowRight: by(2), ArrowUp: by(2),
    PageDown: by(-10), PageUp: by(10), Home: () => divide(0), End: () => divide(100),
  });
  onKeys(viewport, {
    "+": () => zoom(Math.SQRT2), "=": () => zoom(Math.SQRT2), "-": () => zoom(Math.SQRT1_2), 0: () => zoom(0),
    ArrowLeft: () => pan(40, 0), ArrowRight: () => pan(-40, 0), ArrowUp: () => pan(0, 40), ArrowDown: () => pan(0, -40),
  });
  const under = (event) => {
    const box = viewport.getBoundingClientRect();
    return [
      place.x + ((event.clientX - box.left) / box.width - 0.5) / place.zoom,
      place.y + ((event.clientY - box.top) / box.height - 0.5) / place.zoom,
    ];
  };
  viewport.addEventListener("dblclick", (event) => zoom(2, ...under(event)));
  // Without Ctrl the wheel scrolls the page, as everywhere.
  viewport.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(2 ** (-event.deltaY / 200), ...under(event));
  }, { passive: false });
  find("#zoom-in").addEventListener("click", () => zoom(2));
  find("#zoom-out").addEventListener("click", () => zoom(0.5));
  find("#zoom-fit").addEventListener("click", () => zoom(0));
  find("#modes").addEventListener("change", draw);
  new ResizeObserver(draw).observe(viewport);
  resize(width, height);

  return {
    resize,
    show(side, source, text) {
      const image = find(`#picture-${side}`);
      if (image.getAttribute("src") !== source) image.src = source;
      image.alt = text;
      find(`#tag-${side}`).textContent = text;
      draw();
    },
    map(source, text) {
      find("#mode-map").hidden = false;
      const image = find("#picture-map");
      image.src = source;
      image.alt = text;
    },
  };
}
