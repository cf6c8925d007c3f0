// Elements, made without markup: whatever a file says stays text.

const find = (selector, root = document) => root.querySelector(selector);

function html(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

// The options of a select, the chosen one kept if it is still there.
function offer(select, choices) {
  const before = select.value;
  select.replaceChildren(...choices.map(([value, text]) => html("option", { value }, text)));
  if (choices.some(([value]) => String(value) === before)) select.value = before;
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
