// Elements, made without markup: whatever a file says stays text.

const find = (selector, root = document) => root.querySelector(selector);

// An attribute that is a function is called on the event of its name.
function html(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(key, value);
    else if (value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

// Names and what they are, for a list of the kind `dl`.
function facts(pairs) {
  return pairs.map(([name, text]) => html("div", {}, html("dt", {}, name), html("dd", {}, text)));
}

// The options of a select, the chosen one kept if it is still there.
function offer(select, choices) {
  const before = select.value;
  select.replaceChildren(...choices.map(([value, text]) => html("option", { value }, text)));
  if (choices.some(([value]) => String(value) === before)) select.value = before;
}

// A slider over places that have names; hidden if there is nothing to choose.
function slide(name, places, number) {
  const slider = find(`#${name}`), text = places[number] ?? "";
  slider.max = Math.max(0, places.length - 1);
  slider.value = number;
  slider.setAttribute("aria-valuetext", text);
  find(`#${name}-value`).textContent = text;
  find(`#${name}-label`).hidden = places.length < 2;
}

// Does what a key stands for, and nothing else that the browser might.
function onKeys(node, actions) {
  node.addEventListener("keydown", (event) => {
    if (event.target !== node || !(event.key in actions) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    actions[event.key](event);
  });
}

function readData() {
  const data = JSON.parse(find("#data").textContent);
  document.title = find("#title").textContent = data.title;
  find("#summary").textContent = data.summary;
  const list = find("#notes");
  if (data.notes.length) {
    list.hidden = false;
    const count = data.notes.length === 1 ? "One thing" : `${data.notes.length} things`;
    find("summary", list).textContent = `${count} to know before reading on`;
    find("ul", list).append(...data.notes.map((note) => html("li", {}, note)));
  }
  return data;
}
