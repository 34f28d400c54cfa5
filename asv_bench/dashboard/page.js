"use strict";
const root = document.documentElement;
const media = matchMedia("(prefers-color-scheme: dark)");
const figures = JSON.parse(document.getElementById("figures").textContent);
const plots = [...document.querySelectorAll(".plot")];
const config = { displayModeBar: false, responsive: true, scrollZoom: false };

const template = () => {
  const css = getComputedStyle(root);
  const colour = (name) => css.getPropertyValue(name).trim();
  const axis = { gridcolor: colour("--line"), linecolor: colour("--line"), zerolinecolor: colour("--line"),
    fixedrange: true, automargin: true, title: { font: { size: 12 }, standoff: 8 } };
  return { layout: {
    font: { family: colour("--sans"), size: 12, color: colour("--ink") },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", xaxis: axis, yaxis: axis, hovermode: "closest",
    hoverlabel: { bgcolor: colour("--card"), bordercolor: colour("--soft"), font: { color: colour("--ink") } },
    margin: { l: 8, r: 18, t: 8, b: 8 }, bargap: 0.25, showlegend: false,
  } };
};
const dress = (dark) => {
  root.classList.toggle("dark", dark);
  for (const plot of plots) if (plot.data) Plotly.relayout(plot, { template: template() });
};

dress(media.matches);
plots.forEach((plot, number) => {
  const { data, layout } = figures[number];
  plot.style.height = `${layout.height}px`;
  Plotly.newPlot(plot, data, { ...layout, template: template() }, config);
});
media.addEventListener("change", (event) => dress(event.matches));
document.getElementById("theme").onclick = () => dress(!root.classList.contains("dark"));
