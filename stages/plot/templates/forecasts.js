// The chart of actual values and forecasts, and the table of the future forecast, of the series that is chosen.
//
// The data of stages/plot/chart.py: `levels`, `methods`, and for each series `labels`, the values `y` of the first of
// them, the positions that were `filled`, `forecasts` with their positions `at`, the `method`'s place, and `cutoff`, null
// for the future. It may have `covariates` ({name, values, categories}), with a number for each step, or the place of one of
// `categories`.

const percent = (level) => `${level}\u00a0%`; // no line breaks inside

// The drawing of one series.
function forecastDrawing(data, series) {
  const { labels, y, forecasts, decimals, covariates = [] } = series;
  const places = y.map((_, i) => i);
  const filled = new Set(series.filled);
  const beside = (i) => filled.has(i - 1) || filled.has(i) || filled.has(i + 1);
  const styles = data.methods.map((_, i) => `method-${i}`);
  const lines = [{ style: "actual", name: "actual", places, values: y.map((value, i) => (filled.has(i) ? null : value)) }];
  if (filled.size) lines.unshift({ style: "filled", name: "filled", places, values: y.map((value, i) => (beside(i) ? value : null)) });
  for (const { method, at, forecast } of forecasts) {
    lines.push({ style: styles[method], name: `forecast by ${data.methods[method]}`, places: at, values: forecast });
  }
  // The widest level first. The narrow intervals lie on the wide ones, hence the depth.
  const bands = forecasts.flatMap(({ method, at, intervals }) => intervals.map(([lower, upper], i) => ({
    style: styles[method], depth: data.levels.length - i, places: at, lower, upper,
    name: `${percent(data.levels[i])} interval${data.methods.length > 1 ? ` of ${data.methods[method]}` : ""}`,
  })).reverse());
  const read = (place) => {
    const parts = [];
    if (place < y.length && y[place] !== null) parts.push(`${filled.has(place) ? "filled" : "actual"} ${write(y[place], decimals)}`);
    for (const each of forecasts) {
      const i = each.at.indexOf(place);
      if (i < 0) continue;
      const limits = data.levels.map((level, k) => [level, ...each.intervals[k].map((side) => side[i])]);
      const intervals = limits.filter(([, lower]) => lower !== null)
        .map(([level, lower, upper]) => `, ${percent(level)} ${write(lower, decimals)} to ${write(upper, decimals)}`);
      const by = data.methods.length > 1 ? ` by ${data.methods[each.method]}` : "";
      const from = each.cutoff === null ? "" : ` (cutoff ${each.cutoff})`;
      parts.push(`forecast${by}${from} ${write(each.forecast[i], decimals)}${intervals.join("")}`);
    }
    for (const { name, values, categories } of covariates) {
      const value = values[place];
      if (value !== null) parts.push(`${name} ${categories ? categories[value] : value}`);
    }
    return [labels[place], ...parts].join("; ");
  };
  const end = y.length - 1;
  // Numbers below the values, each from half a step before to half a step after its own; categories are read out alone.
  const around = labels.flatMap((_, i) => [i - 0.5, i + 0.5]);
  const strips = covariates.filter(({ categories }) => !categories).map(({ name, values }) => ({
    lines: [{ style: "input", places: around, values: values.flatMap((value) => [value, value]) }], bands: [], height: 60, title: name,
  }));
  const hint = `${data.series.length > 1 ? `${series.name}. ` : ""}Point at the chart or tap it to read values; drag to move in time.`;
  return { labels, start: series.start, from: end, end, panes: [{ lines, bands, height: null }, ...strips], read, hint };
}

// The rows of the future forecast as texts; of `number`, how to write one.
function futureRows(data, series, number) {
  const future = series.forecasts.find(({ cutoff }) => cutoff === null);
  if (!future) return [];
  return future.at.map((place, i) => [
    series.labels[place], number(future.forecast[i]), ...future.intervals.flat().map((side) => number(side[i])),
  ]);
}

function fillTable(table, data, series) {
  const rows = futureRows(data, series, (value) => write(value, series.decimals));
  const [steps, ending] = withoutEnding(rows.map(([step]) => step));
  rows.forEach((row, i) => { row[0] = steps[i]; });
  const time = ending.startsWith(":") ? `${data.time} (…${ending})` : data.time; // seconds and an offset from UTC
  const names = [time, data.methods[0], ...data.levels.flatMap((level) => [`${percent(level)} from`, "to"])];
  const cell = (name, text, i, scope) => htmlElement(name, { ...(i ? { class: "number" } : {}), ...(scope ? { scope } : {}) }, text);
  table.tHead.replaceChildren(htmlElement("tr", {}, ...names.map((text, i) => cell("th", text, i, "col"))));
  const body = rows.map((row) => row.map((text, i) => (i ? cell("td", text, i) : cell("th", text, i, "row"))));
  table.tBodies[0].replaceChildren(...body.map((cells) => htmlElement("tr", {}, ...cells)));
}

// The lines of reports/forecast.csv for one series, with the columns that the chart has.
function futureCsv(data, series) {
  const [method] = data.methods;
  const limits = data.levels.flatMap((level) => ["lo", "hi"].map((side) => `${method}-${side}-${level}`));
  const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = futureRows(data, series, (value) => (value === null ? "" : String(value))).map((row) => [series.id, ...row]);
  return [["unique_id", "ds", method, ...limits], ...rows].map((row) => `${row.map(quoted).join(",")}\n`).join("");
}

// Copy a text; where the browser refuses, show it selected.
async function copyText(text, area, status) {
  area.hidden = true;
  try {
    await navigator.clipboard.writeText(text);
    status.textContent = "Copied";
  } catch {
    area.value = text;
    area.hidden = false;
    area.focus();
    area.select();
    status.textContent = "The browser does not let the page copy: press Ctrl+C (Mac: Cmd+C)";
  }
}

// Fill the select with the series whose names hold `words`, all of them where there are none.
function listSeries(choice, data, words) {
  const chosen = choice.value;
  const found = data.series.map((series, i) => [series, i]).filter(([{ name }]) => name.toLowerCase().includes(words.toLowerCase()));
  choice.replaceChildren(...found.map(([{ name, note }, i]) => htmlElement("option", { value: i }, note ? `${name} (${note})` : name)));
  if (found.some(([, i]) => String(i) === chosen)) choice.value = chosen;
}

function showForecasts(part) {
  const data = JSON.parse(document.getElementById("data").textContent);
  const show = makeChart(part);
  const choice = part.querySelector("select");
  const find = part.querySelector("input[type=search]");
  const table = part.querySelector("table");
  const status = part.querySelector(".copied");
  const chosen = () => data.series[choice.value];
  const update = () => {
    if (!chosen()) return;
    show(forecastDrawing(data, chosen()));
    if (table) fillTable(table, data, chosen());
    if (status) status.textContent = "";
  };
  listSeries(choice, data, "");
  choice.addEventListener("change", update);
  find?.addEventListener("input", () => {
    const before = choice.value;
    listSeries(choice, data, find.value);
    if (choice.value !== before) update();
  });
  part.querySelector(".copy")?.addEventListener("click", () => {
    if (chosen()) copyText(futureCsv(data, chosen()), part.querySelector("textarea"), status);
  });
  update();
}
