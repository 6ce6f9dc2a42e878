// Each part of a page that a script draws.
for (const [name, draw] of [["forecasts", showForecasts], ["gates", showGates], ["steps", showSteps]]) {
  const part = document.getElementById(name);
  if (part) draw(part);
}
