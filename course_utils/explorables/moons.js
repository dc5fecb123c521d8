// A small network on two moons: each hidden unit is one fold, and the fold is drawn.

// W: two weights for each unit; c: its bias; v: its weight in the end; d: the last bias.
export function forwardAll({ W, c, v, d }, points) {
  return points.map(([x1, x2]) => {
    const hidden = W.map((w, k) => Math.max(0, w[0] * x1 + w[1] * x2 + c[k]));
    return { hidden, z: d + sum(hidden.map((value, k) => value * v[k])) };
  });
}

export function lossOf(net, X, y) {
  return sum(forwardAll(net, X).map(({ z }, i) => softplus(z) - y[i] * z)) / X.length;
}

// The chain rule, from the loss back to each number.
export function slopesOf(net, X, y) {
  const slopes = { W: net.W.map(() => [0, 0]), c: net.c.map(() => 0), v: net.v.map(() => 0), d: 0 };
  forwardAll(net, X).forEach(({ hidden, z }, i) => {
    const error = (sigmoid(z) - y[i]) / X.length;
    slopes.d += error;
    hidden.forEach((value, k) => {
      slopes.v[k] += error * value;
      if (value > 0) {
        slopes.W[k][0] += error * net.v[k] * X[i][0];
        slopes.W[k][1] += error * net.v[k] * X[i][1];
        slopes.c[k] += error * net.v[k];
      }
    });
  });
  return slopes;
}

const flat = ({ W, c, v, d }) => [...W.flat(), ...c, ...v, d];
const folded = (values, n) => ({
  W: Array.from({ length: n }, (_, k) => values.slice(2 * k, 2 * k + 2)),
  c: values.slice(2 * n, 3 * n),
  v: values.slice(3 * n, 4 * n),
  d: values[4 * n],
});

// Steps of torch.optim.Adam; `memory` is { t, m, s } of the steps before, or null.
export function adam(net, memory, X, y, { lr = 0.05, steps = 1 } = {}) {
  const n = net.c.length;
  let values = flat(net);
  let { t, m, s: squares } = memory ?? { t: 0, m: values.map(() => 0), s: values.map(() => 0) };
  for (let step = 0; step < steps; step++) {
    const slopes = flat(slopesOf(folded(values, n), X, y));
    t += 1;
    m = m.map((value, i) => 0.9 * value + 0.1 * slopes[i]);
    squares = squares.map((value, i) => 0.999 * value + 0.001 * slopes[i] ** 2);
    values = values.map((value, i) => value - (lr * (m[i] / (1 - 0.9 ** t))) / (Math.sqrt(squares[i] / (1 - 0.999 ** t)) + 1e-8));
  }
  return { net: folded(values, n), memory: { t, m, s: squares } };
}

// Small random numbers at the start; a seed gives the same on every machine.
export function startNet(n, seed) {
  const normal = normalFrom(1000 + seed);
  const net = { W: [], c: [], v: [], d: -0.3 };
  for (let k = 0; k < n; k++) {
    const angle = normal() * 2;
    net.W.push([Math.cos(angle) * 1.2, Math.sin(angle) * 1.2]);
    net.c.push(0.7 * normal());
    net.v.push(0.8 * normal());
  }
  return net;
}

export default widget(({ model, el, data }) => {
  const { X, y } = data;
  const first = data.n_units ?? 2;
  const limit = data.limit ?? 4;
  const goal = data.goal ?? 0.97;
  const start = { seed: data.seed ?? 0, net: startNet(first, data.seed ?? 0), done: 0 };

  const app = explorable(
    { model, el },
    {
      title: "Folds: what hidden units do",
      lead: ["Drag a ", h("b", {}, "numbered fold"), ", turn it by its small handle, or press ", h("b", {}, "Train"), " and watch the folds move."],
      task: `${percent(goal)} of the points right with at most ${limit} hidden units, by hand or by training.`,
      praise: "The border bends where it crosses a fold. With one or two there are too few bends for two moons.",
      start,
      draw,
    },
  );
  let memory = null;
  let timer = 0;

  const [W, H] = app.narrow ? [344, 250] : [460, 330];
  const [columns, rows] = [70, 50];
  const xs = scale(-2.45, 2.45, 0, W);
  const ys = scale((-2.45 * H) / W, (2.45 * H) / W, H, 0);
  const plane = panel([h("b", {}, "The data"), " and how likely a square is at each place"], W, H, "Two moons and the folds");
  const canvas = h("canvas", { width: columns, height: rows, class: "cx-under", "aria-hidden": "true" });
  const holder = h("div", { class: "cx-over" }, canvas);
  plane.svg.replaceWith(holder);
  holder.append(plane.svg);
  const border = s("path", { fill: "none", stroke: "var(--ink)", "stroke-width": 3 });
  const dots = X.map(([a, b], i) => {
    const dot = mark(y[i], 4.5, { transform: `translate(${xs(a)} ${ys(b)})` });
    plane.svg.append(dot);
    return dot;
  });
  const folds = s("g");
  plane.svg.append(border, folds);

  const unitBox = panel([h("b", {}, "Each unit:"), " 0 on one side of its fold, rising on the other; and its weight in the sum"], 344, 10, "Hidden units");
  plane.box.style.cssText = "flex: 1.35 1 300px; max-width: 520px";
  app.stage.append(plane.box, unitBox.box);

  const stop = () => {
    cancelAnimationFrame(timer);
    timer = 0;
    trainButton.textContent = "Train";
  };
  app.stop = () => {
    if (timer) stop();
    memory = null;
  };
  const learn = (steps) => {
    const next = adam(app.state.net, memory, X, y, { steps });
    memory = next.memory;
    app.change({ net: next.net, done: app.state.done + steps });
  };
  const tick = () => {
    learn(4);
    timer = requestAnimationFrame(tick);
    if (app.state.done % 2000 < 4) finish();
  };
  const finish = () => {
    stop();
    app.commit();
  };
  const trainButton = button("Train", () => {
    app.touched();
    if (timer) finish();
    else if (app.calm) {
      learn(800);
      app.commit();
    } else {
      trainButton.textContent = "Pause";
      timer = requestAnimationFrame(tick);
    }
  });
  trainButton.className = "cx-main";
  const renew = (n, seed) => {
    if (timer) stop();
    memory = null;
    app.touched();
    app.change({ seed, net: startNet(n, seed), done: 0 });
  };
  const units = rangeControl(app, { label: "Hidden units", min: 1, max: 8, step: 1, value: first, show: String, change: (n) => renew(n, app.state.seed) });
  app.controls.append(
    units.box,
    trainButton,
    button("Another random start", () => {
      renew(app.state.net.c.length, app.state.seed + 1);
      app.commit();
    }),
  );

  // The grips of one fold: one moves it, the small one turns it.
  let parts = [];
  function build(n) {
    folds.replaceChildren();
    unitBox.svg.replaceChildren();
    const rowHeight = 40;
    set(unitBox.svg, { viewBox: `0 0 344 ${n * rowHeight}` });
    axisText(unitBox.svg, 0, 0, "");
    parts = Array.from({ length: n }, (_, k) => {
      const line = s("path", { fill: "none", stroke: "var(--grab)", "stroke-width": 2.5, "stroke-dasharray": ["", "8 4", "2 4", "10 3 2 3"][k % 4] });
      const side = s("path", { fill: "var(--grab)", opacity: 0.8 });
      const hold = grip(12, String(k + 1));
      const turn = grip(6);
      if (k === 0) hold.classList.add("cx-first");
      set(hold, { role: "slider", "aria-roledescription": "fold", "aria-label": `Fold ${k + 1}, move`, "aria-valuemin": -3, "aria-valuemax": 3 });
      set(turn, { role: "slider", "aria-label": `Fold ${k + 1}, turn`, "aria-valuemin": -180, "aria-valuemax": 180 });
      const change = (w, bias) => {
        const { net } = app.state;
        const next = { ...net, W: net.W.map((old, i) => (i === k ? w : old)), c: net.c.map((old, i) => (i === k ? bias : old)) };
        memory = null;
        app.change({ net: next });
      };
      const foot = () => footOf(app.state.net, k);
      draggable(app, hold, {
        start: (px, py) => ({ dx: xs(foot()[0]) - px, dy: ys(foot()[1]) - py }),
        move: (px, py, { dx, dy }) => {
          const w = app.state.net.W[k];
          const place = [clamp(xs.inverse(px + dx), -2.1, 2.1), clamp(ys.inverse(py + dy), -1.5, 1.5)];
          feet[k] = place;
          change(w, -(w[0] * place[0] + w[1] * place[1]));
        },
        keys: (dx, dy) => {
          const w = app.state.net.W[k];
          const here = foot();
          const place = [clamp(here[0] + 0.05 * dx, -2.1, 2.1), clamp(here[1] + 0.05 * dy, -1.5, 1.5)];
          feet[k] = place;
          change(w, -(w[0] * place[0] + w[1] * place[1]));
        },
      });
      const turnTo = (angle) => {
        const size = Math.hypot(...app.state.net.W[k]);
        const w = [size * Math.cos(angle), size * Math.sin(angle)];
        const place = foot();
        feet[k] = place;
        change(w, -(w[0] * place[0] + w[1] * place[1]));
      };
      draggable(app, turn, {
        move: (px, py) => turnTo(Math.atan2(ys.inverse(py) - foot()[1], xs.inverse(px) - foot()[0])),
        keys: (dx, dy) => {
          const w = app.state.net.W[k];
          turnTo(Math.atan2(w[1], w[0]) + ((dx + dy) * Math.PI) / 60);
        },
      });
      folds.append(line, side, hold, turn);

      const at = k * rowHeight;
      // What a unit answers rises evenly from its fold on: that is a gradient.
      const id = `cx-unit-${k}-${Math.floor(performance.now() * 1000)}`;
      const stops = [0, 1].map((offset) => s("stop", { offset, "stop-opacity": offset }));
      const small = s("linearGradient", { id, gradientUnits: "userSpaceOnUse" }, stops);
      const bar = s("rect", { y: at + 12, height: 16, rx: 2 });
      const words = s("text", { y: at + 25 });
      unitBox.svg.append(
        s("text", { x: 12, y: at + 25, class: "cx-big", "text-anchor": "middle" }, String(k + 1)),
        small,
        s("rect", { x: 30, y: at + 3, width: 48, height: 34, fill: `url(#${id})` }),
        s("rect", { x: 30, y: at + 3, width: 48, height: 34, class: "cx-rule" }),
        s("path", { d: `M200 ${at + 4}V${at + 36}`, class: "cx-thin" }),
        bar,
        words,
      );
      return { line, side, hold, turn, small, stops, at, bar, words };
    });
  }

  // The grip stays where the hand put it along the fold, and inside the picture.
  let feet = [];
  function footOf(net, k) {
    const [w, c] = [net.W[k], net.c[k]];
    const size = w[0] ** 2 + w[1] ** 2 || 1e-9;
    const near = feet[k] ?? [0, 0];
    const off = (w[0] * near[0] + w[1] * near[1] + c) / size;
    return [near[0] - off * w[0], near[1] - off * w[1]];
  }

  const centers = Array.from({ length: rows * columns }, (_, n) => [xs.inverse((((n % columns) + 0.5) * W) / columns), ys.inverse(((Math.floor(n / columns) + 0.5) * H) / rows)]);

  function draw({ net, done }) {
    const n = net.c.length;
    if (parts.length !== n) {
      feet = [];
      build(n);
    }
    const values = new Float64Array(rows * columns);
    const [paper, blue, green] = ["paper", "c0", "c1"].map((name) => app.ink(name));
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(columns, rows);
    for (let i = 0; i < values.length; i++) {
      const [a, b] = centers[i];
      let z = net.d;
      for (let k = 0; k < n; k++) z += net.v[k] * Math.max(0, net.W[k][0] * a + net.W[k][1] * b + net.c[k]);
      values[i] = sigmoid(z);
      const strength = 0.55 * Math.abs(2 * values[i] - 1);
      const colour = values[i] > 0.5 ? green : blue;
      for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = paper[c] + strength * (colour[c] - paper[c]);
      pixels.data[4 * i + 3] = 255;
    }
    context.putImageData(pixels, 0, 0);
    const toX = (i) => (((i + 0.5) * W) / columns).toFixed(1);
    const toY = (j) => (((j + 0.5) * H) / rows).toFixed(1);
    set(border, { d: contour(values, columns, rows, 0.5).map(([a, b, c, d]) => `M${toX(a)} ${toY(b)}L${toX(c)} ${toY(d)}`).join("") });

    const heaviest = Math.max(2, ...net.v.map((v, k) => Math.abs(v) * Math.hypot(...net.W[k])));
    parts.forEach(({ line, side, hold, turn, small, stops, at, bar, words }, k) => {
      const w = net.W[k];
      const size = Math.hypot(...w) || 1e-9;
      const foot = footOf(net, k);
      const out = Math.abs(foot[0]) > 2.15 || Math.abs(foot[1]) > 1.55;
      const shown = [clamp(foot[0], -2.15, 2.15), clamp(foot[1], -1.55, 1.55)];
      const [ux, uy] = [w[0] / size, w[1] / size];
      const far = 6;
      set(line, { d: `M${xs(foot[0] - far * uy)} ${ys(foot[1] + far * ux)}L${xs(foot[0] + far * uy)} ${ys(foot[1] - far * ux)}` });
      const tip = [shown[0] + 0.36 * ux, shown[1] + 0.36 * uy];
      set(side, { d: `M${xs(shown[0])} ${ys(shown[1])}L${xs(tip[0])} ${ys(tip[1])}`, stroke: "var(--grab)", "stroke-width": 2 });
      set(hold, { transform: `translate(${xs(shown[0])} ${ys(shown[1])})`, opacity: out ? 0.5 : 1, "aria-valuenow": number(foot[0]).replace("\u2212", "-"), "aria-valuetext": `${number(foot[0])} right, ${number(foot[1])} up` });
      const degrees = Math.round((Math.atan2(uy, ux) * 180) / Math.PI);
      set(turn, { transform: `translate(${xs(tip[0])} ${ys(tip[1])})`, "aria-valuenow": degrees, "aria-valuetext": `${degrees} degrees` });

      const weight = net.v[k] * size;
      const inSmall = ([x, y]) => [30 + (xs(x) / W) * 48, at + 3 + (ys(y) / H) * 34];
      const [x1, y1] = inSmall(foot);
      const [x2, y2] = inSmall([foot[0] + 3 * ux, foot[1] + 3 * uy]);
      set(small, { x1, y1, x2, y2 });
      for (const stop of stops) set(stop, { "stop-color": weight > 0 ? "var(--c1)" : "var(--c0)" });
      const length = (100 * Math.abs(weight)) / heaviest;
      set(bar, { x: weight < 0 ? 200 - length : 200, width: Math.max(1, length), fill: weight > 0 ? "var(--c1)" : "var(--c0)" });
      set(words, { x: weight < 0 ? 208 : 192, "text-anchor": weight < 0 ? "start" : "end" });
      words.textContent = weight < 0 ? `pulls to \u25cf ${number(weight, 1)}` : `pulls to \u25a0 ${number(weight, 1)}`;
    });
    let right = 0;
    forwardAll(net, X).forEach(({ z }, i) => {
      const isRight = z > 0 === y[i] > 0;
      right += isRight;
      dots[i].classList.toggle("cx-wrong", !isRight);
    });
    const accuracy = right / X.length;
    const loss = lossOf(net, X, y);
    units.put(n);
    app.readout.replaceChildren(h("b", {}, `${percent(accuracy)} of the points are right`), ` with ${n} hidden ${n === 1 ? "unit" : "units"}. Loss ${number(loss)}${done ? ` after ${done} steps` : ""}.`);
    app.say(`${percent(accuracy)} of the points are right.`);
    app.solve(n <= limit && accuracy >= goal);
    return { ...net, loss, accuracy };
  }
  return app;
});
