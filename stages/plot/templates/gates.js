// Gates and state of one unit of a network over a window, under the network's input. The data of stages/plot/inside.py.

function gatesDrawing(data, unit) {
  const places = data.labels.map((_, i) => i);
  const names = Object.keys(data.gates);
  const gates = names.map((name, i) => ({ style: `gate-${i}`, name, places, values: data.gates[name][unit] }));
  const state = { style: "actual", name: data.state, places, values: data.states[unit] };
  const input = { style: "input", name: "input of the network", places, values: data.input };
  const read = (place) => [
    data.labels[place] || "before the series", `input ${write(data.input[place], 2)}`,
    ...[...gates, state].map(({ name, values }) => `${name} ${write(values[place], 2)}`),
  ].join("; ");
  const panes = [
    { lines: [input], bands: [], height: 110 },
    { lines: gates, bands: [], height: 170, low: 0, high: 1, title: "gates: 0 closed, 1 open" },
    { lines: [state], bands: [], height: 90, title: data.state },
  ];
  const hint = "Point at the chart or tap it to read values; choose another unit above.";
  return { labels: data.labels, start: 0, from: places.length - 1, end: null, panes, read, hint };
}

function showGates(part) {
  const data = JSON.parse(document.getElementById("gates-data").textContent);
  const show = makeChart(part);
  const choice = part.querySelector("select");
  choice.append(...data.units.map((unit, i) => htmlElement("option", { value: i }, `unit ${unit}`)));
  choice.addEventListener("change", () => show(gatesDrawing(data, choice.value)));
  show(gatesDrawing(data, 0));
}
