// What asv's pages use of three small plugins, written anew: the other scripts come from Python packages.
"use strict";

// A key for localStorage: the text itself is as good as its digest.
window.md5 = (text) => text;

// Sorting of a table by the column that is clicked: asv gives comparisons by name and reads the two events.
jQuery.fn.stupidtable = function (comparisons = {}) {
  const kinds = {
    int: (a, b) => parseInt(a, 10) - parseInt(b, 10),
    float: (a, b) => parseFloat(a) - parseFloat(b),
    string: (a, b) => String(a).localeCompare(String(b)),
    ...comparisons,
  };
  return this.each(function () {
    const table = jQuery(this);
    table.data("kinds", kinds);
    table.on("click", "thead th", function () { jQuery(this).stupidsort(); });
  });
};
jQuery.fn.stupidsort = function (wanted) {
  const head = jQuery(this[0]);
  const table = head.closest("table");
  const compare = (table.data("kinds") || {})[head.data("sort")];
  if (!compare) return this;
  const column = head.index();
  const direction = wanted || (head.data("sort-dir") === "asc" ? "desc" : "asc");
  const value = (row) => {
    const cell = jQuery(row).children().eq(column);
    return cell.data("sort-value") ?? cell.text();
  };
  const found = { column, direction };
  table.trigger("beforetablesort", found);
  const rows = table.find("tbody > tr").get();
  rows.sort((a, b) => (direction === "desc" ? -1 : 1) * compare(value(a), value(b)));
  table.children("tbody").append(rows);
  head.siblings().removeData("sort-dir");
  head.data("sort-dir", direction);
  table.trigger("aftertablesort", found);
  return this;
};

// Bars of several series beside each other instead of in front of each other.
jQuery.plot.plugins.push({
  name: "orderBars", version: "refvec", options: {},
  init(plot) {
    plot.hooks.processDatapoints.push((_, series, points) => {
      if (!series.bars || series.bars.order == null) return;
      const ordered = plot.getData().filter((other) => other.bars && other.bars.order != null);
      if (!series.bars.show) return;
      const shift = (ordered.indexOf(series) - (ordered.length - 1) / 2) * series.bars.barWidth;
      for (let at = 0; at < points.points.length; at += points.pointsize) points.points[at] += shift;
    });
  },
});
