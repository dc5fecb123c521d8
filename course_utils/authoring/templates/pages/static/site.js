// The questions of a lab: answered in the page, kept in this browser alone.

const KEPT = "course-answers";
const WORDS = JSON.parse(document.querySelector("#words").textContent);

// A sentence of the table, with values in the place of {names}.
const say = (role, values = {}) =>
  WORDS[role].replace(/\{(\w+)\}/g, (_, name) => values[name]);

let fresh = {}; // of this page: a browser may refuse to keep anything

const answers = () => {
  try {
    return { ...JSON.parse(localStorage.getItem(KEPT)), ...fresh };
  } catch {
    return { ...fresh }; // no storage, or not ours
  }
};

const keep = (given) => {
  fresh = given && { ...fresh, ...given };
  try {
    localStorage.setItem(KEPT, JSON.stringify(given ? answers() : {}));
  } catch {
    // The answer lives as long as the page.
  }
};

const shown = (question, value) => {
  if (question.kind === "number") return String(Number(value.toPrecision(6)));
  if (question.kind === "order") return [...value].join(", ");
  if (question.kind === "choice") {
    return `(${value}) ${question.options[value].replace(/\.$/, "")}`;
  }
  return [...value].map((letter) => `(${letter})`).join(` ${say("and")} `);
};

const isRight = (question, value) =>
  question.kind === "number"
    ? Math.abs(value - question.right) <= question.tolerance
    : value === question.right;

// What to say about a wrong answer: a paragraph for each mistake.
const mistakes = (question, value) => {
  const why = Object.fromEntries(question.why);
  switch (question.kind) {
    case "choice":
      return [why[value]];
    case "several": {
      const wrong = [...value].filter((letter) => !question.right.includes(letter));
      const missed = [...question.right].filter((letter) => !value.includes(letter));
      return [
        ...wrong.map((letter) => `${say("wrong-option", { letter })} ${why[letter]}`),
        ...missed.map((letter) => `${say("missed-option", { letter })} ${why[letter]}`),
      ];
    }
    case "order": {
      const place = [...value].findIndex((letter, k) => letter !== question.right[k]);
      const letter = question.right[place];
      return [`${say("place-of", { place: place + 1, letter })} ${why[letter]}`];
    }
  }
  const near = ([typical]) => Math.abs(value - typical) <= question.tolerance;
  return [question.why.find(near)?.[1] ?? question.otherwise];
};

// 0.25, 0,25, 1/4 or 25%
const number = (text) => {
  const typed = text.trim().replace(",", ".").replaceAll(" ", "");
  const [, top, bottom, percent] =
    /^([-+]?[\d.]+(?:e[-+]?\d+)?)(?:\/([\d.]+))?(%?)$/i.exec(typed) ?? [];
  const value = (Number(top) / Number(bottom ?? 1)) * (percent ? 0.01 : 1);
  if (Number.isFinite(value)) return value;
  throw new Error(say("no-number"));
};

const read = (form, question) => {
  const controls = [...form.querySelectorAll("[name=answer]")];
  if (question.kind === "number") return number(controls[0].value);
  if (question.kind === "order") {
    const value = controls.map((control) => control.value).join("");
    if (new Set(value).size === controls.length) return value;
    throw new Error(say("no-order"));
  }
  const chosen = controls.filter((control) => control.checked);
  if (chosen.length) return chosen.map((control) => control.value).join("");
  throw new Error(say("no-option"));
};

const write = (form, question, { value, sure }) => {
  form.querySelectorAll("[name=answer]").forEach((control, place) => {
    if (question.kind === "number") control.value = value;
    else if (question.kind === "order") control.value = value[place];
    else control.checked = value.includes(control.value);
  });
  form.elements.sure.value = sure;
};

// The verdict can stand far below its question: it names it, and leads back.
const named = (form) =>
  `<a href="#${form.id}">${say("question")} ${form.dataset.number}</a>: `;

const tell = (question, { value, sure }, name = "") => {
  const right = isRight(question, value);
  // Nobody pays without end: 99% is the surest.
  const cost = -Math.log((right ? sure : 100 - sure) / 100);
  const verdict = `<strong>${say(right ? "is-right" : "is-wrong")}</strong>`;
  const answer = say("right-answer", { value: shown(question, question.right) });
  const paragraphs = [
    `${name}${verdict} ${say("you-answered", { value: shown(question, value), sure })}`,
    ...(right ? [] : [...mistakes(question, value), answer]),
    question.because,
    say("costs", { cost: cost.toFixed(2) }),
  ];
  return paragraphs.map((text) => `<p>${text}</p>`).join("");
};

const unfold = () => {
  const all = answers();
  for (const result of document.querySelectorAll("details.result")) {
    if (result.dataset.needs.split(" ").some((key) => !(key in all))) continue;
    result.open = true;
    result.querySelector("summary").textContent = say("fold-outputs");
  }
};

const start = (form) => {
  const key = form.dataset.key;
  const question = JSON.parse(form.querySelector("script").textContent);
  const said = form.querySelector(".said");
  const button = form.querySelector("button");
  const fields = form.querySelector("fieldset");
  const percent = () => {
    form.querySelector("output").textContent = `${form.elements.sure.value}%`;
  };
  const show = (given) => {
    fields.disabled = true;
    button.textContent = say("change");
    const value = shown(question, given.value);
    said.innerHTML =
      say("committed", { value, sure: given.sure }) +
      ` <a href="#reply-${key}">${say("ask-right")}</a>`;
    const reply = document.getElementById(`reply-${key}`);
    reply.innerHTML = tell(question, given, named(form));
    reply.classList.toggle("right", isRight(question, given.value));
    unfold();
  };

  form.elements.sure.addEventListener("input", percent);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (fields.disabled) {
      fields.disabled = false;
      button.textContent = say("commit");
      said.textContent = say("choose-again");
      return;
    }
    try {
      const given = { value: read(form, question), sure: +form.elements.sure.value };
      keep({ [key]: given });
      show(given);
    } catch (problem) {
      said.textContent = problem.message;
    }
  });
  const given = answers()[key];
  if (given) {
    write(form, question, given);
    show(given);
  }
  percent();
};

// What is too wide for the window: formulas become a little smaller, so that an index
// can still be read; else it scrolls in a box of its own, which the keyboard reaches.
const SMALLEST = 0.9;

const fit = () => {
  for (const formula of document.querySelectorAll(".formula > math")) {
    formula.style.fontSize = "";
    const width = formula.getBoundingClientRect().width;
    const scale = formula.parentElement.clientWidth / width;
    if (scale >= 1) continue;
    const size = parseFloat(getComputedStyle(formula).fontSize);
    formula.style.fontSize = `${size * Math.max(scale * 0.98, SMALLEST)}px`;
  }
  for (const box of document.querySelectorAll("article pre, article .wide, .formula")) {
    const wide = box.scrollWidth > box.clientWidth + 1;
    box.classList.toggle("scrolls", wide);
    if (wide) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};

document.documentElement.classList.add("answers");
document.querySelectorAll("form.question").forEach(start);
document.querySelector("#forget")?.addEventListener("click", (event) => {
  keep(null);
  event.target.textContent = say("forgotten");
});
fit();
addEventListener("resize", fit);
document.fonts?.ready.then(fit);

// On paper nothing is folded, in older browsers neither.
const folded = new Set();
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details.result:not([open])")) {
    folded.add(part);
    part.open = true;
  }
});
addEventListener("afterprint", () => {
  for (const part of folded) part.open = false;
  folded.clear();
});
