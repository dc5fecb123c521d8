// Mini-batches from sorted or shuffled examples: the model believes what it saw last.

// First all of class 0, then all of class 1; then a share `mix` of the places is
// shuffled among themselves.
export function ordering(y, mix, seed = 1) {
  const order = [...y.keys()].sort((a, b) => y[a] - y[b] || a - b);
  const random = randomFrom(seed);
  const ranked = order.map((_, place) => [random(), place]).sort((a, b) => a[0] - b[0]);
  const chosen = ranked.slice(0, Math.round(mix * order.length)).map(([, place]) => place);
  const from = chosen.map((place) => order[place]);
  for (let i = from.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [from[i], from[j]] = [from[j], from[i]];
  }
  chosen.forEach((place, i) => (order[place] = from[i]));
  return order;
}

function measure(x, y, w, b) {
  let loss = 0;
  const right = [0, 0];
  const count = [0, 0];
  x.forEach((value, i) => {
    const z = w * value + b;
    loss += softplus(z) - y[i] * z;
    count[y[i]] += 1;
    right[y[i]] += z > 0 === y[i] > 0;
  });
  return { w, b, loss: loss / x.length, right: right.map((n, k) => n / count[k]) };
}

// Logistic regression on one feature, by SGD; what is measured after each update.
export function train(x, y, order, { size, lr, epochs }) {
  let [w, b] = [0, 0];
  const updates = [measure(x, y, w, b)];
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let from = 0; from < order.length; from += size) {
      const batch = order.slice(from, from + size);
      let [inW, inB] = [0, 0];
      for (const i of batch) {
        const error = (sigmoid(w * x[i] + b) - y[i]) / batch.length;
        inW += error * x[i];
        inB += error;
      }
      w -= lr * inW;
      b -= lr * inB;
      updates.push({ ...measure(x, y, w, b), from, to: Math.min(from + size, order.length), epoch });
    }
  }
  return updates;
}

export const SIZES = [1, 2, 3, 5, 6, 10, 15, 20, 30, 60];
const EPOCHS = 4;

export default widget(({ model, el, data }) => {
  const { x, y } = data;
  const N = x.length;
  const sizes = SIZES.filter((size) => N % size === 0);
  const lr = data.lr ?? 4;
  const labels = data.labels ?? ["A", "B"];
  const start = { mix: 0, size: data.size ?? 5, at: 12 };
  const whole = ordering(y, 1);

  const app = explorable(
    { model, el },
    {
      title: "Sorted or shuffled",
      lead: ["Move ", h("b", {}, "Shuffled"), ": the ribbon is the order in which the model sees the examples. Drag the ", h("b", {}, "handle"), " through the training."],
      task: "Set Shuffled back to 0%. There is a batch size at which the sorted order does no harm at all. Find it.",
      praise: "With all examples in one batch the order is lost in the mean. But then there is one update in an epoch.",
      start,
      draw,
    },
  );

  // The ribbon
  const [RW, RH] = app.narrow ? [344, 74] : [860, 84];
  const ribbon = panel([h("b", {}, "The ribbon:"), ` all examples in their order (${labels[0]} low, ${labels[1]} high), cut into batches. The framed batch was learned last`], RW, RH, "The order of the examples");
  ribbon.box.style.cssText = "flex: 1 1 100%; max-width: none";
  const tile = (RW - 8) / N;
  const tiles = Array.from({ length: N }, () => {
    const box = s("rect", { width: tile - (app.narrow ? 0.6 : 1.5), height: 24, rx: 1.5 });
    ribbon.svg.append(box);
    return box;
  });
  const shownClass = [];
  const cuts = s("path", { class: "cx-thin" });
  const frame = s("rect", { y: 3, height: 44, fill: "none", stroke: "var(--grab)", "stroke-width": 3.5, rx: 3 });
  const frameWords = s("text", { y: RH - 8, "text-anchor": "middle" });
  ribbon.svg.append(cuts, frame, frameWords);

  // What the model is good at now
  const [BW, BH] = [344, 118];
  const now = panel([h("b", {}, "Right at this moment,"), " of each class"], BW, BH, "Share of each class that is right");
  const bars = labels.map((label, k) => {
    const at = 14 + k * 50;
    const bar = s("rect", { x: 70, y: at, height: 32, rx: 2, class: `cx-fill cx-c${k}` });
    const words = s("text", { y: at + 21, class: "cx-big" });
    now.svg.append(s("rect", { x: 70, y: at, width: 260, height: 32, rx: 2, fill: "var(--sheet)" }), bar, words, mark(k, 7, { transform: `translate(20 ${at + 16})` }), s("text", { x: 34, y: at + 21, class: "cx-big" }, label));
    return { bar, words };
  });

  // The losses
  const [LW, LH] = app.narrow ? [344, 190] : [470, 210];
  const losses = panel([h("b", {}, "Loss on all examples"), " after each update: ", h("b", {}, "this order"), ", and shuffled (dashed)"], LW, LH, "The loss after each update");
  const highest = 2.4;
  const ly = scale(0, highest, LH - 30, 10);
  for (const tick of [0, 0.5, 1, 1.5, 2]) {
    losses.svg.append(s("path", { d: `M34 ${ly(tick)}H${LW - 8}`, class: tick ? "cx-rule" : "cx-thin" }));
    axisText(losses.svg, 29, ly(tick) + 4, number(tick, 1), { "text-anchor": "end" });
  }
  const epochs = s("g");
  for (let k = 0; k < EPOCHS; k++) {
    const left = 38 + (k / EPOCHS) * (LW - 50);
    epochs.append(s("path", { d: `M${left} 10V${LH - 30}`, class: "cx-rule" }), s("text", { x: left + 4, y: LH - 17, class: "cx-axis" }, `epoch ${k + 1}`));
  }
  const other = s("path", { class: "cx-stroke cx-c0", "stroke-dasharray": "6 4", "stroke-width": 2 });
  const own = s("path", { fill: "none", stroke: "var(--ink)", "stroke-width": 2.5, "stroke-linejoin": "round" });
  const pointer = s("path", { stroke: "var(--grab)", "stroke-width": 2 });
  const hold = grip(11);
  hold.classList.add("cx-first");
  set(hold, { role: "slider", "aria-label": "Update", "aria-valuemin": 0 });
  losses.svg.append(epochs, other, own, pointer, hold);
  axisText(losses.svg, LW - 8, LH - 2, "update", { "text-anchor": "end" });
  let total = 1;
  const lx = (k) => 38 + (k / total) * (LW - 50);
  const put = (k) => app.change({ at: Math.round(clamp(k, 0, total)) });
  draggable(app, hold, {
    start: (px) => ({ offset: lx(app.state.at) - px }),
    move: (px, _, { offset }) => put(((px + offset - 38) / (LW - 50)) * total),
    keys: (dx, dy) => put(app.state.at + dx + dy),
  });
  now.box.style.cssText = "flex: 1 1 270px; max-width: 400px";
  losses.box.style.cssText = "flex: 1.4 1 300px; max-width: 520px";
  app.stage.append(ribbon.box, losses.box, now.box);

  const mix = rangeControl(app, { label: "Shuffled", min: 0, max: 100, step: 5, value: 0, show: (value) => `${value}%`, change: (value) => app.change({ mix: value / 100 }) });
  const size = rangeControl(app, {
    label: "Batch size",
    min: 0,
    max: sizes.length - 1,
    step: 1,
    value: sizes.indexOf(start.size),
    show: (place) => String(sizes[place]),
    change: (place) => app.change({ size: sizes[place], at: Math.round((app.state.at * app.state.size) / sizes[place]) }),
  });
  app.controls.append(mix.box, size.box);

  function draw(state) {
    const order = ordering(y, state.mix);
    const ways = { size: state.size, lr, epochs: EPOCHS };
    const updates = train(x, y, order, ways);
    const shuffled = train(x, y, whole, ways);
    total = updates.length - 1;
    const at = clamp(state.at, 0, total);
    state.at = at;
    const here = updates[at];

    order.forEach((i, place) => {
      const k = y[i];
      if (shownClass[place] !== k) set(tiles[place], { x: 4 + place * tile, y: k ? 7 : 19, fill: `var(--c${k})` });
      shownClass[place] = k;
    });
    const places = Array.from({ length: N / state.size + 1 }, (_, k) => 4 + k * state.size * tile - 0.5);
    set(cuts, { d: places.map((place) => `M${place} 3V47`).join("") });
    const shown = at > 0;
    const [from, to] = shown ? [here.from, here.to] : [0, 0];
    set(frame, { x: 3 + from * tile, width: Math.max((to - from) * tile + 1, 0), opacity: shown ? 1 : 0 });
    const middle = clamp(4 + ((from + to) / 2) * tile, 80, RW - 80);
    set(frameWords, { x: middle });
    frameWords.textContent = shown ? `epoch ${here.epoch + 1}, update ${at}` : "before the first update";

    here.right.forEach((share, k) => {
      const width = 260 * share;
      set(bars[k].bar, { width });
      const inside = share > 0.3;
      set(bars[k].words, { x: inside ? 62 + width : 78 + width, "text-anchor": inside ? "end" : "start", style: inside ? "fill: var(--paper)" : "" });
      bars[k].words.textContent = percent(share);
    });
    const path = (all) => `M${all.map(({ loss }, k) => `${lx(k).toFixed(1)} ${ly(Math.min(loss, highest)).toFixed(1)}`).join("L")}`;
    set(own, { d: path(updates) });
    set(other, { d: path(shuffled) });
    set(pointer, { d: `M${lx(at)} 10V${LH - 30}` });
    set(hold, { transform: `translate(${lx(at)} ${ly(Math.min(here.loss, highest))})`, "aria-valuemax": total, "aria-valuenow": at, "aria-valuetext": `update ${at} of ${total}, loss ${number(here.loss)}` });
    mix.put(Math.round(100 * state.mix));
    size.put(sizes.indexOf(state.size));
    const last = updates.at(-1).loss;
    const compare = shuffled.at(-1).loss;
    app.readout.replaceChildren("After ", `${EPOCHS} epochs: `, h("b", {}, `loss ${number(last, 3)}`), `, and ${number(compare, 3)} if shuffled. ${total / EPOCHS} ${total === EPOCHS ? "update" : "updates"} in an epoch.`);
    app.say(`Loss ${number(last)}, shuffled ${number(compare)}.`);
    app.solve(state.mix === 0 && state.size === N);
    return { loss: last, shuffled: compare, losses: updates.map((u) => u.loss), order, batch_size: state.size, w: updates.at(-1).w, b: updates.at(-1).b };
  }
  return app;
});
