// Elements of SVG and HTML, and the outlines of lines and bands.

function svgElement(name, attributes, ...content) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...content);
  return made;
}

function htmlElement(name, attributes, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...content);
  return made;
}

const isKnown = (value) => value !== null && value !== undefined;

// A line through the values that are known; a dot for one alone.
function linePath(places, values, x, y) {
  return values.map((value, i) => {
    if (!isKnown(value)) return "";
    const end = isKnown(values[i - 1]) || isKnown(values[i + 1]) ? "" : "m-1 0h2";
    return `${isKnown(values[i - 1]) ? "L" : "M"}${x(places[i]).toFixed(1)} ${y(value).toFixed(1)}${end}`;
  }).join("");
}

// The areas between two limits, one for each run of steps that have both; of a single step a bar.
function bandPath(places, lower, upper, x, y) {
  const runs = [];
  lower.forEach((value, i) => {
    if (!isKnown(value) || !isKnown(upper[i])) return;
    if (i && runs.length && runs.at(-1).at(-1) === i - 1) runs.at(-1).push(i);
    else runs.push([i]);
  });
  return runs.map((run) => {
    const sides = run.length > 1 ? [0] : [-2, 2];
    const corners = (values) => run.flatMap((i) => sides.map((side) => `${(x(places[i]) + side).toFixed(1)} ${y(values[i]).toFixed(1)}`));
    return `M${[...corners(upper), ...corners(lower).reverse()].join("L")}Z`;
  }).join("");
}
