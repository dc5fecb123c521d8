// Sliders over a figure that Python draws: each position is drawn once and kept here.
//
// A position that is missing is asked for, and the nearest one is shown meanwhile. As
// soon as a hand comes near, all others follow, first far apart and then between them,
// one at a time, so that the kernel is never busy for longer than one figure takes.

const distance = (a, b) => a.reduce((sum, x, k) => sum + (x - b[k]) ** 2, 0);

// The positions of all sliders, coarse to fine; at most `limit` of them.
export function plan(counts, limit = 400) {
  const grid = counts.reduce(
    (rows, count) => rows.flatMap((row) => Array.from({ length: count }, (_, k) => [...row, k])),
    [[]],
  );
  // How often an index can be halved: 8 before 4 before 2 before 1.
  const level = (k) => (k === 0 ? 8 : Math.min(8, Math.log2(k & -k)));
  const rank = (row) => Math.min(...row.map(level));
  return grid
    .map((row, order) => [rank(row), order, row])
    .sort((a, b) => b[0] - a[0] || a[1] - b[1])
    .slice(0, limit)
    .map((entry) => entry[2]);
}

export function nearest(frames, place) {
  let best = null;
  for (const { at, picture } of frames.values()) {
    const far = distance(at, place);
    if (best === null || far < best.far) best = { far, picture };
  }
  return best.picture;
}

function render({ model, el }) {
  const { sliders, first, width } = model.get("data");
  const frames = new Map();
  const key = (place) => place.join(",");
  const place = sliders.map((slider) => slider.start);
  const waiting = plan(sliders.map((slider) => slider.values.length));
  let asked = null; // the one that Python is drawing
  let near = false; // whether a hand is near, or was

  const box = document.createElement("div");
  box.className = "course-slider";
  const image = document.createElement("img");
  image.style.cssText = `display: block; width: ${width}px; max-width: 100%; height: auto; background: white`;
  const wrong = document.createElement("p");
  wrong.setAttribute("role", "alert");

  const words = () => sliders.map(({ name, values }, k) => `${name} = ${values[place[k]]}`).join(", ");
  function show() {
    image.src = nearest(frames, place);
    image.alt = `Figure at ${words()}`;
    box.dataset.settled = frames.has(key(place));
    ask();
  }
  function ask() {
    if (asked !== null) return;
    let next = frames.has(key(place)) ? null : [...place];
    while (!next && near && waiting.length) {
      const ahead = waiting.shift();
      if (!frames.has(key(ahead))) next = ahead;
    }
    if (!next) return;
    asked = next;
    model.send({ place: next });
  }
  function told({ place: at, picture, error }) {
    wrong.textContent = error ?? "";
    if (asked && key(asked) === key(at)) asked = null;
    if (error) return; // and nothing more is asked until a hand moves
    frames.set(key(at), { at, picture });
    box.dataset.drawn = frames.size;
    show();
  }

  sliders.forEach(({ name, values, start }, k) => {
    const row = document.createElement("label");
    row.style.cssText = "display: flex; gap: 8px; align-items: center; max-width: 520px; min-height: 32px";
    const input = Object.assign(document.createElement("input"), { type: "range", min: 0, max: values.length - 1, step: 1 });
    input.value = start;
    input.style.flex = "1";
    input.dataset.lmSuppressShortcuts = "true"; // JupyterLab keeps its own away
    const output = document.createElement("output");
    output.style.cssText = "min-width: 4em; text-align: right; font-variant-numeric: tabular-nums";
    const say = () => {
      output.textContent = values[place[k]];
      input.setAttribute("aria-valuetext", values[place[k]]);
    };
    input.addEventListener("input", () => {
      place[k] = Number(input.value);
      say();
      show();
    });
    say();
    row.append(name, input, output);
    box.append(row);
  });
  const approach = () => {
    near = true;
    ask();
  };
  box.addEventListener("pointerenter", approach);
  box.addEventListener("focusin", approach);

  box.append(image, wrong);
  el.append(box);
  frames.set(key(place), { at: [...place], picture: first });
  model.on("msg:custom", told);
  show();
  return () => model.off("msg:custom", told);
}

export default { render };
