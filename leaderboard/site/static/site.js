"use strict";
// Sorting and filtering of tables, the theme, and the plots. No request is made: all data is in the page.

function dark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

// -- tables

function value(row, column, kind) {
  const cell = row.cells[column];
  const text = cell.dataset.v ?? cell.textContent.trim();
  if (kind !== "number") return text.toLowerCase();
  return text === "" || Number.isNaN(Number(text)) ? null : Number(text);
}

function sort(table, column, kind, ascending) {
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row, place) => ({ row, place, key: value(row, column, kind) }));
  rows.sort((one, other) => {
    if (one.key === other.key) return one.place - other.place;
    if (one.key === null) return 1; // what is not there comes last, whichever the direction
    if (other.key === null) return -1;
    const order = one.key < other.key ? -1 : 1;
    return ascending ? order : -order;
  });
  body.append(...rows.map((one) => one.row));
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const kind = head.dataset.sort;
    if (!kind) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      const ascending = before ? before === "descending" : kind !== "number"; // of numbers the largest first
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      sort(table, column, kind, ascending);
    });
  });
}

// -- filters of the overview

const form = document.querySelector("form.filters");
if (form) {
  const rows = [...document.querySelectorAll("#overview tbody tr")];
  const filter = () => {
    const wanted = Object.fromEntries([...form.elements].filter((one) => one.dataset.filter)
      .map((one) => [one.dataset.filter, one.type === "checkbox" ? one.checked : one.value.trim().toLowerCase()]));
    let shown = 0;
    for (const row of rows) {
      const fits = row.textContent.toLowerCase().includes(wanted.text)
        && ["hardware", "mode", "engine"].every((name) => !wanted[name] || row.dataset[name].toLowerCase() === wanted[name])
        && (!wanted.best || wanted.mode || wanted.engine || wanted.hardware || row.dataset.best === "1");
      row.hidden = !fits;
      shown += fits;
    }
    form.querySelector("output").textContent = `${shown} of ${rows.length} rows`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
}

// -- plots

function colours() {
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--ink").trim(), faint = style.getPropertyValue("--faint").trim();
  const line = style.getPropertyValue("--line").trim();
  return {
    background: "transparent",
    font: getComputedStyle(document.body).fontFamily,
    view: { stroke: line },
    axis: { labelColor: faint, titleColor: ink, gridColor: line, domainColor: line, tickColor: line, titleFontWeight: "normal",
      labelFontSize: 12, titleFontSize: 12 },
    legend: { labelColor: ink, titleColor: ink, labelFontSize: 12, symbolOpacity: 1 },
    rule: { color: faint },
    range: { category: dark()
      ? ["#5fd0c5", "#ffa066", "#9db2ff", "#e58fd0", "#c9d36b", "#b0b8b4"]
      : ["#0b7a75", "#c2571a", "#3c57c4", "#a2347f", "#6d7a00", "#5d6662"] },
  };
}

const NARROW = 520; // pixels: there the plot needs the room that long names would take

async function draw() {
  for (const figure of document.querySelectorAll("figure.plot")) {
    const narrow = figure.clientWidth < NARROW;
    const fitted = (key, value) => narrow && key === "labelLimit" ? Math.min(value, figure.clientWidth * 0.42) : value;
    const spec = JSON.parse(figure.querySelector("script").textContent, fitted);
    const actions = !narrow && { export: true, source: false, compiled: false, editor: false };
    const options = { actions, renderer: "svg",
      config: colours(), tooltip: { theme: dark() ? "dark" : "light" } };
    await vegaEmbed(figure.querySelector(".vega"), spec, options);
  }
  document.documentElement.dataset.drawn = "true";
}

// -- theme

document.getElementById("theme").addEventListener("click", () => {
  const theme = dark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try { localStorage.setItem("theme", theme); } catch { /* a browser that keeps nothing for files */ }
  draw();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
draw();
