// A kernel of nine weights, dragged over a digit: nine products, one sum, one pixel.

const SIDE = 28;
const OUT = SIDE - 2;

// One pixel of the output: the nine products and their sum.
export function answerAt(image, weights, row, column) {
  const products = weights.map((weight, n) => weight * image[(row + Math.floor(n / 3)) * SIDE + column + (n % 3)]);
  return { products, total: sum(products) };
}

// The whole output, 26 x 26: what torch.nn.functional.conv2d gives.
export function convolve(image, weights) {
  return Array.from({ length: OUT * OUT }, (_, n) => answerAt(image, weights, Math.floor(n / OUT), n % OUT).total);
}

export const KERNELS = {
  "upper edges": [-1, -1, -1, 0, 0, 0, 1, 1, 1],
  "left edges": [-1, 0, 1, -1, 0, 1, -1, 0, 1],
  "slanted lines": [-1, -1, 2, -1, 2, -1, 2, -1, -1],
  "nothing: the pixel itself": [0, 0, 0, 0, 1, 0, 0, 0, 0],
  "a blur": Array(9).fill(1 / 9),
};

export default widget(({ model, el, data }) => {
  const { image } = data;
  const given = data.weights ? { "your own": data.weights, ...KERNELS } : KERNELS;
  const firstName = Object.keys(given)[0];
  const start = { row: 5, column: 5, weights: given[firstName], name: firstName, seen: [] };

  const app = explorable(
    { model, el },
    {
      title: "A kernel, by hand",
      lead: ["Drag the ", h("b", {}, "square"), " over the digit. Each place gives one number, and it becomes one pixel of the output."],
      task: "Find the place with the largest answer, without \u201cAll places\u201d.",
      praise: "The answer is large where the picture looks like the kernel: dark where it is positive, and light where it is negative.",
      start,
      draw,
    },
  );
  const S = 300; // units along a side of the picture
  const cell = S / SIDE;

  function board(title, label, n) {
    const box = panel(title, S, S, label);
    const canvas = h("canvas", { width: n, height: n, class: "cx-under cx-pixels", "aria-hidden": "true" });
    const holder = h("div", { class: "cx-over" }, canvas);
    box.svg.replaceWith(holder);
    holder.append(box.svg);
    set(box.svg, { style: "overflow: visible" });
    return { ...box, canvas };
  }
  const left = board([h("b", {}, "The digit,"), " 28 \u00d7 28 pixels"], "The digit", SIDE);
  const frame = s(
    "g",
    { class: "cx-grip cx-first", tabindex: 0 },
    s("rect", { x: -18, y: -18, width: 3 * cell + 36, height: 3 * cell + 36, class: "cx-touch" }),
    s("rect", { x: -4, y: -4, width: 3 * cell + 8, height: 3 * cell + 8, rx: 4, class: "cx-halo" }),
    s("rect", { width: 3 * cell, height: 3 * cell, class: "cx-frame" }),
    s("path", { d: `M${cell} 0v${3 * cell}m${cell} 0v${-3 * cell}M0 ${cell}h${3 * cell}m0 ${cell}h${-3 * cell}`, class: "cx-frameline" }),
  );
  set(frame, { role: "slider", "aria-roledescription": "window of three by three pixels", "aria-label": "Place of the kernel", "aria-valuemin": 0, "aria-valuemax": OUT * OUT - 1 });
  left.svg.append(frame);

  const right = board([h("b", {}, "The output,"), " dashes are negative"], "The output", OUT);
  const dashes = s("path", { class: "cx-dashes" }); // in grey print orange and blue are alike
  const spot = s("rect", { width: S / OUT, height: S / OUT, fill: "none", stroke: "var(--grab)", "stroke-width": 3 });
  right.svg.append(dashes, s("rect", { width: S, height: S, class: "cx-rule" }), spot);

  // The nine products
  const middle = panel([h("b", {}, "Pixel \u00d7 weight,"), " nine times, then the sum"], 240, 300, "Nine products");
  const cells = Array.from({ length: 9 }, (_, n) => {
    const [cx, cy] = [(n % 3) * 80, Math.floor(n / 3) * 76];
    const box = s("rect", { x: cx + 1, y: cy + 1, width: 78, height: 74, rx: 4 });
    const factors = s("text", { x: cx + 40, y: cy + 24, "text-anchor": "middle" });
    const product = s("text", { x: cx + 40, y: cy + 54, "text-anchor": "middle", class: "cx-big" });
    middle.svg.append(box, factors, product);
    return { box, factors, product };
  });
  const totalBox = s("rect", { x: 1, y: 240, width: 238, height: 52, rx: 6, stroke: "var(--grab)", "stroke-width": 3 });
  const total = s("text", { x: 120, y: 272, "text-anchor": "middle", class: "cx-big" });
  middle.svg.append(totalBox, total);
  left.box.style.cssText = right.box.style.cssText = app.narrow ? "flex: 1 1 45%" : "flex: 1 1 250px; max-width: 300px";
  middle.box.style.cssText = app.narrow ? "flex: 1 1 100%; max-width: 230px; order: 1" : "flex: 0.8 1 200px; max-width: 240px";
  app.stage.append(left.box, middle.box, right.box);

  const put = (row, column, seenToo = true) => {
    const place = [clamp(Math.round(row), 0, OUT - 1), clamp(Math.round(column), 0, OUT - 1)];
    const { row: oldRow, column: oldColumn, seen } = app.state;
    // All places on the way, as a quick hand skips some.
    const n = Math.max(Math.abs(place[0] - oldRow), Math.abs(place[1] - oldColumn), 1);
    const visited = new Set(seen);
    for (let k = 0; k <= n; k++) {
      const between = (a, b) => Math.round(a + ((b - a) * k) / n);
      visited.add(between(oldRow, place[0]) * OUT + between(oldColumn, place[1]));
    }
    app.change({ row: place[0], column: place[1], seen: seenToo ? [...visited] : seen });
  };
  draggable(app, frame, {
    start: (px, py) => ({ dx: app.state.column * cell - px, dy: app.state.row * cell - py }),
    move: (px, py, { dx, dy }) => put((py + dy) / cell, (px + dx) / cell),
    keys: (dx, dy) => put(app.state.row - dy, app.state.column + dx),
  });

  const names = [...Object.keys(given), "my own weights"];
  const choice = choiceControl(app, {
    label: "The kernel finds",
    options: names.map((name) => [name, name]),
    value: firstName,
    change: (name) => app.change({ name, weights: given[name] ?? app.state.weights, seen: [] }),
  });
  const inputs = Array.from({ length: 9 }, (_, n) =>
    h("input", {
      type: "number",
      step: 0.5,
      min: -9,
      max: 9,
      "aria-label": `Weight in row ${Math.floor(n / 3) + 1}, column ${(n % 3) + 1}`,
      onchange: (event) => {
        app.touched();
        const value = clamp(Number(event.target.value) || 0, -9, 9);
        app.change({ name: "my own weights", weights: app.state.weights.map((old, i) => (i === n ? value : old)), seen: [] });
        app.commit();
      },
    }),
  );
  const everywhere = button("All places", () => {
    app.touched();
    cheated = true;
    app.change({ seen: Array.from({ length: OUT * OUT }, (_, n) => n) });
    app.commit();
  });
  let cheated = false;
  app.controls.append(choice.box, everywhere, h("details", { class: "cx-weights" }, h("summary", {}, "Nine weights of your own"), h("div", { class: "cx-nine" }, inputs)));

  // Red and blue as in the figures of the course: positive orange, negative blue.
  function shade(canvas, values, n, known = null) {
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(n, n);
    const [paper, orange, blue, ink, soft] = ["paper", "grab", "c0", "ink", "sheet"].map((name) => app.ink(name));
    values.forEach((value, i) => {
      const colour = known ? (value > 0 ? orange : blue) : ink;
      const strength = Math.min(1, Math.abs(value));
      const hidden = known && !known.has(i);
      for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = hidden ? soft[c] : paper[c] + strength * (colour[c] - paper[c]);
      pixels.data[4 * i + 3] = 255;
    });
    context.putImageData(pixels, 0, 0);
  }

  function draw(state) {
    const { row, column, weights, seen } = state;
    const output = convolve(image, weights);
    const most = Math.max(...output.map(Math.abs), 1e-9);
    const { products, total: answer } = answerAt(image, weights, row, column);
    shade(left.canvas, image, SIDE);
    const known = new Set([...seen, row * OUT + column]);
    shade(right.canvas, output.map((value) => value / most), OUT, known);
    const side = S / OUT;
    const negative = [...known].filter((n) => output[n] < -most / 10);
    set(dashes, { d: negative.map((n) => `M${((n % OUT) + 0.25) * side} ${(Math.floor(n / OUT) + 0.5) * side}h${side / 2}`).join("") });
    set(frame, { transform: `translate(${column * cell} ${row * cell})`, "aria-valuenow": row * OUT + column, "aria-valuetext": `row ${row + 1}, column ${column + 1}, answer ${number(answer)}` });
    set(spot, { x: (column * S) / OUT, y: (row * S) / OUT });
    const tint = (value, whole) => `color-mix(in srgb, var(${value > 0 ? "--grab" : "--c0"}) ${Math.round(55 * Math.min(1, Math.abs(value) / whole))}%, var(--paper))`;
    cells.forEach(({ box, factors, product }, n) => {
      const pixel = image[(row + Math.floor(n / 3)) * SIDE + column + (n % 3)];
      set(box, { fill: tint(products[n], 2), stroke: "var(--line)" });
      factors.textContent = `${number(pixel, 1)} \u00d7 ${number(weights[n], Number.isInteger(weights[n]) ? 0 : 2)}`;
      product.textContent = number(products[n], 2);
    });
    set(totalBox, { fill: tint(answer, most) });
    total.textContent = `sum: ${number(answer)}`;
    choice.put(state.name);
    inputs.forEach((input, n) => (input.value = Number(weights[n].toFixed(2))));
    const share = (new Set(seen).size / (OUT * OUT)) || 0;
    const highest = Math.max(...output);
    app.readout.replaceChildren("The answer here: ", h("b", {}, number(answer)), `. You have seen ${percent(share)} of the places.`);
    app.say(`Answer ${number(answer)}.`);
    if (seen.length < 2) cheated = false;
    app.solve(!cheated && highest > 0 && seen.length > 1 && answer > highest - 1e-9);
    return { row, column, weights, products, answer, output };
  }
  return app;
});
