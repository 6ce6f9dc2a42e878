// A chart: one or more panes over the same steps, with a cursor whose values are read out, zoom and pan.
//
// A drawing has: `labels` of the steps; `start`, the first step that is shown at first; `end`, the last step of the data,
// or null; `from`, the step where the cursor begins; `panes`; and `read`, from a step to the text of its values. A pane
// has `lines` ({style, name, places, values}), `bands` ({name, depth, places, lower, upper}), a `height` in pixels, or
// null for one by the width, a `title`, and `low` and `high` where the axis of values does not follow the values shown.

const MARGIN = { right: 12, top: 10, bottom: 26, between: 30 };

// The chart in a box of charts.html; returns the function that shows a drawing.
function makeChart(box) {
  const area = box.querySelector(".chart");
  const readout = box.querySelector(".readout");
  let drawing = null;
  let view = null;
  let cursor = null;
  let left = 0; // the edge of the plot, right of the numbers
  let guides = [];

  const right = () => Math.max(area.clientWidth, 200) - MARGIN.right;
  const x = (place) => left + ((place - view.first) / view.span) * (right() - left);

  function draw() {
    if (!drawing) return;
    const width = right() + MARGIN.right;
    const panes = drawing.panes.map((pane) => ({ ...pane, ...visible(pane, view), height: pane.height ?? heightFor(width) }));
    for (const pane of panes) pane.ticks = ticks(pane.low, pane.high, Math.max(pane.height / 50, 2.5)); // two in a strip
    left = Math.ceil(Math.max(30, ...panes.flatMap((pane) => pane.ticks.map(([, text]) => textWidth(text)))) + 10);
    const height = panes.reduce((sum, pane) => sum + pane.height + MARGIN.between, MARGIN.top + MARGIN.bottom - MARGIN.between);
    const svg = svgElement("svg", { viewBox: `0 0 ${width} ${height}`, height, "aria-hidden": "true" });
    guides = [];
    let top = MARGIN.top;
    for (const pane of panes) {
      drawPane(svg, pane, top, width);
      top += pane.height + MARGIN.between;
    }
    for (const [step, text, middle] of drawing.timeLabels(...view.steps, x, width)) {
      const bottom = height - MARGIN.bottom;
      svg.append(svgElement("line", { class: "axis", x1: x(step), x2: x(step), y1: bottom, y2: bottom + 5 }));
      svg.append(svgElement("text", { class: "time", x: middle, y: height - 7, "text-anchor": "middle" }, text));
    }
    area.replaceChildren(svg);
    placeGuides();
  }

  function drawPane(svg, pane, top, width) {
    const scale = (value) => ((value / 2 - pane.low / 2) / (pane.high / 2 - pane.low / 2)) * pane.height;
    const y = (value) => pane.height - scale(value);
    for (const [value, text] of pane.ticks) {
      const at = top + y(value);
      svg.append(svgElement("line", { class: "axis", x1: left, x2: right(), y1: at, y2: at }));
      svg.append(svgElement("text", { x: left - 6, y: at + 4, "text-anchor": "end" }, text));
    }
    // An inner picture: what reaches over its edges is not shown.
    const inner = svgElement("svg", { x: left, y: top, width: right() - left, height: pane.height });
    const across = (place) => x(place) - left;
    for (const band of pane.bands) {
      inner.append(svgElement("path", { class: `band ${band.style}`, d: bandPath(band.places, band.lower, band.upper, across, y) }));
    }
    for (const line of pane.lines) {
      inner.append(svgElement("path", { class: `line ${line.style}`, d: linePath(line.places, line.values, across, y) }));
    }
    for (const [style, place] of [["end", drawing.end], ["cursor", null]]) {
      const at = place === null ? 0 : across(place);
      const upright = svgElement("line", { class: style, x1: at, x2: at, y1: 0, y2: pane.height });
      if (style === "end" && place === null) continue;
      if (style === "cursor") guides.push(upright);
      inner.append(upright);
    }
    svg.append(inner);
    const corner = { x: width - MARGIN.right, y: top - 2, "text-anchor": "end" };
    if (pane.title) svg.append(svgElement("text", corner, pane.title));
  }

  function placeGuides() {
    for (const guide of guides) {
      guide.setAttribute("visibility", cursor === null ? "hidden" : "visible");
      if (cursor !== null) for (const side of ["x1", "x2"]) guide.setAttribute(side, x(cursor) - left);
    }
  }

  // Read a step, and bring it into view.
  function point(place) {
    cursor = Math.min(Math.max(place, 0), drawing.labels.length - 1);
    const { first } = view;
    view.reveal(cursor);
    if (view.first === first) placeGuides();
    else draw();
    readout.textContent = drawing.read(cursor);
    area.setAttribute("aria-valuenow", cursor);
    area.setAttribute("aria-valuetext", readout.textContent);
  }

  const current = () => cursor ?? drawing.from;
  const actions = {
    in: () => view.zoom(IN, view.nearest(current())),
    out: () => view.zoom(1 / IN, view.nearest(current())),
    all: () => view.all(),
  };
  for (const button of box.querySelectorAll("button[data-do]")) {
    button.addEventListener("click", () => { actions[button.dataset.do](); draw(); });
  }
  const plot = () => ({ left, right: right() });
  handle(area, { view: () => view, plot, redraw: draw, point, cursor: current });
  new ResizeObserver(draw).observe(area);

  return function show(next) {
    drawing = { ...next, timeLabels: timeLabels(next.labels) };
    view = new View(next.labels.length, next.start);
    cursor = null;
    box.querySelector(".legend").replaceChildren(...legend(next));
    readout.textContent = next.hint;
    area.setAttribute("aria-valuemax", next.labels.length - 1);
    area.setAttribute("aria-valuenow", next.from);
    area.setAttribute("aria-valuetext", next.hint);
    draw();
  };
}

const heightFor = (width) => Math.round(Math.min(Math.max(width * 0.4, 190), 380));

// What of a pane is in view, one step to each side included, and the range of its values.
function visible(pane, view) {
  const near = (place) => place >= view.first - 1 && place <= view.last + 1;
  const cut = ({ places, ...each }, keys) => {
    const kept = [...places.keys()].filter((i) => near(places[i]));
    return { ...each, places: kept.map((i) => places[i]), ...Object.fromEntries(keys.map((key) => [key, kept.map((i) => each[key][i])])) };
  };
  const lines = pane.lines.map((line) => cut(line, ["values"]));
  const bands = pane.bands.map((band) => cut(band, ["lower", "upper"]));
  let low = pane.low ?? Infinity;
  let high = pane.high ?? -Infinity;
  const widen = (places, values) => values.forEach((value, i) => {
    if (!isKnown(value) || places[i] < view.first || places[i] > view.last) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  });
  for (const { places, values } of lines) widen(places, values);
  for (const { places, lower, upper } of bands) [lower, upper].forEach((values) => widen(places, values));
  if (low > high) [low, high] = [0, 1];
  let room = (high / 2 - low / 2) * 0.08;
  if (!(high - low > Math.abs(high) * 1e-9)) room = Math.abs(low) * 0.1 || 1;
  if (pane.low === undefined && Number.isFinite(low - room)) low -= room;
  if (pane.high === undefined && Number.isFinite(high + room)) high += room;
  return { lines, bands, low, high };
}

// What each kind of line and area means, once.
function legend(drawing) {
  const entries = new Map();
  for (const { lines, bands } of drawing.panes) {
    for (const { name, style } of lines) if (name) entries.set(name, ["line", style, 1]);
    for (const { name, style, depth } of bands) if (name) entries.set(name, ["band", style, depth]);
  }
  if (drawing.end !== null) entries.set("end of the data", ["line", "end", 1]);
  return [...entries].map(([name, [kind, style, depth]]) => {
    const shape = () => (kind === "line"
      ? svgElement("path", { class: `line ${style}`, d: "M1 7h24" })
      : svgElement("rect", { class: `band ${style}`, x: 1, y: 1, width: 24, height: 12 }));
    const swatch = svgElement("svg", { width: 26, height: 14, "aria-hidden": "true" }, ...Array.from({ length: depth }, shape));
    return htmlElement("li", {}, swatch, name);
  });
}
