// Errors by steps ahead of two versions. The data of stages/compare/charts.py.

function showSteps(part) {
  const data = JSON.parse(document.getElementById("steps-data").textContent);
  const places = data.labels.map((_, i) => i);
  const lines = data.lines.map(({ name, values }, i) => ({ style: `method-${i}`, name, places, values }));
  const read = (place) => [
    `step ${data.labels[place]}`, ...lines.map(({ name, values }) => `${name} ${write(values[place], data.decimals)}`),
  ].join("; ");
  const hint = "Point at the chart or tap it to read values.";
  makeChart(part)({ labels: data.labels, start: 0, from: 0, end: null, panes: [{ lines, bands: [], height: null, low: 0 }], read, hint });
}
