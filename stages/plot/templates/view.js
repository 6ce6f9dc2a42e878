// Which steps a chart shows, and how wheel, drag, pinch and keys change that.

const FEWEST = 5; // steps, at the largest zoom
const IN = 0.7; // share of the steps that are left by zooming in once
const STILL = 4; // pixels that a finger or the mouse may move in a tap

class View {
  constructor(count, start) {
    this.end = Math.max(count - 1, 1);
    this.start = Math.min(start, Math.max(this.end - FEWEST + 1, 0));
    this.reset();
  }
  reset() { this.set(this.start, this.end - this.start); }
  all() { this.set(0, this.end); }
  get span() { return this.last - this.first; }
  // From `first` on as many steps as `span`, or the nearest that there are.
  set(first, span) {
    const kept = Math.min(Math.max(span, Math.min(FEWEST - 1, this.end)), this.end);
    this.first = Math.min(Math.max(first, 0), this.end - kept);
    this.last = this.first + kept;
  }
  // Show `factor` times as many steps; the one at `place` stays where it is.
  zoom(factor, place) {
    const span = Math.min(Math.max(this.span * factor, Math.min(FEWEST - 1, this.end)), this.end);
    this.set(place - ((place - this.first) * span) / this.span, span);
  }
  pan(steps) { this.set(this.first + steps, this.span); }
  // The step in view that is nearest to `place`.
  nearest(place) { return Math.min(Math.max(Math.round(place), this.steps[0]), this.steps[1]); }
  // The first and the last step in view; rounding hides neither.
  get steps() { return [Math.ceil(this.first - 1e-6), Math.floor(this.last + 1e-6)]; }
  // Move as little as brings `place` into view.
  reveal(place) {
    if (place < this.first) this.pan(place - this.first);
    if (place > this.last) this.pan(place - this.last);
  }
}

// Call `redraw` when `area`'s view changes and `point` with the step to read. `plot()`: the edges of the plot in pixels.
function handle(area, { view, plot, redraw, point, cursor }) {
  const fingers = new Map();
  let began = null; // where the fingers and the view were when the last finger came or went
  const pixel = (event) => event.clientX - area.getBoundingClientRect().left;
  const placeOf = (x, from = view()) => from.first + ((x - plot().left) / (plot().right - plot().left)) * (from.last - from.first);
  const begin = () => {
    const { first, last } = view();
    began = fingers.size ? { xs: [...fingers.values()], first, last, moved: fingers.size > 1 || Boolean(began?.moved) } : null;
  };
  const middle = (xs) => xs.reduce((sum, x) => sum + x, 0) / xs.length;
  const apart = (xs) => Math.max(Math.abs(xs[0] - xs.at(-1)), 1);

  area.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    fingers.set(event.pointerId, pixel(event));
    begin();
  });
  area.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) {
      if (event.pointerType === "mouse") point(view().nearest(placeOf(pixel(event))));
      return;
    }
    fingers.set(event.pointerId, pixel(event));
    const xs = [...fingers.values()];
    if (!began.moved && Math.abs(xs[0] - began.xs[0]) <= STILL) return;
    began.moved = true;
    area.setPointerCapture(event.pointerId);
    const span = (began.last - began.first) * (xs.length > 1 ? apart(began.xs) / apart(xs) : 1);
    const kept = placeOf(middle(began.xs), began); // the step under the fingers stays there
    const share = (middle(xs) - plot().left) / (plot().right - plot().left);
    view().set(kept - share * Math.min(span, view().end), span);
    redraw();
  });
  const lift = (event) => {
    if (event.type === "pointerup" && began && !began.moved) point(view().nearest(placeOf(pixel(event))));
    fingers.delete(event.pointerId);
    begin();
  };
  area.addEventListener("pointerup", lift);
  area.addEventListener("pointercancel", lift);
  // The page scrolls by the wheel, unless the chart was clicked or Ctrl is held; a trackpad's pinch is a wheel with Ctrl.
  area.addEventListener("wheel", (event) => {
    const { first, last } = view();
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) view().pan(((last - first) * event.deltaX) / 800);
    else if (event.ctrlKey || event.metaKey || document.activeElement === area) {
      view().zoom(Math.exp(Math.min(Math.max(event.deltaY, -240), 240) / 400), placeOf(pixel(event)));
    }
    if (view().first === first && view().last === last) return;
    event.preventDefault();
    redraw();
  }, { passive: false });
  area.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const shown = view();
    const keys = event.shiftKey
      ? { ArrowLeft: () => shown.pan(-shown.span / 8), ArrowRight: () => shown.pan(shown.span / 8) }
      : { ArrowLeft: () => point(cursor() - 1), ArrowRight: () => point(cursor() + 1), Home: () => point(0), End: () => point(Infinity) };
    const zoom = (factor) => () => shown.zoom(factor, shown.nearest(cursor()));
    Object.assign(keys, { "+": zoom(IN), "=": zoom(IN), "-": zoom(1 / IN), 0: () => shown.reset(), Escape: () => shown.reset() });
    if (!(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
    redraw();
  });
}
