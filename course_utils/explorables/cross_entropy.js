// Cross entropy: what a guess costs, as areas. Width: how often; height: how surprised.

const LEAST = 0.01; // no share can be dragged lower: the surprise would be infinite
const TALL = 4.7; // nats: the surprise at a share of 0.01 is 4.6

// The other shares keep their ratios when one of them is moved.
export function moveShare(shares, k, value) {
  const K = shares.length;
  const own = clamp(value, LEAST, 1 - (K - 1) * LEAST);
  const above = shares.map((share, i) => (i === k ? 0 : Math.max(share - LEAST, 0)));
  const left = 1 - own - (K - 1) * LEAST;
  const all = sum(above);
  return shares.map((_, i) =>
    i === k ? own : LEAST + (all > 0 ? (above[i] / all) * left : left / (K - 1)),
  );
}

// In nats. `truth` is how often each outcome happens, `model` what somebody says.
export function information(truth, model) {
  const surprise = model.map((share) => -Math.log(share));
  const own = truth.map((share) => (share > 0 ? -Math.log(share) : 0));
  const entropy = sum(truth.map((share, k) => share * own[k]));
  const cross = sum(truth.map((share, k) => (share > 0 ? share * surprise[k] : 0)));
  // Where the model says too little, an area grows; where it says too much, it shrinks.
  const more = truth.map((share, k) => (share > 0 ? share * (surprise[k] - own[k]) : 0));
  const striped = sum(more.map((part) => Math.max(part, 0)));
  const empty = sum(more.map((part) => Math.max(-part, 0)));
  return { surprise, own, entropy, cross, kl: cross - entropy, striped, empty };
}

export default widget(({ model: widgetModel, el, data }) => {
  const start = { truth: data.truth ?? [0.5, 0.25, 0.15, 0.1], model: data.model ?? [0.1, 0.2, 0.3, 0.4] };
  const K = start.truth.length;
  const labels = data.labels ?? [..."ABCD"].slice(0, K);
  const letters = data.letters ?? ["q", "p"]; // of the truth, of the model

  const app = explorable(
    { model: widgetModel, el },
    {
      title: "What a guess costs",
      lead: ["Drag the handles ", h("b", {}, letters[1]), ": what the model says. Then ", h("b", {}, letters[0]), ": how often it really happens."],
      task: `Leave ${letters[0]} alone. How low can the cross entropy go? Bring it within 0.01 of the lowest value.`,
      praise: `It is lowest where ${letters[1]} equals ${letters[0]}, and even there it is not 0: that rest is the entropy.`,
      start,
      draw,
    },
  );
  const [W, H] = app.narrow ? [344, 190] : [400, 250];
  const floor = H - 26;

  // The two distributions
  const left = panel(["How often it happens (", h("b", {}, letters[0]), ", hatched) and what the model says (", h("b", {}, letters[1]), ")"], W, H, "Two distributions");
  const y = scale(0, 1, floor, 10);
  for (const tick of [0, 0.5, 1]) {
    left.svg.append(s("path", { d: `M36 ${y(tick)}H${W - 2}`, class: tick ? "cx-rule" : "cx-thin" }));
    axisText(left.svg, 32, y(tick) + 4, `${100 * tick}%`, { "text-anchor": "end" });
  }
  const hatch = (id, colour, angle) =>
    s("pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: `rotate(${angle})` }, s("rect", { width: 2.6, height: 6, fill: colour }));
  const unique = `cx${Math.floor(performance.now() * 1000)}`;
  left.svg.prepend(s("defs", {}, [0, 1, 2, 3].map((k) => hatch(`${unique}-${k}`, `var(--c${k})`, 45)), hatch(`${unique}-more`, "var(--grab)", -45)));
  const step = (W - 44) / K;
  const wide = Math.min(34, step * 0.36);
  const sides = ["truth", "model"].map((which, side) =>
    labels.map((label, k) => {
      const x = 44 + step * (k + 0.5) + (side - 0.5) * (wide + 5);
      const bar = s("rect", { x: x - wide / 2, width: wide, class: `cx-c${k}`, stroke: "var(--c)", "stroke-width": 1.5, fill: side ? "var(--c)" : `url(#${unique}-${k})` });
      const handle = grip(side ? 11 : 9, letters[side]);
      if (side && k === K - 1) handle.classList.add("cx-first");
      set(handle, { role: "slider", "aria-orientation": "vertical", "aria-valuemin": 1, "aria-valuemax": 99, "aria-label": side ? `What the model says about ${label}` : `How often ${label} happens` });
      const put = (value) => app.change({ [which]: moveShare(app.state[which], k, value) });
      draggable(app, handle, {
        start: (_, py) => ({ offset: y(app.state[which][k]) - py }),
        move: (_, py, { offset }) => put(y.inverse(py + offset)),
        keys: (dx, dy) => put(round(app.state[which][k], 0.01) + 0.01 * (dx + dy)),
      });
      left.svg.append(bar);
      return { x, bar, handle };
    }),
  );
  labels.forEach((label, k) => {
    const x = 44 + step * (k + 0.5);
    left.svg.append(mark(k, 5, { transform: `translate(${x - 9} ${H - 10})` }), s("text", { x, y: H - 5, class: "cx-big" }, label));
  });
  for (const handle of sides.flat().map((part) => part.handle)) left.svg.append(handle);

  // The areas
  const right = panel([h("b", {}, "Each area"), " is how often \u00d7 surprise. All areas: the cross entropy"], W, H, "Areas");
  const ys = scale(0, TALL, floor, 10);
  const xs = scale(0, 1, 36, W - 4);
  for (const tick of [0, 1, 2, 3, 4]) {
    right.svg.append(s("path", { d: `M36 ${ys(tick)}H${W - 4}`, class: tick ? "cx-rule" : "cx-thin" }));
    axisText(right.svg, 30, ys(tick) + 4, tick, { "text-anchor": "end" });
  }
  const areas = labels.map((label, k) => {
    const area = s("rect", { class: `cx-fill cx-c${k}`, opacity: 0.6 });
    const extra = s("rect", { fill: `url(#${unique}-more)` });
    const outline = s("rect", { fill: "none", stroke: "var(--ink)", "stroke-width": 1.6, "stroke-dasharray": "4 3" });
    const name = s("text", { y: H - 5, "text-anchor": "middle", class: "cx-big" }, label);
    const words = s("text", { "text-anchor": "middle" });
    right.svg.append(area, extra, outline, name, words);
    return { area, extra, outline, name, words };
  });
  axisText(right.svg, W - 4, 8, `height: surprise \u2212log ${letters[1]} (nats); width: ${letters[0]}`, { "text-anchor": "end" });

  // The sum
  const bars = h("div", { class: "cx-sum" });
  const balance = h("b", {});
  const sumBox = h("div", { class: "cx-panel" }, h("p", { class: "cx-heading" }, "Dashed boxes: the same for a perfect guess. Striped: what the wrong guess costs on top. Empty: where it saves. ", balance), bars);
  sumBox.style.cssText = "flex: 1 1 100%; max-width: none";
  const cannot = h("span", { class: "cx-cannot" });
  const price = h("span", { class: "cx-price" });
  bars.append(cannot, price);
  app.stage.append(left.box, right.box, sumBox);

  function draw({ truth, model }) {
    const found = information(truth, model);
    [truth, model].forEach((shares, side) =>
      shares.forEach((share, k) => {
        const { x, bar, handle } = sides[side][k];
        set(bar, { y: y(share), height: floor - y(share) });
        set(handle, { transform: `translate(${x} ${y(share)})`, "aria-valuenow": Math.round(100 * share), "aria-valuetext": percent(share) });
      }),
    );
    let from = 0;
    areas.forEach(({ area, extra, outline, name, words }, k) => {
      const [x, width] = [xs(from), xs(from + truth[k]) - xs(from)];
      const [top, best] = [ys(Math.min(found.surprise[k], TALL)), ys(Math.min(found.own[k], TALL))];
      set(area, { x, width, y: top, height: floor - top });
      set(outline, { x: x + 1, width: Math.max(width - 2, 0), y: best, height: floor - best });
      set(extra, { x, width, y: top, height: Math.max(best - top, 0) });
      set(name, { x: x + width / 2 });
      set(words, { x: x + width / 2, y: Math.max(top - 4, 20) });
      words.textContent = width > 28 ? number(truth[k] * found.surprise[k]) : "";
      from += truth[k];
    });
    const whole = Math.max(app.narrow ? 2.5 : 4.7, found.cross);
    cannot.style.width = `${(100 * found.entropy) / whole}%`;
    price.style.width = `${(100 * found.kl) / whole}%`;
    cannot.textContent = `entropy ${number(found.entropy)}`;
    price.textContent = found.kl / whole > (app.narrow ? 0.2 : 0.09) ? `KL ${number(found.kl)}` : "";
    balance.textContent = `KL = striped minus the empty dashed parts = ${number(found.striped)} \u2212 ${number(found.empty)}.`;
    app.readout.replaceChildren(h("b", {}, `Cross entropy ${number(found.cross, 3)}`), ` = entropy ${number(found.entropy, 3)} + ${number(Math.abs(found.kl), 3)} for the wrong guess (KL divergence), in nats.`);
    app.say(`Cross entropy ${number(found.cross, 2)}, entropy ${number(found.entropy, 2)}.`);
    const same = truth.every((share, k) => Math.abs(share - start.truth[k]) < 1e-9);
    app.solve(same && found.kl < 0.01);
    return { truth, model, cross_entropy: found.cross, entropy: found.entropy, kl: found.kl };
  }
  return app;
});
