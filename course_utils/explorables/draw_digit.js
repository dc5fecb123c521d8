// Draw a digit: a small network answers with ten bars.

const PAD = 280; // units of the pad along one side
const SIDE = 28; // pixels along one side of an image of MNIST

// The mathematics ------------------------------------------------------------------

function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function numbers(text, precision) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return precision === "f2"
    ? Float64Array.from({ length: bytes.length / 2 }, (_, i) =>
        halfToNumber(view.getUint16(2 * i, true)),
      )
    : Float64Array.from({ length: bytes.length / 4 }, (_, i) =>
        view.getFloat32(4 * i, true),
      );
}

// The layers that Python exported, with their numbers as arrays.
export const decode = (layers) =>
  layers.map((layer) =>
    layer.weight
      ? {
          ...layer,
          weight: numbers(layer.weight, layer.precision),
          bias: numbers(layer.bias, layer.precision),
        }
      : layer,
  );

function conv({ shape: [nOut, nIn, rows, columns], stride, padding, weight, bias }, x, [, H, W]) {
  const outH = Math.floor((H + 2 * padding - rows) / stride) + 1;
  const outW = Math.floor((W + 2 * padding - columns) / stride) + 1;
  const out = new Float64Array(nOut * outH * outW);
  for (let o = 0; o < nOut; o++) {
    for (let i = 0; i < outH; i++) {
      for (let j = 0; j < outW; j++) {
        let total = bias[o];
        for (let c = 0; c < nIn; c++) {
          for (let u = 0; u < rows; u++) {
            const row = i * stride + u - padding;
            if (row < 0 || row >= H) continue;
            for (let v = 0; v < columns; v++) {
              const column = j * stride + v - padding;
              if (column < 0 || column >= W) continue;
              total +=
                weight[((o * nIn + c) * rows + u) * columns + v] *
                x[(c * H + row) * W + column];
            }
          }
        }
        out[(o * outH + i) * outW + j] = total;
      }
    }
  }
  return [out, [nOut, outH, outW]];
}

function maxpool({ size, stride }, x, [C, H, W]) {
  const outH = Math.floor((H - size) / stride) + 1;
  const outW = Math.floor((W - size) / stride) + 1;
  const out = new Float64Array(C * outH * outW).fill(-Infinity);
  for (let c = 0; c < C; c++)
    for (let i = 0; i < outH; i++)
      for (let j = 0; j < outW; j++)
        for (let u = 0; u < size; u++)
          for (let v = 0; v < size; v++) {
            const k = (c * outH + i) * outW + j;
            const value = x[(c * H + i * stride + u) * W + j * stride + v];
            out[k] = Math.max(out[k], value);
          }
  return [out, [C, outH, outW]];
}

function linear({ shape: [nOut, nIn], weight, bias }, x) {
  const out = Float64Array.from(bias);
  for (let o = 0; o < nOut; o++)
    for (let i = 0; i < nIn; i++) out[o] += weight[o * nIn + i] * x[i];
  return [out, [nOut]];
}

const EACH = { relu: (z) => Math.max(z, 0), tanh: Math.tanh, sigmoid };

// The logits for one image, 784 numbers from 0 to 1.
export function forward(layers, image) {
  let [x, shape] = [Float64Array.from(image), [1, SIDE, SIDE]];
  for (const layer of layers) {
    if (layer.kind === "conv") [x, shape] = conv(layer, x, shape);
    else if (layer.kind === "maxpool") [x, shape] = maxpool(layer, x, shape);
    else if (layer.kind === "linear") [x, shape] = linear(layer, x);
    else if (EACH[layer.kind]) x = x.map(EACH[layer.kind]);
  }
  return [...x];
}

// The drawing as an image of MNIST: scaled into a box of 20 x 20 pixels, then moved
// until its centre of mass is the centre of 28 x 28. `strokes` are lists x, y, x, y, ...
export function toImage(strokes, radius = 1.25) {
  const image = new Array(SIDE * SIDE).fill(0);
  const points = strokes.flat();
  if (!points.length) return image;
  const xs = points.filter((_, i) => i % 2 === 0);
  const ys = points.filter((_, i) => i % 2 === 1);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  // The ink is wider than the path; and a dot stays a dot.
  const size = (20 - 2 * radius) / Math.max(right - left, bottom - top, PAD / 7);
  const draw = (dx, dy) => {
    image.fill(0);
    for (const stroke of strokes) {
      const path = stroke.map((value, i) =>
        i % 2 ? (value - (top + bottom) / 2) * size + dy : (value - (left + right) / 2) * size + dx,
      );
      for (let k = 0; k < Math.max(path.length - 2, 1); k += 2) {
        const [x1, y1] = [path[k], path[k + 1]];
        const [x2, y2] = path.length > 2 ? [path[k + 2], path[k + 3]] : [x1, y1];
        segment(image, x1, y1, x2, y2, radius);
      }
    }
  };
  draw(SIDE / 2, SIDE / 2);
  const ink = sum(image);
  const x = sum(image.map((v, i) => v * ((i % SIDE) + 0.5))) / ink;
  const y = sum(image.map((v, i) => v * (Math.floor(i / SIDE) + 0.5))) / ink;
  draw(SIDE - x, SIDE - y);
  return image.map((value) => Math.round(value * 255) / 255);
}

// A straight line with a round pen: each pixel is as dark as it is near.
function segment(image, x1, y1, x2, y2, radius) {
  const reach = radius + 1;
  const [dx, dy] = [x2 - x1, y2 - y1];
  const length = dx * dx + dy * dy || 1;
  for (let i = Math.max(0, Math.floor(Math.min(y1, y2) - reach)); i < Math.min(SIDE, Math.max(y1, y2) + reach); i++) {
    for (let j = Math.max(0, Math.floor(Math.min(x1, x2) - reach)); j < Math.min(SIDE, Math.max(x1, x2) + reach); j++) {
      const [x, y] = [j + 0.5 - x1, i + 0.5 - y1];
      const t = clamp((x * dx + y * dy) / length, 0, 1);
      const distance = Math.hypot(x - t * dx, y - t * dy);
      const k = i * SIDE + j;
      image[k] = Math.max(image[k], clamp(radius + 0.5 - distance, 0, 1));
    }
  }
}

// The picture ----------------------------------------------------------------------

export default widget(({ model, el, data }) => {
  const layers = decode(data.layers);
  const labels = data.labels ?? [..."0123456789"];
  const K = labels.length;
  let probs = [];

  const app = explorable(
    { model, el },
    {
      title: "Draw a digit",
      lead: ["Draw a digit on the ", h("b", {}, "pad"), ", with the mouse or a finger. The bars answer at once."],
      task: "Draw a scribble that is no digit, and make the machine more than 90% sure all the same. Then press \u201cThis is no digit\u201d.",
      praise: "It has ten answers and no \u201cnone of them\u201d: the ten bars always add up to 100%.",
      start: { strokes: data.strokes ?? [] },
      draw,
    },
  );

  const scale2 = 2; // pixels of the canvas for each unit: sharp on a fine screen
  const pad = h("canvas", {
    width: PAD * scale2,
    height: PAD * scale2,
    class: "cx-pad cx-pulse",
    tabindex: 0,
    role: "application",
    "aria-label":
      "Drawing pad. The arrow keys move the pen, with Shift in small steps. The space bar puts it down or lifts it.",
  });
  const padBox = h("div", { class: "cx-panel" }, h("p", { class: "cx-heading" }, "Your drawing"), pad);
  padBox.style.cssText = "flex: 0 1 240px; min-width: 150px";
  const seen = h("canvas", { width: SIDE, height: SIDE, class: "cx-seen", role: "img", "aria-label": "The drawing as 28 by 28 pixels" });
  const seenBox = h("div", { class: "cx-panel" }, h("p", { class: "cx-heading" }, "What it sees"), seen, h("p", { class: "cx-heading" }, "28 \u00d7 28 pixels"));
  seenBox.style.cssText = "flex: 0 0 100px";
  const both = h("div", { class: "cx-panel" }, padBox, seenBox);
  both.style.cssText = "display: flex; gap: 12px; flex: 1 1 300px; max-width: 390px";

  const rowHeight = 23;
  const bars = panel("What it answers: one bar for each digit", 340, (K + 1) * rowHeight + 4);
  const end = 336;
  const rows = labels.map((label, k) => {
    const y = k * rowHeight + 4;
    const bar = s("rect", { x: 30, y, width: 0, height: rowHeight - 6, rx: 2 });
    const words = s("text", { x: 36, y: y + 13 });
    bars.svg.append(
      s("rect", { x: 30, y, width: end - 30, height: rowHeight - 6, rx: 2, fill: "var(--sheet)" }),
      bar,
      s("text", { x: 20, y: y + 13, class: "cx-big", "text-anchor": "end" }, label),
      words,
    );
    return { bar, words };
  });
  const last = K * rowHeight + 4;
  bars.svg.append(
    s("rect", { x: 30.5, y: last, width: end - 31, height: rowHeight - 6, rx: 2, class: "cx-thin", "stroke-dasharray": "3 3" }),
    s("text", { x: 36, y: last + 13, class: "cx-axis" }, "\u201cno digit\u201d: there is no such bar"),
    s("text", { x: 20, y: last + 13, class: "cx-axis", "text-anchor": "end" }, "?"),
  );
  app.stage.append(both, bars.box);

  const claim = button("This is no digit", () => {
    const k = argmax(probs);
    if (probs[k] > 0.9) app.solve(true);
    else app.say("It is not sure enough.");
    message = probs[k] > 0.9 ? "" : ` Not sure enough: ${percent(probs[k])} is not above 90%. Try another scribble.`;
    app.change({});
  });
  claim.className = "cx-main";
  app.controls.append(claim, h("span", { class: "cx-heading" }, "\u201cUndo\u201d takes away the last line, \u201cReset\u201d all of them."));
  let message = "";

  // The pen
  const pen = { x: PAD / 2, y: PAD / 3, down: false, shown: false };
  const add = (x, y) => {
    const stroke = app.state.strokes.at(-1);
    const [px, py] = stroke.slice(-2);
    if (Math.hypot(x - px, y - py) < 3) return;
    stroke.push(Math.round(x), Math.round(y));
    message = "";
    app.change({});
  };
  const begin = (x, y) => {
    app.state.strokes.push([Math.round(x), Math.round(y)]);
    message = "";
    app.change({});
  };
  const place = (event) => {
    const box = pad.getBoundingClientRect();
    const inside = (value) => clamp(value * PAD, 4, PAD - 4);
    return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
  };
  let drawing = false;
  const finish = () => {
    if (drawing) app.commit();
    drawing = false;
  };
  set(pad, {
    onpointerdown: (event) => {
      if (event.button) return;
      event.preventDefault();
      pad.focus({ preventScroll: true });
      pad.setPointerCapture(event.pointerId);
      Object.assign(pen, { shown: false, down: false });
      app.touched();
      drawing = true;
      begin(...place(event));
    },
    onpointermove: (event) => {
      if (!drawing) return;
      const all = event.getCoalescedEvents?.() ?? [];
      for (const one of all.length ? all : [event]) add(...place(one));
    },
    onpointerup: finish,
    onpointercancel: finish,
    onkeydown: (event) => {
      const step = event.shiftKey ? 4 : 14;
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!way && event.key !== " ") return;
      event.preventDefault();
      app.touched();
      pen.shown = true;
      if (event.key === " ") {
        pen.down = !pen.down;
        if (pen.down) begin(pen.x, pen.y);
        else app.commit();
        app.say(pen.down ? "The pen is down." : "The pen is up.");
        return;
      }
      pen.x = clamp(pen.x + way[0] * step, 10, PAD - 10);
      pen.y = clamp(pen.y + way[1] * step, 10, PAD - 10);
      if (pen.down && app.state.strokes.length) add(pen.x, pen.y);
      else app.change({});
    },
    onblur: () => {
      if (pen.down) app.commit();
      Object.assign(pen, { shown: false, down: false });
      app.change({});
    },
  });

  function drawPad(strokes) {
    const context = pad.getContext("2d");
    const colour = (name) => `rgb(${app.ink(name)})`;
    context.setTransform(scale2, 0, 0, scale2, 0, 0);
    context.clearRect(0, 0, PAD, PAD);
    if (!strokes.length) {
      context.fillStyle = colour("soft");
      context.font = "600 24px system-ui, sans-serif";
      context.textAlign = "center";
      context.fillText("draw here", PAD / 2, PAD / 2 + 8);
      context.strokeStyle = colour("line");
      context.setLineDash([6, 6]);
      context.strokeRect(PAD / 7, PAD / 7, (5 * PAD) / 7, (5 * PAD) / 7);
      context.setLineDash([]);
    }
    context.strokeStyle = colour("ink");
    context.lineWidth = 20;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of strokes) {
      context.beginPath();
      context.moveTo(stroke[0], stroke[1]);
      for (let k = 0; k < stroke.length; k += 2) context.lineTo(stroke[k], stroke[k + 1]);
      context.stroke();
    }
    if (pen.shown) {
      context.lineWidth = 3;
      context.strokeStyle = colour("grab");
      context.beginPath();
      context.arc(pen.x, pen.y, 11, 0, 7);
      context.stroke();
      if (pen.down) {
        context.fillStyle = colour("grab");
        context.fill();
      }
    }
  }

  function drawSeen(image) {
    const context = seen.getContext("2d");
    const pixels = context.createImageData(SIDE, SIDE);
    const [paper, ink] = [app.ink("paper"), app.ink("ink")];
    image.forEach((value, i) => {
      for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = paper[c] + value * (ink[c] - paper[c]);
      pixels.data[4 * i + 3] = 255;
    });
    context.putImageData(pixels, 0, 0);
  }

  function draw({ strokes }) {
    const image = toImage(strokes);
    const logits = forward(layers, image);
    probs = softmax(logits);
    const empty = !strokes.length;
    const top = argmax(probs);
    drawPad(strokes);
    drawSeen(image);
    rows.forEach(({ bar, words }, k) => {
      const p = empty ? 0 : probs[k];
      const width = (end - 30) * p;
      const inside = p > 0.8;
      set(bar, { width, fill: k === top ? "var(--grab)" : "var(--c0)" });
      words.textContent = empty ? "" : percent(p);
      set(words, {
        x: inside ? 24 + width : 36 + width,
        "text-anchor": inside ? "end" : "start",
        style: inside ? "fill: var(--paper); font-weight: 700" : k === top ? "font-weight: 700" : "",
      });
    });
    claim.disabled = empty;
    app.readout.replaceChildren(
      ...(empty
        ? ["Nothing is drawn yet."]
        : ["It says ", h("b", {}, labels[top]), ` and is ${percent(probs[top])} sure.`, message]),
    );
    if (!empty) app.say(`It says ${labels[top]}, ${percent(probs[top])} sure.`);
    return { pixels: empty ? [] : image.map((v) => Number(v.toFixed(4))), logits, probs };
  }
  return app;
});
