// Labels of a time axis: as many steps at round places as fit, written as the input writes them, shortened.

const DATE = /^(\d{4})([-/.])(\d\d)(?:\2(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?)?/;
const GAP = 14; // pixels between two labels
const WIDEST = 18; // letters of a label that is no date
// A field of a date (0 the year, 5 the second), and of how many of its values one has a label; the densest first.
const PLACES = [
  [5, 1], [5, 5], [5, 15], [5, 30], [4, 1], [4, 5], [4, 15], [4, 30], [3, 1], [3, 2], [3, 3], [3, 6], [3, 12],
  [2, 1], [2, 2], [2, 5], [2, 10], [2, 15], [1, 1], [1, 3], [1, 6],
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map((every) => [0, every]),
];

// A function of the steps shown, first to last, and of their places `x` in `width` pixels: [step, text, middle] of each
// label, its middle moved where it would reach over an edge.
function timeLabels(texts) {
  const known = texts.filter((text) => text !== "");
  const dates = texts.map((text) => DATE.exec(text)?.filter((_, i) => i !== 0 && i !== 2).map(Number) ?? null);
  const numbers = texts.map((text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : NaN));
  if (known.every((text) => DATE.test(text)) && rises(dates)) return (...shown) => dateLabels(texts, dates, ...shown);
  if (isRegular(numbers)) return (...shown) => numberLabels(texts, numbers, ...shown);
  return (...shown) => anyLabels(withoutEnding(texts)[0], ...shown);
}

// Whether no date lies before the one to its left: else the first numbers are not year, month and day.
function rises(dates) {
  const days = dates.filter(Boolean).map(([year, month, day]) => year * 10000 + month * 100 + (day || 0));
  return days.every((day, i) => !i || day >= days[i - 1]);
}

function isRegular(numbers) {
  const there = numbers.filter((number) => !Number.isNaN(number));
  return there.length > 1 && there.every((each, i) => i < 2 || each - there[i - 1] === there[1] - there[0]);
}

function dateLabels(texts, dates, first, last, x, width) {
  for (const [field, every] of PLACES) {
    const steps = stepsOf(first, last).filter((step) => begins(dates, step, field, every));
    if (steps.length * 2 * GAP > width) continue;
    const all = steps.map((step) => [step, dateText(texts[step], dates[step], field)]);
    // The last days of a month give way to the first.
    const stays = (each, next) => !next || dates[next[0]][2] >= dates[each[0]][2] || fit([each, next], x, width);
    const labels = field === 2 ? all.filter((each, i) => stays(each, all[i + 1])) : all;
    if (labels.length && labels.every(([, text]) => text.length < 9 && text.includes(":"))) {
      labels[0][1] = texts[labels[0][0]].slice(0, 16); // the date once, where no label is a midnight
    }
    if (labels.length > 1 && fit(labels, x, width)) return placed(labels, x, width);
  }
  return anyLabels(withoutEnding(texts)[0], first, last, x, width);
}

// Whether a step is the first of a run of `every` years, months and so on.
function begins(dates, step, field, every) {
  const date = dates[step];
  if (!date || Number.isNaN(date[field])) return false;
  const run = (fields) => {
    const value = fields[field] - (field === 1 || field === 2 ? 1 : 0);
    return field === 2 && every > 1 ? Math.min(Math.floor(value / every), Math.floor(30 / every) - 1) : Math.floor(value / every);
  };
  const before = dates[step - 1];
  if (before) return date.some((value, i) => i < field && value !== before[i]) || run(date) !== run(before);
  const begun = (value, i) => Number.isNaN(value) || value === (i === 1 || i === 2 ? 1 : 0);
  const value = date[field] - (field === 1 || field === 2 ? 1 : 0);
  return value % every === 0 && date.every((each, i) => i <= field || begun(each, i));
}

// Up to the field, the time alone where it is not midnight.
function dateText(text, date, field) {
  if (field < 3) return text.slice(0, [4, 7, 10][field]);
  return date.slice(3).some((value) => value > 0) ? text.slice(11, field === 5 ? 19 : 16) : text.slice(0, 10);
}

function numberLabels(texts, numbers, first, last, x, width) {
  for (let power = 1; power < 1e15; power *= 10) {
    for (const every of [power, 2 * power, 5 * power]) {
      const labels = stepsOf(first, last).filter((step) => numbers[step] % every === 0).map((step) => [step, texts[step]]);
      if (labels.length < 2) return anyLabels(texts, first, last, x, width);
      if (fit(labels, x, width)) return placed(labels, x, width);
    }
  }
  return [];
}

// Equally spaced steps, where the texts say nothing about round places.
function anyLabels(texts, first, last, x, width) {
  const short = (text) => (text.length > WIDEST ? `${text.slice(0, WIDEST - 1)}…` : text);
  for (let power = 1; power < 1e9; power *= 10) {
    for (const every of [power, 2 * power, 5 * power]) {
      const steps = stepsOf(first, last).filter((step) => step % every === 0 && texts[step] !== "");
      const rounded = steps.map((step) => [step, short(texts[step])]);
      const labels = rounded.length > 1 ? rounded : [first, last].map((step) => [step, short(texts[step])]);
      if (fit(labels, x, width)) return placed(labels, x, width);
    }
  }
  return [];
}

// The texts without the ending that all share, a midnight or seconds and an offset from UTC, and that ending.
function withoutEnding(texts) {
  for (const pattern of [/[T ]00:00(:00(\.0+)?)?(Z|[+-]\d\d:?\d\d)?$/, /(:00(\.0+)?)?(Z|[+-]\d\d:?\d\d)$/]) {
    const endings = new Set(texts.filter((text) => text !== "").map((text) => pattern.exec(text)?.[0] ?? ""));
    const [ending] = endings;
    if (endings.size === 1 && ending && texts.every((text) => text === "" || text.length > ending.length + 7)) {
      return [texts.map((text) => text.slice(0, Math.max(text.length - ending.length, 0))), ending];
    }
  }
  return [texts, ""];
}

const stepsOf = (first, last) => Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => first + i);

// Whether no label touches the one before it.
function fit(labels, x, width) {
  const ends = placed(labels, x, width).map(([, text, middle]) => [middle, textWidth(text) / 2]);
  return ends.every(([middle, half], i) => !i || middle - half - GAP >= ends[i - 1][0] + ends[i - 1][1]);
}

const placed = (labels, x, width) => labels.map(([step, text]) => {
  const half = textWidth(text) / 2;
  return [step, text, Math.max(Math.min(x(step), width - half), half)];
});
