"use strict";
// How a matcher converges: a small chart a number, with the first and last step and the extremes as ticks.
gallery.trace = {
  width: 240,
  height: 120,
  margin: { left: 52, right: 12, top: 10, bottom: 30 },
  measures: {
    objective: ["objective", (value) => value],
    violation: ["largest violation", (value) => value],
    gap: ["gap to the optimum [%]", (value) => 100 * value],
  },

  charts(trace) {
    const drawn = Object.entries(this.measures).filter(([name]) => trace && (trace[name] || []).some(Number.isFinite));
    if (!drawn.length) return [gallery.element("p", {}, "No trace: its matcher does not iterate.")];
    return drawn.map(([name, [label, unit]]) => {
      const values = trace[name].map((value) => (value === null ? null : unit(value)));
      const last = values.filter((value) => value !== null).at(-1);
      return gallery.element("figure", { class: "chart" },
        gallery.element("figcaption", {}, `${label}: ${this.text(last)} in the end`),
        this.chart(trace.step, values, label));
    });
  },

  chart(steps, values, label) {
    const { left, right, top, bottom } = this.margin;
    const known = values.filter((value) => value !== null);
    const [low, high] = [Math.min(...known, 0), Math.max(...known)];
    const [first, last] = [steps[0], steps.at(-1)];
    const x = (step) => left + ((step - first) / (last - first || 1)) * (this.width - left - right);
    const y = (value) => this.height - bottom - ((value - low) / (high - low || 1)) * (this.height - top - bottom);
    const points = steps.map((step, k) => [step, values[k]]).filter(([, value]) => value !== null);
    const base = this.height - bottom;
    const text = (words, properties) => gallery.svg("text", properties, words);
    const ticks = high > low ? [low, high] : [low];
    return gallery.svg("svg", { viewBox: `0 0 ${this.width} ${this.height}`, role: "img", "aria-label": label },
      gallery.svg("path", { class: "axis", d: `M${left},${top}V${base}H${this.width - right}` }),
      ...ticks.map((value) => text(this.text(value), { x: left - 5, y: y(value) + 4, "text-anchor": "end" })),
      text(first, { x: left, y: base + 13, "text-anchor": "middle" }),
      last === first ? null : text(last, { x: this.width - right, y: base + 13, "text-anchor": "end" }),
      text("step", { x: (left + this.width - right) / 2, y: this.height - 4, "text-anchor": "middle" }),
      gallery.svg("polyline", { class: "line", points: points.map(([s, v]) => `${x(s)},${y(v)}`).join(" ") }),
      points.length ? gallery.svg("circle", { class: "dot", cx: x(points.at(-1)[0]), cy: y(points.at(-1)[1]), r: 2.5 })
        : null);
  },

  text: (value) => (value === 0 ? "0" : Math.abs(value) >= 0.01 && Math.abs(value) < 10000
    ? String(Number(value.toPrecision(3))) : value.toExponential(1)),
};
