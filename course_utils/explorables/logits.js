// Logits, temperature, probabilities: three steps from scores to shares of one whole.

const LOW = -5;
const HIGH = 5;

// e^(z / T), its sum, and the shares: the three numbers of each row of the picture.
export function steps(z, T) {
  const powers = z.map((value) => Math.exp(value / T));
  return { powers, total: sum(powers), probs: softmax(z, T) };
}

// A number of any size in few signs: 0.05, 7.39, 148, 2.9 million, 5e21.
export function brief(value) {
  if (value >= 1e9 || value < 0.0005) return value.toExponential(0).replace("e+", "e").replace("-", "\u2212");
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} mio.`;
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value >= 10 ? value.toFixed(1) : value.toFixed(value < 0.1 ? 3 : 2);
}

// The temperature on a slider from 0 to 100 whose middle is 1.
export const temperatureAt = (x) => Number((10 ** (x / 50 - 1)).toPrecision(2));
export const placeOf = (T) => 50 * (Math.log10(T) + 1);

export default widget(({ model, el, data }) => {
  const start = data.logits ?? [1, 2, 3];
  const labels = data.labels ?? [..."ABCDEF"].slice(0, start.length);
  const K = start.length;

  const app = explorable(
    { model, el },
    {
      title: "From scores to probabilities",
      lead: ["Drag the ", h("b", {}, "round handles"), " up and down. Then turn the ", h("b", {}, "temperature"), "."],
      task: "Leave the scores as they are at the start. With the temperature alone, give the largest one more than 95%.",
      praise: "Cold makes it sure, hot makes it undecided, and the order never changes.",
      start: { logits: start, T: 1 },
      draw,
    },
  );

  const [W, H] = app.narrow ? [344, 158] : [300, 236];
  const x = (k) => 46 + ((k + 0.5) * (W - 56)) / K;
  const wide = Math.min(46, (W - 56) / K - 12);
  const name = (svg, k, y) => svg.append(mark(k, 5, { transform: `translate(${x(k) - 11} ${y - 4})` }), s("text", { x: x(k) - 2, y, class: "cx-big" }, labels[k]));

  // 1. The scores
  const left = panel([h("b", {}, "1. Scores"), " (logits): any numbers"], W, H, "Scores to drag");
  const y1 = scale(LOW, HIGH, H - 30, 14);
  for (const tick of app.narrow ? [-4, 0, 4] : [-4, -2, 0, 2, 4]) {
    left.svg.append(s("path", { d: `M38 ${y1(tick)}H${W - 4}`, class: tick ? "cx-rule" : "cx-thin" }));
    axisText(left.svg, 32, y1(tick) + 4, number(tick, 0), { "text-anchor": "end" });
  }
  const handles = labels.map((label, k) => {
    const bar = s("rect", { x: x(k) - wide / 2, width: wide, class: `cx-fill cx-c${k % 4}`, opacity: 0.75 });
    const words = s("text", { class: "cx-big", "text-anchor": "start" });
    const handle = grip(11);
    if (k === 0) handle.classList.add("cx-first");
    set(handle, { role: "slider", "aria-label": `Score of ${label}`, "aria-orientation": "vertical", "aria-valuemin": LOW, "aria-valuemax": HIGH });
    const put = (value) => {
      const logits = [...app.state.logits];
      logits[k] = Number(clamp(round(value, 0.1), LOW, HIGH).toFixed(1));
      app.change({ logits });
    };
    draggable(app, handle, {
      start: (_, y) => ({ offset: y1(app.state.logits[k]) - y }),
      move: (_, y, { offset }) => put(y1.inverse(y + offset)),
      keys: (dx, dy) => put(app.state.logits[k] + 0.1 * (dx + dy)),
    });
    left.svg.append(bar);
    name(left.svg, k, H - 8);
    return { bar, words, handle };
  });
  for (const { words, handle } of handles) left.svg.append(handle, words);

  // 2. The powers
  const middle = panel([h("b", {}, "2. e", h("sup", {}, "score / temperature")), ": always above 0"], W, H, "The powers");
  const powers = labels.map((_, k) => {
    const bar = s("rect", { x: x(k) - wide / 2, width: wide, class: `cx-fill cx-c${k % 4}`, opacity: 0.75 });
    const words = s("text", { x: x(k), "text-anchor": "middle" });
    middle.svg.append(bar, words);
    name(middle.svg, k, H - 8);
    return { bar, words };
  });
  middle.svg.append(s("path", { d: `M38 ${H - 30}H${W - 4}`, class: "cx-thin" }));
  const total = s("text", { x: W - 4, y: 12, "text-anchor": "end", class: "cx-axis" });
  middle.svg.append(total);

  // 3. The shares
  const right = panel([h("b", {}, "3. Divided by their sum"), ": probabilities"], W, H, "The probabilities");
  const y3 = scale(0, 1, H - 30, 14);
  for (const tick of [0, 0.5, 1]) {
    right.svg.append(s("path", { d: `M38 ${y3(tick)}H${W - 4}`, class: tick ? "cx-rule" : "cx-thin" }));
    axisText(right.svg, 34, y3(tick) + 4, `${100 * tick}%`, { "text-anchor": "end" });
  }
  const shares = labels.map((_, k) => {
    const bar = s("rect", { x: x(k) - wide / 2, width: wide, class: `cx-fill cx-c${k % 4}` });
    const words = s("text", { x: x(k), "text-anchor": "middle", class: "cx-big" });
    right.svg.append(bar, words);
    name(right.svg, k, H - 8);
    return { bar, words };
  });

  // The whole: one strip of 100%
  const pieces = labels.map((_, k) => h("span", { class: `cx-c${k % 4}` }));
  const strip = h(
    "div",
    { class: "cx-panel" },
    h("p", { class: "cx-heading" }, "The same shares side by side: the strip is always full, 100%"),
    h("div", { class: "cx-strip", "aria-hidden": "true" }, pieces),
  );
  strip.style.cssText = "flex: 1 1 100%; max-width: none";
  app.stage.append(left.box, middle.box, right.box, strip);
  app.stage.style.alignItems = "flex-end"; // so that the bars stand on one line
  for (const { box } of [left, middle, right]) box.style.cssText = "flex: 1 1 255px; max-width: 340px";

  const temperature = rangeControl(app, {
    label: "Temperature",
    min: 0,
    max: 100,
    step: 1,
    value: placeOf(app.state.T),
    show: (place) => number(temperatureAt(place), temperatureAt(place) < 1 ? 2 : 1),
    change: (place) => app.change({ T: temperatureAt(place) }),
  });
  const shift = (by) => {
    const logits = app.state.logits.map((z) => Number((z + by).toFixed(1)));
    if (Math.max(...logits) > HIGH || Math.min(...logits) < LOW) {
      app.say("One of the scores is at the end of its scale.");
      return;
    }
    app.touched();
    app.change({ logits });
    app.commit();
  };
  app.controls.append(
    temperature.box,
    h("span", { class: "cx-choice" }, "All scores:", button("\u2212 1", () => shift(-1), { "aria-label": "All scores minus 1" }), button("+ 1", () => shift(1), { "aria-label": "All scores plus 1" })),
  );

  function draw({ logits, T }) {
    const { powers: all, total: whole, probs } = steps(logits, T);
    const most = Math.max(...all);
    const high = H - 30;
    logits.forEach((z, k) => {
      const y = y1(z);
      set(handles[k].bar, { y: Math.min(y, y1(0)), height: Math.abs(y - y1(0)) });
      set(handles[k].handle, { transform: `translate(${x(k)} ${y})`, "aria-valuenow": z, "aria-valuetext": `${z}; probability ${percent(probs[k])}` });
      set(handles[k].words, { x: x(k) + 17, y: y + 5 });
      handles[k].words.textContent = number(z, 1);
      const tall = Math.max(0.5, ((high - 34) * all[k]) / most);
      set(powers[k].bar, { y: high - tall, height: tall });
      set(powers[k].words, { y: high - tall - 5 });
      powers[k].words.textContent = brief(all[k]);
      set(shares[k].bar, { y: y3(probs[k]), height: Math.max(0.5, high - y3(probs[k])) });
      set(shares[k].words, { y: y3(probs[k]) - 5 });
      shares[k].words.textContent = percent(probs[k]);
      pieces[k].style.width = `${100 * probs[k]}%`;
      pieces[k].textContent = probs[k] > 0.2 ? `${labels[k]} ${percent(probs[k])}` : probs[k] > 0.06 ? labels[k] : "";
    });
    total.textContent = `sum ${brief(whole)}`;
    temperature.put(placeOf(T));
    const top = argmax(probs);
    const ratio = logits.length > 1 ? Math.exp((logits[0] - logits[1]) / T) : 1;
    const [one, two] = ratio >= 1 ? [0, 1] : [1, 0];
    app.readout.replaceChildren(
      h("b", {}, `${labels[top]} gets ${percent(probs[top])}.`),
      ` ${labels[one]} is ${number(Math.abs(logits[0] - logits[1]), 1)} above ${labels[two]}, so it gets ${brief(Math.max(ratio, 1 / ratio))} times as much.`,
    );
    app.say(labels.map((label, k) => `${label} ${percent(probs[k])}`).join(", "));
    app.solve(logits.every((z, k) => z === start[k]) && probs[top] > 0.95);
    return { logits, temperature: T, probs };
  }
  return app;
});
