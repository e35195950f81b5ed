"use strict";
const $ = (id) => document.getElementById(id);
const ladder = (low, high, step) => {
  const found = [];
  for (let k = low; k <= high; k += step) found.push(2 ** k);
  return found;
};
const STEPS = [...new Set(ladder(0, 12, 0.5).map(Math.round))];
const RUNS = ladder(1, 12, 1);
const FACTORS = [0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1, 1.01, 1.02, 1.05, 1.1, 1.2, 1.5, 2, 4];
const TIMES = ladder(-5, 5, 0.25);
const ALPHAS = [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.05];
const shown = (value) => {
  if (value === null || value === undefined) return "–";
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value);
};
const put = (parent, tag, text, name) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  parent.append(made);
  return made;
};

// What is asked for: words of the address, which leave out what is as the claim has it.
let asked = new URLSearchParams(location.hash.slice(1));
if (!asked.get("claim")) asked.set("claim", $("what").dataset.start);
// `moving`: the answer has few runs; the whole one follows when the slider is let go.
let busy = false, again = false, moving = false, controls = "";

async function ask() {
  if (busy) { again = true; return; }
  busy = true;
  const rough = moving;
  $("picture").className = "old";
  history.replaceState(null, "", "#" + asked);
  try {
    const reply = await fetch("/answer?" + asked + (rough ? "&rough=1" : "")), found = await reply.json();
    if (reply.ok) show(found); else refuse(found.error);
  } catch (error) {
    refuse("The server does not answer: is `convergence serve` still running?");
  }
  busy = false;
  document.body.dataset.ready = again || rough ? "" : "1";
  if (again) { again = false; ask(); }
}

function refuse(sentence) {
  $("verdict").textContent = "no answer";
  $("verdict").className = "verdict inapplicable";
  $("reason").textContent = sentence;
  $("numbers").replaceChildren();
  $("picture").replaceChildren();
  $("caption").textContent = "";
}

function show(found) {
  const report = found.report, last = report.horizons[report.horizons.length - 1] || {};
  build(found);
  $("verdict").textContent = report.verdict + (found.query.rough ? " …" : "");
  $("verdict").className = "verdict " + report.verdict.toLowerCase();
  $("reason").textContent = report.reason + (report.grade ? ` (${report.grade})` : "");
  $("numbers").replaceChildren();
  const range = (pair) => Array.isArray(pair) ? pair.map(shown).join(" to ") : shown(pair);
  for (const [name, text] of [
    ["slack", shown(report.slack) + (report.vacuous ? " *vacuous" : "")], ["power", shown(report.power)],
    ["measured", shown(last.estimate)], ["limits", range(last.interval)], ["bound", range(last.bound)],
    ["runs", shown(last.seeds)], ["answered in", Math.round(1000 * found.seconds) + " ms"],
  ]) {
    const pair = put($("numbers"), "div");
    put(pair, "dt", name); put(pair, "dd", text);
  }
  // Made by the server, every word in them escaped.
  $("statement").innerHTML = found.statement;
  $("picture").innerHTML = found.svg;
  $("picture").className = "";
  $("caption").textContent = found.trajectory
    ? `${report.theorem} on ${report.problem.split(":")[0]} under ${report.noise.split(":")[0]}; line: ${found.trajectory.middle}; band: 5 to 95 % of them` +
      (found.trajectory.stated ? `; dashed: ${found.trajectory.stated}.` : ".")
    : "No picture: " + found.no_trajectory;
  const table = $("assumptions");
  table.replaceChildren();
  for (const a of report.assumptions) {
    const row = put(table, "tr");
    put(row, "td", a.holds ? "✓ holds" : "✗ fails"); put(row, "td", a.name); put(row, "td", a.detail);
  }
  $("constants").replaceChildren();
  for (const [name, value] of [...Object.entries(report.constants), ...Object.entries(report.hyper_parameters)]) {
    const pair = put($("constants"), "div"), text = Array.isArray(value) ? JSON.stringify(value) : shown(value);
    put(pair, "dt", name); put(pair, "dd", text.length > 60 ? text.slice(0, 59) + "…" : text);
  }
}

function build(found) {
  const wanted = JSON.stringify([found.controls, found.query.claim]);
  if (wanted !== controls) {
    controls = wanted;
    for (const side of ["problem", "noise"]) {
      $(side).replaceChildren();
      for (const option of found.controls[side + "s"]) put($(side), "option", option.name).value = option.slug;
    }
    $("sliders").replaceChildren();
    slider("T", "T", STEPS, found.query.T);
    slider("seeds", "runs", RUNS, found.query.seeds);
    slider("factor", "claimed: bound ×", FACTORS, found.query.factor);
    for (const name of found.controls.knobs) {
      slider(name, `${name.replace(".", "’s ")} ×`, TIMES, found.query.factors[name] ?? 1);
    }
    slider("alpha", "α", ALPHAS, found.query.alpha);
  }
  $("claim").value = found.query.claim;
  for (const side of ["problem", "noise"]) {
    const slug = found.query[side] || found.query.claim, list = $(side);
    if ([...list.options].some((o) => o.value === slug)) list.value = slug; else list.selectedIndex = 0;
  }
}

function slider(key, words, values, first) {
  const ladder = [...new Set([...values, first])].sort((a, b) => a - b);
  const label = put($("sliders"), "label", words), output = put(label, "output", shown(first));
  const input = put(label, "input");
  Object.assign(input, { type: "range", min: 0, max: ladder.length - 1, step: 1, id: "s-" + key });
  input.value = ladder.indexOf(first);
  const tell = () => {
    output.textContent = shown(ladder[input.value]);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  tell();
  input.addEventListener("input", () => {
    tell();
    asked.set(key, ladder[input.value]);
    moving = true;
    ask();
  });
  input.addEventListener("change", () => { moving = false; ask(); });
}

$("claim").addEventListener("change", () => { asked = new URLSearchParams({ claim: $("claim").value }); ask(); });
for (const side of ["problem", "noise"]) {
  $(side).addEventListener("change", () => {
    asked.set(side, $(side).value);
    for (const key of [...asked.keys()]) if (key.startsWith(side + ".")) asked.delete(key);
    ask();
  });
}
for (const form of document.forms) form.addEventListener("submit", (event) => event.preventDefault());
ask();
