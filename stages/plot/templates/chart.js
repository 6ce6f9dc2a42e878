"use strict";
// The chart of one series: actual values, each forecast with its intervals, and the values at the selected step.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const chart = document.getElementById("chart");
  const readout = document.getElementById("readout");
  const choice = document.getElementById("series");
  const margin = { left: 64, right: 12, top: 10, bottom: 26 };
  let cursor = null;
  let scales = null;

  const element = (name, attributes, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const shown = (value) => (value === null ? "none" : value.toLocaleString("en", { maximumSignificantDigits: 7 }));
  const short = (text) => (text.length > 19 ? text.slice(0, 18) + "…" : text);

  // Round values between low and high and how to write them; a fixed number, so that rounding cannot loop forever.
  function ticks(low, high, most) {
    const rough = high / most - low / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
    const first = Math.ceil(low / step);
    const values = Array.from({ length: Math.ceil(most) + 1 }, (_, i) => (first + i) * step).filter((v) => v <= high);
    const digits = Math.min(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)), 20);
    const wide = Math.max(Math.abs(low), Math.abs(high)) >= 1e7 || step < 1e-6;
    const write = (v) => (wide ? v.toExponential(3) : v.toLocaleString("en", { maximumFractionDigits: digits }));
    return values.map((value) => [value, write(value)]).filter(([, text], i, all) => !i || text !== all[i - 1][1]);
  }

  // A line through the values that are known; a dot for one alone.
  function line(places, values, x, y) {
    const known = (i) => values[i] !== null && values[i] !== undefined;
    return values.map((value, i) => {
      if (!known(i)) return "";
      const end = known(i - 1) || known(i + 1) ? "" : "m-1 0h2";
      return `${known(i - 1) ? "L" : "M"}${x(places[i]).toFixed(1)} ${y(value).toFixed(1)}${end}`;
    }).join("");
  }

  // The areas between two limits, one for each run of steps that have both; of a single step a bar.
  function band(places, lower, upper, x, y) {
    const runs = [];
    lower.forEach((value, i) => {
      if (value === null || upper[i] === null) return;
      if (i && runs.length && runs.at(-1).at(-1) === i - 1) runs.at(-1).push(i);
      else runs.push([i]);
    });
    return runs.map((run) => {
      const corner = (i, value, side) => `${(x(places[i]) + (run.length > 1 ? 0 : side)).toFixed(1)} ${y(value).toFixed(1)}`;
      const there = run.flatMap((i) => (run.length > 1 ? [0] : [-2, 2]).map((side) => corner(i, upper[i], side)));
      const back = run.flatMap((i) => (run.length > 1 ? [0] : [-2, 2]).map((side) => corner(i, lower[i], side)));
      return `M${[...there, ...back.reverse()].join("L")}Z`;
    }).join("");
  }

  function draw() {
    const series = data.series[choice.selectedIndex];
    const width = Math.max(chart.clientWidth, 200);
    const height = Math.round(Math.min(Math.max(width * 0.45, 220), 420));
    let low = Infinity;
    let high = -Infinity;
    const widen = (values) => values.forEach((v) => { if (v !== null) { low = Math.min(low, v); high = Math.max(high, v); } });
    widen(series.y);
    for (const forecast of series.forecasts) [forecast.forecast, ...forecast.intervals.flat()].forEach(widen);
    if (!(high - low > Math.abs(high) * 1e-9)) { const pad = Math.abs(low) * 0.1 || 1; low -= pad; high += pad; }
    const last = Math.max(series.ds.length - 1, 1);
    const x = (place) => margin.left + (place / last) * (width - margin.left - margin.right);
    const y = (value) => height - margin.bottom - ((value / 2 - low / 2) / (high / 2 - low / 2)) * (height - margin.top - margin.bottom);
    const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, height, "aria-hidden": "true" });
    for (const [value, text] of ticks(low, high, height / 60)) {
      svg.append(element("line", { class: "axis", x1: margin.left, x2: width - margin.right, y1: y(value), y2: y(value) }));
      svg.append(element("text", { x: margin.left - 6, y: y(value) + 4, "text-anchor": "end" }, text));
    }
    const count = Math.max(2, Math.min(6, Math.floor(width / 190)));
    for (let i = 0; i < count; i++) {
      const place = Math.round((i * last) / (count - 1));
      const anchor = i === 0 ? "start" : i === count - 1 ? "end" : "middle";
      svg.append(element("text", { x: x(place), y: height - 8, "text-anchor": anchor }, short(series.ds[place] ?? "")));
    }
    for (const forecast of series.forecasts) {
      for (const [lower, upper] of [...forecast.intervals].reverse()) {
        svg.append(element("path", { class: "band", d: band(forecast.at, lower, upper, x, y) }));
      }
    }
    const places = series.y.map((_, i) => i);
    const filled = new Set(series.filled);
    const beside = (i) => filled.has(i - 1) || filled.has(i) || filled.has(i + 1);
    svg.append(element("path", { class: "filled", d: line(places, series.y.map((value, i) => (beside(i) ? value : null)), x, y) }));
    svg.append(element("path", { class: "actual", d: line(places, series.y.map((value, i) => (filled.has(i) ? null : value)), x, y) }));
    for (const forecast of series.forecasts) {
      svg.append(element("path", { class: "forecast", d: line(forecast.at, forecast.forecast, x, y) }));
    }
    const end = x(series.y.length - 1);
    svg.append(element("line", { class: "end", x1: end, x2: end, y1: margin.top, y2: height - margin.bottom }));
    const guide = element("line", { class: "cursor", y1: margin.top, y2: height - margin.bottom, visibility: "hidden" });
    svg.append(guide);
    chart.replaceChildren(svg);
    scales = { x, last, width, guide, series, filled };
    if (cursor !== null) point(cursor);
  }

  function point(place) {
    const { x, guide, series, filled } = scales;
    cursor = Math.min(Math.max(place, 0), series.ds.length - 1);
    guide.setAttribute("x1", x(cursor));
    guide.setAttribute("x2", x(cursor));
    guide.setAttribute("visibility", "visible");
    const parts = [series.ds[cursor]];
    if (cursor < series.y.length) parts.push(`${filled.has(cursor) ? "filled" : "actual"} ${shown(series.y[cursor])}`);
    for (const forecast of series.forecasts) {
      const i = forecast.at.indexOf(cursor);
      if (i < 0) continue;
      const limits = data.levels.map((level, k) => [level, forecast.intervals[k][0][i], forecast.intervals[k][1][i]]);
      const intervals = limits.filter(([, lower]) => lower !== null).map(([level, lower, upper]) => `${level} % ${shown(lower)} to ${shown(upper)}`);
      const from = forecast.cutoff === null ? "" : ` (cutoff ${forecast.cutoff})`;
      parts.push(`forecast${from} ${shown(forecast.forecast[i])}${intervals.length ? `, ${intervals.join(", ")}` : ""}`);
    }
    readout.textContent = parts.join("; ");
    chart.setAttribute("aria-valuemax", series.ds.length - 1);
    chart.setAttribute("aria-valuenow", cursor);
    chart.setAttribute("aria-valuetext", readout.textContent);
  }

  for (const series of data.series) {
    const option = document.createElement("option");
    option.textContent = series.note ? `${series.name} (${series.note})` : series.name;
    choice.append(option);
  }
  choice.addEventListener("change", () => { cursor = null; draw(); readout.textContent = choice.value; });
  chart.addEventListener("pointermove", (event) => {
    if (!scales) return;
    const { width, last } = scales;
    const at = event.clientX - chart.getBoundingClientRect().left;
    point(Math.round(((at - margin.left) / (width - margin.left - margin.right)) * last));
  });
  chart.addEventListener("keydown", (event) => {
    if (!scales || event.altKey || event.ctrlKey || event.metaKey) return;
    const { series } = scales;
    const from = cursor ?? series.y.length - 1;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: series.ds.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    point(to);
  });
  new ResizeObserver(draw).observe(chart);
})();
