"use strict";
const root = document.documentElement;
const rows = [...document.querySelectorAll("tr.clause")];
const chips = [...document.querySelectorAll("[data-filter]")];
const search = document.getElementById("search");
const remembered = () => { try { return localStorage.getItem("refvec-theme"); } catch { return null; } };
const dark = matchMedia("(prefers-color-scheme: dark)").matches;
root.classList.toggle("dark", remembered() ? remembered() === "dark" : dark);
document.getElementById("theme").onclick = () => {
  const now = root.classList.toggle("dark");
  try { localStorage.setItem("refvec-theme", now ? "dark" : "light"); } catch { /* private window */ }
};
const open = (row, wanted) => {
  const shown = wanted ?? row.nextElementSibling.hidden;
  row.nextElementSibling.hidden = !shown;
  row.setAttribute("aria-expanded", shown);
};
for (const row of rows) {
  row.onclick = () => open(row);
  row.onkeydown = (event) => {
    if (event.target !== row || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    open(row);
  };
}
const visible = () => rows.filter((row) => !row.hidden);
const all = document.getElementById("all");
all.onclick = () => {
  const wanted = all.textContent === "Open all";
  visible().forEach((row) => open(row, wanted));
  all.textContent = wanted ? "Close all" : "Open all";
};
const apply = () => {
  const wanted = chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((c) => c.dataset.filter);
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of rows) {
    const text = (row.id + " " + row.textContent + row.nextElementSibling.textContent).toLowerCase();
    const verdicts = row.dataset.verdicts.split(" ");
    row.hidden = !((!wanted.length || wanted.some((one) => verdicts.includes(one))) && words.every((w) => text.includes(w)));
    if (row.hidden) open(row, false);
  }
  for (const body of document.querySelectorAll(".matrix > table > tbody"))
    body.hidden = !body.querySelector("tr.clause:not([hidden])");
  document.getElementById("nothing").hidden = visible().length > 0;
};
for (const chip of chips) chip.onclick = () => {
  chip.setAttribute("aria-pressed", chip.getAttribute("aria-pressed") !== "true");
  apply();
};
search.oninput = apply;
const follow = () => {
  const row = rows.find((one) => "#" + one.id === location.hash);
  if (row) { open(row, true); row.scrollIntoView({ block: "center" }); }
};
addEventListener("hashchange", follow);
follow();
