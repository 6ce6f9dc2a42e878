"use strict";
// Numbers as people read them, round numbers on an axis, and the width of texts.

// As `write` of stages/plot/digits.py.
function write(value, places) {
  if (value === null || value === undefined) return "-";
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 10 ** (1 - places) && places >= 6)) return value.toExponential(3);
  const digits = { minimumFractionDigits: places, maximumFractionDigits: places, roundingMode: "halfEven" };
  return value.toLocaleString("en", digits).replace(/^-([0.]*)$/, "$1");
}

// Round values between low and high and how to write them; a fixed number, so that rounding cannot loop forever.
function ticks(low, high, most) {
  const rough = high / most - low / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const first = Math.ceil(low / step);
  const values = Array.from({ length: Math.ceil(most) + 1 }, (_, i) => (first + i) * step).filter((v) => v <= high);
  const digits = Math.min(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)), 20);
  const size = Math.max(Math.abs(low), Math.abs(high));
  const wide = step < 1e-6 || size >= 1e15 || (size >= 1e7 && step >= size / 1000); // four digits tell them apart
  const text = (v) => (wide ? v.toExponential(3) : v.toLocaleString("en", { maximumFractionDigits: digits }));
  return values.map((value) => [value, text(value)]).filter(([, each], i, all) => !i || each !== all[i - 1][1]);
}

const measure = document.createElement("canvas").getContext("2d");
// In pixels, in the font of the charts.
function textWidth(text) {
  measure.font = "12px system-ui, sans-serif";
  return measure.measureText(text).width;
}
