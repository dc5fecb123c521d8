// A marble on the map of the loss: logistic regression on one feature, with w and b.

// The mean cross entropy of sigmoid(w x + b) for labels 0 and 1.
export function lossAt(x, y, w, b) {
  let total = 0;
  for (let i = 0; i < x.length; i++) {
    const z = w * x[i] + b;
    total += softplus(z) - y[i] * z;
  }
  return total / x.length;
}

export function slopeAt(x, y, w, b) {
  let [inW, inB] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    const error = sigmoid(w * x[i] + b) - y[i];
    inW += error * x[i];
    inB += error;
  }
  return [inW / x.length, inB / x.length];
}

// The walk of torch.optim.SGD: each position with its loss. Without `zero`, .grad is
// never emptied, so each slope is added to all before it.
export function walk(x, y, { w, b, lr, momentum, zero, steps }) {
  const path = [{ w, b, loss: lossAt(x, y, w, b) }];
  let grad = [0, 0];
  let speed = [0, 0];
  for (let k = 0; k < steps; k++) {
    const slope = slopeAt(x, y, w, b);
    grad = slope.map((value, i) => value + (zero ? 0 : grad[i]));
    speed = speed.map((value, i) => momentum * value + grad[i]);
    w -= lr * speed[0];
    b -= lr * speed[1];
    path.push({ w, b, loss: lossAt(x, y, w, b) });
  }
  return path;
}

export const rateAt = (place) => Number((10 ** (place / 40 - 2)).toPrecision(2));
export const placeOfRate = (lr) => 40 * (Math.log10(lr) + 2);

export default widget(({ model, el, data }) => {
  const { x, y } = data;
  const start = { w: data.w ?? -1, b: data.b ?? 2, lr: data.lr ?? 0.03, momentum: 0, zero: true, steps: 10 };
  const target = data.target ?? 0.2;
  const wRange = data.w_range ?? [-2, 5];
  const bRange = data.b_range ?? [-4, 4];
  const names = data.labels ?? ["0", "1"];

  const app = explorable(
    { model, el },
    {
      title: "A marble on the map of the loss",
      lead: ["Drag the ", h("b", {}, "marble"), " to another start, or move the ", h("b", {}, "learning rate"), ". The whole walk follows."],
      task: `From the start that you found here (Reset brings it back): loss below ${target} in ten steps, without momentum and with zero_grad.`,
      praise: "Too small, and it hardly moves. Too large, and it jumps over the valley.",
      start,
      draw,
    },
  );

  // The map
  const [W, H] = app.narrow ? [344, 236] : [440, 330];
  const map = panel([h("b", {}, "The map:"), " each point is one curve; the bluer, the higher its loss"], W, H, "The map of the loss");
  const xs = scale(...wRange, 38, W - 6);
  const ys = scale(...bRange, H - 30, 8);
  const [columns, rows] = [71, 61];
  const at = (range, k, n) => range[0] + ((range[1] - range[0]) * k) / (n - 1);
  const heights = new Float64Array(columns * rows);
  for (let j = 0; j < rows; j++)
    for (let i = 0; i < columns; i++) heights[j * columns + i] = lossAt(x, y, at(wRange, i, columns), at(bRange, j, rows));
  const low = Math.min(...heights);
  const high = Math.max(...heights);
  const clip = `cx-clip-${Math.floor(performance.now() * 1000)}`;
  map.svg.append(s("defs", {}, s("clipPath", { id: clip }, s("rect", { x: xs(wRange[0]), y: ys(bRange[1]), width: xs(wRange[1]) - xs(wRange[0]), height: ys(bRange[0]) - ys(bRange[1]) }))));
  const shade = s("image", { x: xs(wRange[0]), y: ys(bRange[1]), width: xs(wRange[1]) - xs(wRange[0]), height: ys(bRange[0]) - ys(bRange[1]), preserveAspectRatio: "none" });
  map.svg.append(shade);
  const toX = (i) => xs(at(wRange, i, columns));
  const toY = (j) => ys(at(bRange, j, rows));
  const written = []; // numbers on the map, none over another
  for (let k = 0; k < 12; k++) {
    const level = low * 1.12 * (high / low / 1.2) ** (k / 11);
    const lines = contour(heights, columns, rows, level);
    if (!lines.length) continue;
    map.svg.append(s("path", { class: "cx-thin", opacity: 0.6, d: lines.map(([a, b, c, d]) => `M${toX(a).toFixed(1)} ${toY(b).toFixed(1)}L${toX(c).toFixed(1)} ${toY(d).toFixed(1)}`).join("") }));
    if (k % 2 === 0 && k < 11) {
      const places = [0.3, 0.15, 0.45, 0.6].map((part) => lines[Math.floor(lines.length * part)]);
      const free = places.find(([a, b]) => written.every(([x, y]) => Math.hypot(toX(a) - x, toY(b) - y) > 34));
      if (!free) continue;
      const [a, b] = free;
      written.push([toX(a), toY(b)]);
      axisText(map.svg, toX(a), toY(b) + 4, number(level, level < 1 ? 2 : 1), { "text-anchor": "middle", class: "cx-axis cx-level" });
    }
  }
  for (const [value, place] of [[wRange[0], xs], [0, xs], [wRange[1], xs]]) axisText(map.svg, place(value), H - 14, number(value, 0), { "text-anchor": "middle" });
  for (const value of [bRange[0], 0, bRange[1]]) axisText(map.svg, 33, ys(value) + 4, number(value, 0), { "text-anchor": "end" });
  axisText(map.svg, (xs(wRange[0]) + xs(wRange[1])) / 2 + 30, H - 2, "weight w", { "text-anchor": "middle" });
  axisText(map.svg, 0, 0, "bias b", { "text-anchor": "middle", transform: `translate(10 ${(H - 30) / 2 + 30}) rotate(-90)` });
  const trail = s("path", { fill: "none", stroke: "var(--ink)", "stroke-width": 2, "clip-path": `url(#${clip})` });
  const dots = s("path", { fill: "none", stroke: "var(--ink)", "stroke-width": 6.5, "stroke-linecap": "round", "clip-path": `url(#${clip})` });
  const goal = s("path", { d: "M0 -9L2.6 -2.8L9 -2.8L4 1.4L5.8 8L0 4.2L-5.8 8L-4 1.4L-9 -2.8L-2.6 -2.8z", fill: "var(--good)", stroke: "var(--paper)", "stroke-width": 1.5 });
  const best = heights.indexOf(low);
  set(goal, { transform: `translate(${toX(best % columns)} ${toY(Math.floor(best / columns))})` });
  const last = s("circle", { r: 7, fill: "var(--ink)", stroke: "var(--paper)", "stroke-width": 2 });
  const away = s("text", { class: "cx-big", "text-anchor": "middle" });
  const ball = grip(11);
  ball.classList.add("cx-first");
  set(ball, { role: "slider", "aria-roledescription": "marble", "aria-label": "Start of the marble, weight and bias", "aria-valuemin": wRange[0], "aria-valuemax": wRange[1] });
  map.svg.append(goal, trail, dots, last, ball, away);
  const put = (w, b) => app.change({ w: Number(clamp(w, ...wRange).toFixed(2)), b: Number(clamp(b, ...bRange).toFixed(2)) });
  draggable(app, ball, {
    start: (px, py) => ({ dx: xs(app.state.w) - px, dy: ys(app.state.b) - py }),
    move: (px, py, { dx, dy }) => put(xs.inverse(px + dx), ys.inverse(py + dy)),
    keys: (dx, dy) => put(app.state.w + 0.1 * dx, app.state.b + 0.1 * dy),
  });

  // The curve
  const [CW, CH] = [344, app.narrow ? 128 : 158];
  const curve = panel([h("b", {}, `Probability of ${names[1]}`), " before the walk (dashed) and after it"], CW, CH, "The curve");
  const span = [Math.min(...x), Math.max(...x)];
  const cx = scale(span[0] - 0.3, span[1] + 0.3, 34, CW - 6);
  const cy = scale(0, 1, CH - 24, 12);
  for (const tick of [0, 0.5, 1]) {
    curve.svg.append(s("path", { d: `M34 ${cy(tick)}H${CW - 6}`, class: "cx-rule" }));
    axisText(curve.svg, 28, cy(tick) + 4, number(tick, tick % 1 ? 1 : 0), { "text-anchor": "end" });
  }
  x.forEach((value, i) => {
    const k = y[i];
    curve.svg.append(mark(k, 4, { transform: `translate(${cx(value)} ${cy(k) + (k ? -4 : 4) + ((i * 7) % 5) - 2})`, opacity: 0.75 }));
  });
  const before = s("path", { class: "cx-thin", "stroke-dasharray": "5 4", "stroke-width": 2 });
  const after = s("path", { fill: "none", stroke: "var(--ink)", "stroke-width": 3 });
  curve.svg.append(before, after);
  axisText(curve.svg, CW - 6, CH - 3, data.feature ?? "feature x", { "text-anchor": "end" });
  const curvePath = (w, b) =>
    Array.from({ length: 61 }, (_, k) => {
      const value = span[0] - 0.3 + ((span[1] - span[0] + 0.6) * k) / 60;
      return `${k ? "L" : "M"}${cx(value).toFixed(1)} ${cy(sigmoid(w * value + b)).toFixed(1)}`;
    }).join("");

  // The losses
  const [LW, LH] = [344, app.narrow ? 112 : 150];
  const losses = panel([h("b", {}, "The loss"), " after each step"], LW, LH, "The loss after each step");
  const ly = scale(0, 2.5, LH - 24, 8);
  for (const tick of [0, 1, 2]) {
    losses.svg.append(s("path", { d: `M34 ${ly(tick)}H${LW - 6}`, class: "cx-rule" }));
    axisText(losses.svg, 28, ly(tick) + 4, tick, { "text-anchor": "end" });
  }
  losses.svg.append(s("path", { d: `M34 ${ly(target)}H${LW - 6}`, stroke: "var(--good)", "stroke-width": 2, "stroke-dasharray": "6 4" }));
  axisText(losses.svg, 40, ly(target) - 5, `task: ${target}`);
  const lossLine = s("path", { fill: "none", stroke: "var(--ink)", "stroke-width": 2.5 });
  const lossDots = s("path", { fill: "none", stroke: "var(--ink)", "stroke-width": 6.5, "stroke-linecap": "round" });
  losses.svg.append(lossLine, lossDots);
  axisText(losses.svg, LW - 6, LH - 3, "step", { "text-anchor": "end" });

  const side = h("div", { class: "cx-panel" }, curve.box, losses.box);
  curve.box.style.maxWidth = losses.box.style.maxWidth = "none";
  map.box.style.cssText = "flex: 1.25 1 300px; max-width: 500px";
  app.stage.append(map.box, side);

  const rate = rangeControl(app, { label: "Learning rate", min: 0, max: 140, step: 1, value: placeOfRate(start.lr), show: (place) => String(rateAt(place)), change: (place) => app.change({ lr: rateAt(place) }) });
  const momentum = rangeControl(app, { label: "Momentum", min: 0, max: 0.95, step: 0.05, value: 0, show: (value) => number(value), change: (value) => app.change({ momentum: value }) });
  const steps = rangeControl(app, { label: "Steps", min: 0, max: 60, step: 1, value: 10, show: String, change: (value) => app.change({ steps: value }) });
  const zero = switchControl(app, { label: "zero_grad before each step", value: true, change: (value) => app.change({ zero: value }) });
  app.controls.append(rate.box, steps.box, momentum.box, zero.box);

  let shaded = "";
  function shadeMap() {
    const key = [app.ink("paper"), app.ink("c0")].join();
    if (key === shaded) return;
    shaded = key;
    const canvas = h("canvas", { width: columns, height: rows });
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(columns, rows);
    const [paper, blue] = [app.ink("paper"), app.ink("c0")];
    for (let j = 0; j < rows; j++)
      for (let i = 0; i < columns; i++) {
        const level = Math.log(heights[j * columns + i] / low) / Math.log(high / low);
        const place = 4 * ((rows - 1 - j) * columns + i);
        for (let c = 0; c < 3; c++) pixels.data[place + c] = paper[c] + 0.6 * level * (blue[c] - paper[c]);
        pixels.data[place + 3] = 255;
      }
    context.putImageData(pixels, 0, 0);
    set(shade, { href: canvas.toDataURL() });
  }

  function draw(state) {
    const path = walk(x, y, state);
    const end = path.at(-1);
    const place = ({ w, b }) => `${clamp(xs(w), -999, 1999).toFixed(1)} ${clamp(ys(b), -999, 1999).toFixed(1)}`;
    shadeMap();
    set(trail, { d: `M${path.map(place).join("L")}` });
    set(dots, { d: path.map((point) => `M${place(point)}h0`).join("") });
    const inside = end.w >= wRange[0] && end.w <= wRange[1] && end.b >= bRange[0] && end.b <= bRange[1];
    set(last, { transform: `translate(${clamp(xs(end.w), xs(wRange[0]), xs(wRange[1]))} ${clamp(ys(end.b), ys(bRange[1]), ys(bRange[0]))})` });
    set(away, { x: clamp(xs(end.w), 90, W - 80), y: clamp(ys(end.b), 30, H - 50) });
    away.textContent = inside ? "" : "off the map";
    set(ball, { transform: `translate(${xs(state.w)} ${ys(state.b)})`, "aria-valuenow": state.w, "aria-valuetext": `w ${state.w}, b ${state.b}, loss ${number(path[0].loss)}` });
    set(before, { d: curvePath(state.w, state.b) });
    set(after, { d: curvePath(end.w, end.b) });
    const lx = scale(0, Math.max(state.steps, 1), 38, LW - 10);
    const spots = path.map(({ loss }, k) => `${lx(k).toFixed(1)} ${ly(Math.min(loss, 2.5)).toFixed(1)}`);
    set(lossLine, { d: `M${spots.join("L")}` });
    set(lossDots, { d: spots.map((spot) => `M${spot}h0`).join("") });
    rate.put(placeOfRate(state.lr));
    momentum.put(state.momentum);
    steps.put(state.steps);
    zero.put(state.zero);
    app.readout.replaceChildren(`After ${state.steps} steps: `, h("b", {}, `loss ${number(end.loss, 3)}`), `, w = ${number(end.w)}, b = ${number(end.b)}.`, state.zero ? "" : " Each step repeats all earlier slopes.");
    app.say(`Loss ${number(end.loss, 2)} after ${state.steps} steps.`);
    app.solve(state.w === start.w && state.b === start.b && state.zero && !state.momentum && state.steps <= 10 && end.loss < target);
    return { w: end.w, b: end.b, loss: end.loss, losses: path.map((point) => point.loss), path: path.map((point) => [point.w, point.b]), lr: state.lr, momentum: state.momentum, steps: state.steps };
  }
  return app;
});
