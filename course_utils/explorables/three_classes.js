// Softmax regression on points of three classes: drag them, and its lines follow.

const K = 3;
const PENALTY = 0.002; // on the squared weights: else they grow for ever

// W holds two weights for each class, b one bias for each class.
export const scoresAt = ({ W, b }, [x1, x2]) => b.map((bias, k) => W[0][k] * x1 + W[1][k] * x2 + bias);

export function lossOf(model, X, y) {
  const losses = X.map((point, i) => {
    const z = scoresAt(model, point);
    const top = Math.max(...z);
    return top + Math.log(sum(z.map((value) => Math.exp(value - top)))) - z[y[i]];
  });
  return sum(losses) / X.length + (PENALTY / 2) * sum(model.W.flat().map((w) => w * w));
}

export function slopesOf(model, X, y) {
  const W = model.W.map((row) => row.map((w) => PENALTY * w));
  const b = [0, 0, 0];
  X.forEach((point, i) => {
    const p = softmax(scoresAt(model, point));
    for (let k = 0; k < K; k++) {
      const error = (p[k] - (k === y[i])) / X.length;
      W[0][k] += error * point[0];
      W[1][k] += error * point[1];
      b[k] += error;
    }
  });
  return { W, b };
}

// Steps of torch.optim.SGD with momentum 0.9; `speed` goes on where it was.
export function descend(model, speed, X, y, { lr = 0.5, momentum = 0.9, steps = 1 } = {}) {
  let steepest = 0;
  for (let step = 0; step < steps; step++) {
    const slopes = slopesOf(model, X, y);
    const add = (a, b, factor) => a.map((value, k) => factor * value + b[k]);
    speed = { W: speed.W.map((row, i) => add(row, slopes.W[i], momentum)), b: add(speed.b, slopes.b, momentum) };
    model = { W: model.W.map((row, i) => add(speed.W[i], row, -lr)), b: add(speed.b, model.b, -lr) };
    steepest = Math.max(...[...slopes.W.flat(), ...slopes.b].map(Math.abs));
  }
  return { model, speed, steepest };
}

// The part of a polygon where f >= 0; f is a linear function of a point.
export function clipPolygon(polygon, f) {
  const kept = [];
  polygon.forEach((here, i) => {
    const next = polygon[(i + 1) % polygon.length];
    const [a, b] = [f(here), f(next)];
    if (a >= 0) kept.push(here);
    if (a >= 0 !== b >= 0) {
      const t = a / (a - b);
      kept.push([here[0] + t * (next[0] - here[0]), here[1] + t * (next[1] - here[1])]);
    }
  });
  return kept;
}

const mean = (points) => [0, 1].map((d) => sum(points.map((point) => point[d])) / points.length);

// Whether the second of three places lies between the first and the third.
export function isBetween([ax, ay], [bx, by], [cx, cy]) {
  const [dx, dy] = [cx - ax, cy - ay];
  const length = Math.hypot(dx, dy);
  const along = ((bx - ax) * dx + (by - ay) * dy) / length ** 2;
  const beside = Math.abs((bx - ax) * dy - (by - ay) * dx) / length;
  return along > 0.3 && along < 0.7 && beside < 0.16 * length;
}

export default widget(({ model: widgetModel, el, data }) => {
  const labels = data.labels ?? ["A", "B", "C"];
  const start = { X: data.X, level: 0 };
  const { y } = data;
  const range = data.range ?? 3;

  const app = explorable(
    { model: widgetModel, el },
    {
      title: "Three classes, three straight lines",
      lead: ["Drag a ", h("b", {}, "letter"), " to move its whole class, or a ", h("b", {}, "point"), ". The machine learns anew at once."],
      task: `Put ${labels[1]} in the middle, in one row between ${labels[0]} and ${labels[2]}, with every point still right.`,
      praise: `Straight lines are enough: ${labels[1]} only has to score higher than the other two there.`,
      start,
      draw,
    },
  );
  let weights = { W: [[0, 0, 0], [0, 0, 0]], b: [0, 0, 0] };
  let speed = { W: [[0, 0, 0], [0, 0, 0]], b: [0, 0, 0] };
  let idle = 0;

  const [W, H] = app.narrow ? [344, 290] : [440, 370];
  const plane = panel(["Two features; the colour says ", h("b", {}, "which class wins")], W, H, "Points of three classes");
  const xs = scale(-range, range, 4, W - 4);
  const ys = scale((-range * H) / W, (range * H) / W, H - 4, 4);
  const corners = [[-range, ys.inverse(4)], [range, ys.inverse(4)], [range, ys.inverse(H - 4)], [-range, ys.inverse(H - 4)]];
  const toPath = (points) => (points.length ? `M${points.map(([a, b]) => `${xs(a).toFixed(1)} ${ys(b).toFixed(1)}`).join("L")}z` : "");
  const regions = labels.map((_, k) => s("path", { class: `cx-fill cx-c${k}`, opacity: 0.2 }));
  const pairs = [[0, 1], [0, 2], [1, 2]].map(([i, j]) => {
    const faint = s("path", { class: "cx-thin", "stroke-dasharray": "3 5" });
    const strong = s("path", { fill: "none", stroke: "var(--ink)", "stroke-width": 2.5 });
    const words = s("text", { "text-anchor": "middle", class: "cx-axis cx-level" }, `${labels[i]} = ${labels[j]}`);
    return { i, j, third: 3 - i - j, faint, strong, words };
  });
  plane.svg.append(...regions, ...pairs.map((p) => p.faint), ...pairs.map((p) => p.strong), ...pairs.map((p) => p.words));
  const cut = s("path", { stroke: "var(--grab)", "stroke-width": 1.5, "stroke-dasharray": "2 4", fill: "none" });
  plane.svg.append(cut);

  const inside = (a, b) => [Number(clamp(a, -range * 0.96, range * 0.96).toFixed(3)), Number(clamp(b, ys.inverse(H - 12), ys.inverse(12)).toFixed(3))];
  const change = (moves) => {
    const X = app.state.X.map((point, i) => (moves[i] ? inside(...moves[i]) : point));
    idle = 0;
    app.change({ X });
  };
  const points = start.X.map((_, i) => {
    const dot = mark(y[i], 6.5);
    const handle = s("g", { class: "cx-grip cx-point", tabindex: 0 }, s("circle", { r: 13, class: "cx-touch" }), s("circle", { r: 12, class: "cx-halo" }), dot);
    set(handle, { role: "slider", "aria-roledescription": "point", "aria-label": `Point ${i + 1} of class ${labels[y[i]]}`, "aria-valuemin": -range, "aria-valuemax": range });
    draggable(app, handle, {
      start: (px, py) => ({ dx: xs(app.state.X[i][0]) - px, dy: ys(app.state.X[i][1]) - py }),
      move: (px, py, { dx, dy }) => change({ [i]: [xs.inverse(px + dx), ys.inverse(py + dy)] }),
      keys: (dx, dy) => change({ [i]: [app.state.X[i][0] + 0.1 * dx, app.state.X[i][1] + 0.1 * dy] }),
    });
    plane.svg.append(handle);
    return { handle, dot };
  });
  const letters = labels.map((label, k) => {
    const handle = grip(14, label);
    if (k === 1) handle.classList.add("cx-first");
    set(handle, { role: "slider", "aria-roledescription": "class", "aria-label": `Whole class ${label}`, "aria-valuemin": -range, "aria-valuemax": range });
    const shift = (from, dx, dy) => change(Object.fromEntries(from.map((point, i) => [i, y[i] === k && [point[0] + dx, point[1] + dy]])));
    draggable(app, handle, {
      start: (px, py) => ({ px, py, from: app.state.X }),
      move: (px, py, grabbed) => shift(grabbed.from, xs.inverse(px) - xs.inverse(grabbed.px), ys.inverse(py) - ys.inverse(grabbed.py)),
      keys: (dx, dy) => shift(app.state.X, 0.1 * dx, 0.1 * dy),
    });
    plane.svg.append(handle);
    return handle;
  });
  const knife = grip(9, "\u2195");
  set(knife, { role: "slider", "aria-label": "Height of the dotted line", "aria-orientation": "vertical", "aria-valuemin": -2, "aria-valuemax": 2 });
  const cutAt = (value) => app.change({ level: Number(clamp(value, ys.inverse(H - 16), ys.inverse(16)).toFixed(2)) });
  draggable(app, knife, {
    start: (_, py) => ({ offset: ys(app.state.level) - py }),
    move: (_, py, { offset }) => cutAt(ys.inverse(py + offset)),
    keys: (dx, dy) => cutAt(app.state.level + 0.1 * (dx + dy)),
  });
  plane.svg.append(knife);

  const [SW, SH] = [344, app.narrow ? 170 : 260];
  const section = panel([h("b", {}, "The logits along the dotted line:"), " the highest wins"], SW, SH, "Logits along the dotted line");
  const sx = scale(-range, range, 6, SW - 6);
  const lines = labels.map((_, k) => {
    const line = s("path", { class: `cx-stroke cx-c${k}`, "stroke-dasharray": ["", "9 4", "2 4"][k] });
    const words = s("text", { class: "cx-big cx-level" }, labels[k]);
    section.svg.append(line);
    return { line, words };
  });
  const top = s("path", { fill: "none", stroke: "var(--ink)", "stroke-width": 5, opacity: 0.25 });
  section.svg.prepend(top);
  for (const { words } of lines) section.svg.append(words);
  plane.box.style.cssText = "flex: 1.25 1 300px; max-width: 500px";
  app.stage.append(plane.box, section.box);

  function draw({ X, level }) {
    // Learn on where it is: a few hundred steps for each picture, until it is level.
    let found = descend(weights, speed, X, y, { steps: app.calm ? 2000 : 120 });
    ({ model: weights, speed } = found);
    if (found.steepest > 2e-4 && idle++ < 60 && !app.calm) app.change({});

    const score = (k) => (point) => scoresAt(weights, point)[k];
    const above = (k, j) => (point) => score(k)(point) - score(j)(point);
    regions.forEach((region, k) => {
      const polygon = [0, 1, 2].filter((j) => j !== k).reduce((rest, j) => clipPolygon(rest, above(k, j)), corners);
      set(region, { d: toPath(polygon) });
    });
    for (const { i, j, third, faint, strong, words } of pairs) {
      const ends = [];
      corners.forEach((here, n) => {
        const next = corners[(n + 1) % 4];
        const [a, b] = [above(i, j)(here), above(i, j)(next)];
        if (a >= 0 !== b >= 0) ends.push([0, 1].map((d) => here[d] + (a / (a - b)) * (next[d] - here[d])));
      });
      set(faint, { d: toPath(ends) });
      const part = ends.length > 1 ? clipPolygon(ends, above(i, third)) : [];
      set(strong, { d: part.length > 1 ? toPath(part.slice(0, 2)) : "" });
      words.textContent = part.length > 1 ? `${labels[i]} = ${labels[j]}` : "";
      if (part.length > 1) set(words, { x: clamp(xs((part[0][0] + part[1][0]) / 2), 30, W - 30), y: clamp(ys((part[0][1] + part[1][1]) / 2), 16, H - 10) });
    }
    let right = 0;
    X.forEach((point, i) => {
      const isRight = argmax(scoresAt(weights, point)) === y[i];
      right += isRight;
      set(points[i].handle, { transform: `translate(${xs(point[0])} ${ys(point[1])})`, "aria-valuenow": point[0], "aria-valuetext": `${point[0].toFixed(1)} right, ${point[1].toFixed(1)} up, ${isRight ? "right" : "wrong"}` });
      points[i].dot.classList.toggle("cx-wrong", !isRight);
    });
    const centers = labels.map((_, k) => mean(X.filter((__, i) => y[i] === k)));
    centers.forEach((center, k) => set(letters[k], { transform: `translate(${xs(center[0])} ${ys(center[1])})`, "aria-valuenow": center[0].toFixed(2), "aria-valuetext": `${center[0].toFixed(1)} right, ${center[1].toFixed(1)} up` }));
    set(cut, { d: `M4 ${ys(level)}H${W - 4}` });
    set(knife, { transform: `translate(${W - 16} ${ys(level)})`, "aria-valuenow": level });

    const ends = [-range, range].map((a) => scoresAt(weights, [a, level]));
    const all = ends.flat();
    const sy = scale(Math.min(...all) - 0.5, Math.max(...all) + 0.5, SH - 8, 8);
    lines.forEach(({ line, words }, k) => {
      set(line, { d: `M${sx(-range)} ${sy(ends[0][k])}L${sx(range)} ${sy(ends[1][k])}` });
      const at = [-0.8, 0.1, 0.75][k] * range;
      set(words, { x: sx(at), y: clamp(sy(scoresAt(weights, [at, level])[k]) - 6, 14, SH - 4) });
    });
    const roof = Array.from({ length: 61 }, (_, n) => {
      const a = -range + (2 * range * n) / 60;
      return `${sx(a).toFixed(1)} ${sy(Math.max(...scoresAt(weights, [a, level]))).toFixed(1)}`;
    });
    set(top, { d: `M${roof.join("L")}` });

    const loss = lossOf(weights, X, y);
    app.readout.replaceChildren(h("b", {}, `${right} of ${X.length} points are right.`), ` Loss ${number(loss)}.${right < X.length ? " Wrong ones have a dark rim." : ""}`);
    app.say(`${right} of ${X.length} points are right.`);
    app.solve(right === X.length && found.steepest < 0.05 && isBetween(...centers));
    return { X, y, W: weights.W, b: weights.b, loss, accuracy: right / X.length };
  }
  return app;
});
