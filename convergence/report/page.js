"use strict";
const $ = (id) => document.getElementById(id);
const rows = [...document.querySelectorAll("#claims tbody tr")];
const number = (row, key) => row.dataset[key] === "" ? null : Number(row.dataset[key]);
// What is hardly tested comes first: the farther slack is from 1, the looser.
const orders = {
  order: (row) => Number(row.dataset.place),
  slack: (row) => number(row, "slack") ?? Infinity,
  loose: (row) => { const s = number(row, "slack"); return s > 0 ? -Math.abs(Math.log(s)) : Infinity; },
  power: (row) => -(number(row, "power") ?? -Infinity),
  time: (row) => -number(row, "seconds"),
  name: (row) => row.dataset.slug,
};
const controls = ["q", "verdict", "family", "kind", "known", "sort", "odd"];
const read = (id) => $(id).type === "checkbox" ? ($(id).checked ? "1" : "") : $(id).value;

function filter() {
  const words = read("q").toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const on = words.every((word) => row.dataset.text.includes(word)) && (!read("odd") || row.dataset.odd)
      && ["verdict", "family", "kind", "known"].every((id) => !read(id) || row.dataset[id] === read(id));
    row.hidden = !on;
    shown += on;
  }
  const key = orders[read("sort")] || orders.order, body = rows.length && rows[0].parentNode;
  const less = (a, b) => a < b ? -1 : a > b ? 1 : 0;
  for (const row of rows.slice().sort((a, b) => less(key(a), key(b)))) body.append(row);
  $("shown").textContent = `${shown} of ${rows.length} claims`;
}

function remember() {
  const found = new URLSearchParams();
  for (const id of controls) if (read(id) && !(id === "sort" && read(id) === "order")) found.set(id, read(id));
  const text = found.toString();
  location.replace("#claims" + (text ? "?" + text : ""));
}

function arrive() {
  const [anchor, query] = decodeURI(location.hash.slice(1)).split("?");
  if (anchor === "claims") {
    const found = new URLSearchParams(query || "");
    for (const id of controls) {
      if ($(id).type === "checkbox") $(id).checked = found.has(id);
      else $(id).value = found.get(id) || (id === "sort" ? "order" : "");
    }
    filter();
  }
  const at = anchor && $(anchor);
  for (let part = at; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  if (at) at.scrollIntoView();
}

$("find").hidden = false;
for (const id of controls) $(id).addEventListener(id === "q" ? "input" : "change", () => { filter(); remember(); });
$("find").addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", arrive);
filter();
arrive();
