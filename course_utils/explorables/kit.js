// What all explorables share. Python puts this text in front of each module, because
// a widget is one file.

// Numbers --------------------------------------------------------------------------

export const sum = (values) => values.reduce((total, value) => total + value, 0);
export const argmax = (values) => values.indexOf(Math.max(...values));
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
export const round = (value, step) => Math.round(value / step) * step;
export const sigmoid = (z) => 1 / (1 + Math.exp(-z));

export function softmax(z, T = 1) {
  const top = Math.max(...z); // shifted: no score is too large for exp
  const powers = z.map((value) => Math.exp((value - top) / T));
  const total = sum(powers);
  return powers.map((value) => value / total);
}

// log(1 + e^z) without overflow: the loss of a logit z whose class is 0.
export const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

// A random generator (mulberry32): the same seed, the same numbers, on every machine.
export function randomFrom(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function normalFrom(seed) {
  const random = randomFrom(seed);
  return () =>
    Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

// Lines of equal height in a grid of values: [[x1, y1, x2, y2], ...] in grid units.
export function contour(values, columns, rows, level) {
  const lines = [];
  for (let j = 0; j + 1 < rows; j++) {
    for (let i = 0; i + 1 < columns; i++) {
      const corner = [
        [i, j, values[j * columns + i]],
        [i + 1, j, values[j * columns + i + 1]],
        [i + 1, j + 1, values[(j + 1) * columns + i + 1]],
        [i, j + 1, values[(j + 1) * columns + i]],
      ];
      const ends = [];
      for (let k = 0; k < 4; k++) {
        const [x1, y1, a] = corner[k];
        const [x2, y2, b] = corner[(k + 1) % 4];
        if (a < level !== b < level) {
          const t = (level - a) / (b - a);
          ends.push([x1 + t * (x2 - x1), y1 + t * (y2 - y1)]);
        }
      }
      for (let k = 0; k + 1 < ends.length; k += 2) {
        lines.push([...ends[k], ...ends[k + 1]]);
      }
    }
  }
  return lines;
}

export const percent = (p) =>
  p > 0.9995 ? (p < 1 ? ">99.9%" : "100%") : p < 0.0005 ? "0%" : `${(100 * p).toFixed(p > 0.9945 || p < 0.0095 ? 1 : 0)}%`;

// A minus that is as wide as a plus, and no "-0.0".
export const number = (value, digits = 2) =>
  (Object.is(round(value, 10 ** -digits), -0) ? 0 : value)
    .toFixed(digits)
    .replace(/^-(?=0\.?0*$)/, "")
    .replace("-", "\u2212");

// The pieces of a page -------------------------------------------------------------

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === false || value == null) node.removeAttribute(name);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat());
  return node;
}
// Where the keys go, JupyterLab shall keep its shortcuts to itself. It asks the element
// itself, and not those around it.
const quiet = (name, { tabindex }) =>
  tabindex === 0 || ["button", "input", "select", "summary"].includes(name)
    ? { "data-lm-suppress-shortcuts": "true" }
    : {};
const h = (name, attributes = {}, ...children) =>
  fill(document.createElement(name), { ...quiet(name, attributes), ...attributes }, children);
const s = (name, attributes = {}, ...children) =>
  fill(
    document.createElementNS("http://www.w3.org/2000/svg", name),
    { ...quiet(name, attributes), ...attributes },
    children,
  );
const set = (node, attributes) => fill(node, attributes, []);

// A straight scale from numbers to places, and back.
function scale(from, to, start, end) {
  const place = (value) => start + ((value - from) / (to - from)) * (end - start);
  place.inverse = (x) => from + ((x - start) / (end - start)) * (to - from);
  return place;
}

// A box with a heading and a drawing; width and height are those of its units.
function panel(title, width, height, label = title) {
  const drawing = s("svg", {
    viewBox: `0 0 ${width} ${height}`,
    role: "group",
    "aria-label": label,
  });
  const heading = h("p", { class: "cx-heading" }, title);
  const box = h("div", { class: "cx-panel" }, heading, drawing);
  return { box, svg: drawing, heading, width, height };
}

function axisText(svg, x, y, words, attributes = {}) {
  const node = s("text", { x, y, class: "cx-axis", ...attributes }, words);
  svg.append(node);
  return node;
}

// The mark of a class: circle, square, triangle, diamond; never the colour alone.
const MARKS = [
  (r) => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
  (r) => `M${-r * 0.9} ${-r * 0.9}h${1.8 * r}v${1.8 * r}h${-1.8 * r}z`,
  (r) => `M0 ${-1.15 * r}L${1.1 * r} ${0.85 * r}L${-1.1 * r} ${0.85 * r}z`,
  (r) => `M0 ${-1.25 * r}L${1.25 * r} 0L0 ${1.25 * r}L${-1.25 * r} 0z`,
];
const mark = (k, r, attributes = {}) =>
  s("path", { d: MARKS[k % 4](r), class: `cx-mark cx-c${k % 4}`, ...attributes });

// A round grip that says by its look: take me.
function grip(radius = 11, letter = "") {
  const group = s(
    "g",
    { class: "cx-grip", tabindex: 0 },
    s("circle", { r: Math.max(22, radius), class: "cx-touch" }),
    s("circle", { r: radius + 5, class: "cx-halo" }),
    s("circle", { r: radius, class: "cx-knob" }),
  );
  if (letter) group.append(s("text", { y: 4, class: "cx-letter" }, letter));
  return group;
}

// Drag with a finger, a mouse or a pen, or move with the arrow keys.
function draggable(app, node, { start, move, keys, end }) {
  let grabbed = null;
  const place = (event) => {
    const svg = node.ownerSVGElement ?? node;
    const point = new DOMPoint(event.clientX, event.clientY);
    return point.matrixTransform(svg.getScreenCTM().inverse());
  };
  const finish = () => {
    if (grabbed === null) return;
    grabbed = null;
    node.classList.remove("cx-held");
    end?.();
    app.commit();
  };
  // Chromium heeds no touch-action inside a drawing, and would scroll the page.
  const still = (event) => event.preventDefault();
  node.addEventListener("touchstart", still, { passive: false });
  set(node, {
    onpointerdown: (event) => {
      if (event.button) return;
      event.preventDefault();
      node.focus({ preventScroll: true });
      node.setPointerCapture(event.pointerId);
      node.classList.add("cx-held");
      const { x, y } = place(event);
      grabbed = start?.(x, y, event) ?? {};
      app.touched();
    },
    onpointermove: (event) => {
      if (grabbed === null) return;
      const { x, y } = place(event);
      move(x, y, grabbed);
    },
    onpointerup: finish,
    onpointercancel: finish,
    onkeydown: (event) => {
      const direction = {
        ArrowLeft: [-1, 0],
        ArrowRight: [1, 0],
        ArrowUp: [0, 1],
        ArrowDown: [0, -1],
      }[event.key];
      if (!direction || !keys || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      app.touched();
      keys(...direction.map((step) => (event.shiftKey ? 5 * step : step)));
      app.commit();
    },
  });
}

// A labelled slider: `show` gives the words beside it.
function rangeControl(app, { label, min, max, step, value, show, change }) {
  const words = h("output", {}, show(value));
  const input = h("input", {
    type: "range",
    min,
    max,
    step,
    value,
    "aria-label": label,
    "aria-valuetext": show(value),
    oninput: () => {
      app.touched();
      change(Number(input.value));
    },
    onchange: () => app.commit(),
  });
  const box = h("label", { class: "cx-range" }, h("span", {}, label), input, words);
  return {
    box,
    input,
    put(next) {
      input.value = next;
      words.textContent = show(next);
      input.setAttribute("aria-valuetext", show(next));
    },
  };
}

function switchControl(app, { label, value, change }) {
  const input = h("input", {
    type: "checkbox",
    role: "switch",
    onchange: () => {
      app.touched();
      change(input.checked);
      app.commit();
    },
  });
  input.checked = value;
  const box = h("label", { class: "cx-switch" }, input, h("span", {}, label));
  return { box, input, put: (next) => (input.checked = next) };
}

function choiceControl(app, { label, options, value, change }) {
  const select = h(
    "select",
    {
      "aria-label": label,
      onchange: () => {
        app.touched();
        change(select.value);
        app.commit();
      },
    },
    options.map(([name, words]) => h("option", { value: name }, words)),
  );
  select.value = value;
  const box = h("label", { class: "cx-choice" }, h("span", {}, label), select);
  return { box, select, put: (next) => (select.value = next) };
}

const button = (words, click, attributes = {}) =>
  h("button", { type: "button", onclick: click, ...attributes }, words);

const HAND =
  "M9 11V4.5a1.5 1.5 0 0 1 3 0V10m0 0V8.8a1.5 1.5 0 0 1 3 0V11m0-1a1.5 1.5 0 0 1 3 0v1.5m0-.5a1.5 1.5 0 0 1 3 0V16c0 4-2.5 6.5-6.2 6.5-3 0-4.6-1.2-6-3.6L5.3 14c-.9-1.6 1-3 2.2-1.7L9 14z";

// The frame of an explorable, its memory for undo, and the line to Python ------------

// `start` is the state at the beginning: plain data. `draw` shows a state; it returns
// what Python may read. `lead` says what to do with the hand, `task` what to reach.
function explorable({ model, el }, { title, lead, task, praise, start, draw }) {
  const held = model.get("state");
  const kept = held && Object.keys(held).length ? held : start;
  const copy = (state) => JSON.parse(JSON.stringify(state));
  let history = [copy(kept)];
  let frame = 0;
  let later = 0;
  let inks = {};

  const live = h("p", { class: "cx-hidden", "aria-live": "polite" });
  const sign = h("span", { class: "cx-sign", "aria-hidden": "true" });
  const verdict = h("span", { class: "cx-verdict" });
  const taskLine = h(
    "p",
    { class: "cx-task" },
    sign,
    h("span", {}, h("b", {}, "Task. "), task, " ", verdict),
  );
  const undoButton = button("Undo", () => app.undo());
  const stage = h("div", { class: "cx-stage" });
  const controls = h("div", { class: "cx-controls" });
  const readout = h("p", { class: "cx-readout" });
  const root = h(
    "div", // and no section, which would be a slide in a deck
    {
      class: "cx cx-fresh",
      role: "region",
      "aria-label": title,
    },
    h("h3", { class: "cx-title" }, title),
    h(
      "p",
      { class: "cx-lead" },
      s(
        "svg",
        { viewBox: "0 0 24 24", class: "cx-hand", "aria-hidden": "true" },
        s("path", { d: HAND }),
      ),
      h("span", {}, lead),
    ),
    stage,
    readout,
    controls,
    h(
      "div",
      { class: "cx-foot" },
      taskLine,
      h(
        "span",
        { class: "cx-buttons" },
        undoButton,
        button("Reset", () => app.reset()),
      ),
    ),
    live,
  );

  const app = {
    root,
    stage,
    controls,
    readout,
    state: copy(kept),
    narrow: (el.clientWidth || innerWidth) < 560,
    calm: matchMedia("(prefers-reduced-motion: reduce)").matches,
    isSolved: Boolean(model.get("solved")),
    // Show a changed state at the next picture of the screen.
    change(patch) {
      Object.assign(app.state, patch);
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        app.redraw();
      });
    },
    redraw() {
      cancelAnimationFrame(frame);
      frame = 0;
      app.value = draw(app.state) ?? {};
      clearTimeout(later);
      later = setTimeout(app.send, 120);
    },
    // A movement of the hand is over: undo comes back to here.
    commit() {
      const now = copy(app.state);
      if (JSON.stringify(now) !== JSON.stringify(history.at(-1))) history.push(now);
      if (history.length > 200) history = history.slice(-150);
      undoButton.disabled = history.length < 2;
    },
    undo() {
      app.stop?.();
      if (history.length > 1) history.pop();
      app.state = copy(history.at(-1));
      undoButton.disabled = history.length < 2;
      app.redraw();
      app.say("Undone.");
    },
    reset() {
      app.stop?.();
      app.state = copy(start);
      app.commit();
      app.redraw();
      app.say("Back at the start.");
    },
    send() {
      model.set("state", copy(app.state));
      model.set("value", copy(app.value));
      if (app.isSolved && !model.get("solved")) model.set("solved", true);
      model.save_changes();
    },
    // Once reached, a task stays reached.
    solve(reached) {
      if (reached && !app.isSolved) {
        app.isSolved = true;
        showTask();
        app.say(`Task done. ${praise}`);
      }
    },
    // For those who listen: not every number on the way, only where the hand rests.
    say(words) {
      clearTimeout(app.speaking);
      app.speaking = setTimeout(() => (live.textContent = words), 400);
    },
    // Show a state at once, as if a hand had made it: for a still picture.
    pose(state) {
      app.touched();
      Object.assign(app.state, state);
      app.redraw();
    },
    touched: () => root.classList.remove("cx-fresh"),
    // The colours of the page as [red, green, blue], for a canvas.
    ink(name) {
      if (inks[name]) return inks[name];
      const probe = h("i", { style: `color: var(--${name})` });
      root.append(probe);
      const [r, g, b] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
      probe.remove();
      return (inks[name] = [r, g, b]);
    },
  };
  function showTask() {
    root.classList.toggle("cx-solved", app.isSolved);
    sign.textContent = app.isSolved ? "\u2713" : "";
    verdict.textContent = app.isSolved ? `Done. ${praise}` : "";
  }
  showTask();
  undoButton.disabled = true;
  el.replaceChildren(root);
  root.explorable = app;

  const theme = matchMedia("(prefers-color-scheme: dark)");
  const recolour = () => {
    inks = {};
    app.redraw();
  };
  theme.addEventListener("change", recolour);
  const watch = new MutationObserver(recolour);
  for (const node of [document.documentElement, document.body]) {
    watch.observe(node, {
      attributeFilter: ["class", "theme", "data-theme", "data-jp-theme-light"],
    });
  }
  const sight = new IntersectionObserver((looks) => {
    root.classList.toggle("cx-seen", looks.at(-1).isIntersecting);
  });
  sight.observe(stage);
  app.end = () => {
    app.stop?.();
    sight.disconnect();
    cancelAnimationFrame(frame);
    clearTimeout(later);
    theme.removeEventListener("change", recolour);
    watch.disconnect();
  };
  return app;
}

// A widget of one drawing function; drawn anew when Python gives other data.
function widget(build) {
  return {
    render({ model, el }) {
      let app = null;
      const show = () => {
        app?.end();
        app = build({ model, el, data: model.get("data") ?? {} });
        app.redraw();
      };
      const restart = () => {
        model.set("state", {});
        show();
      };
      // JupyterLab calls before the place is on the page, where nothing has a size.
      const waiting = new ResizeObserver(() => {
        waiting.disconnect();
        show();
        model.on("change:data", restart);
      });
      waiting.observe(el);
      return () => {
        waiting.disconnect();
        model.off("change:data", restart);
        app?.end();
      };
    },
  };
}
