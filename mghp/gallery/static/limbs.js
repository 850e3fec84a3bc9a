"use strict";
// The matching problem of one limb: its candidates over the picture, affinities, soft assignment, and the trace.
gallery.limbs = {
  has: (pairs, i, j) => (pairs || []).some(([a, b]) => a === i && b === j),

  wrong(limb) {
    const both = [limb.joined || [], limb.true || []];
    return both.some((pairs, k) => pairs.some(([i, j]) => !this.has(both[1 - k], i, j)));
  },

  /** The limb that the address names, else the first that is joined wrongly, else the one of most candidates. */
  chosen(limbs, name) {
    const size = (limb) => limb.source.length * limb.destination.length;
    return limbs.find((limb) => limb.name === name) || limbs.find((limb) => this.wrong(limb)) ||
      limbs.reduce((one, other) => (size(other) > size(one) ? other : one), limbs[0]);
  },

  scale: (matrix) => Math.max(...matrix.flat().map((value) => Math.abs(value || 0)), 1e-9),

  /** Candidates and pairs as SVG over a picture of this size. */
  overlay(limb, [width, height]) {
    const unit = Math.max(width, height);
    const largest = this.scale(limb.affinity);
    const layer = gallery.svg("svg", {
      class: "candidates", viewBox: `0 0 ${width} ${height}`, role: "img",
      "aria-label": `Candidates of ${limb.name}`,
    });
    limb.source.forEach(([x1, y1], i) => limb.destination.forEach(([x2, y2], j) => {
      const [joined, real] = [this.has(limb.joined, i, j), this.has(limb.true, i, j)];
      const strength = Math.max(limb.affinity[i][j] || 0, 0) / largest;
      const line = (kind, opacity) => layer.append(gallery.svg("line", {
        x1, y1, x2, y2, class: kind, "stroke-opacity": opacity, "vector-effect": "non-scaling-stroke",
      }, gallery.svg("title", {}, `S${i + 1} to D${j + 1}: affinity ${gallery.number(limb.affinity[i][j])}, ` +
        `assignment ${gallery.number(limb.assignment[i][j])}`)));
      line("under", 0.5 * strength ** 2);
      line("pair", 0.1 + 0.7 * strength ** 2);
      if (joined) line("joined", 1);
      if (real) line("real", 1);
    }));
    const ends = [["S", "source", limb.source], ["D", "destination", limb.destination]];
    for (const [letter, kind, places] of ends) {
      places.forEach(([x, y, confidence], k) => layer.append(
        gallery.svg("circle", { class: kind, cx: x, cy: y, r: unit / 70 },
          gallery.svg("title", {}, `${letter}${k + 1}: confidence ${gallery.number(confidence)}`)),
        gallery.svg("text", {
          // Sources are named on their left, destinations on their right: close ones then stay readable.
          x: letter === "S" ? Math.max(x - unit / 60, unit / 15) : Math.min(x + unit / 60, width - unit / 15),
          y: Math.min(Math.max(y + unit / 80, unit / 28), height - unit / 90),
          "font-size": unit / 26, "text-anchor": letter === "S" ? "end" : "start",
        }, `${letter}${k + 1}`)));
    }
    return layer;
  },

  matrix(limb, values, caption) {
    const largest = this.scale(values);
    const head = gallery.element("tr", {}, gallery.element("td"),
      ...limb.destination.map((_, j) => gallery.element("th", { scope: "col" }, `D${j + 1}`)));
    const rows = limb.source.map((_, i) => gallery.element("tr", {}, gallery.element("th", { scope: "row" }, `S${i + 1}`),
      ...limb.destination.map((_, j) => {
        const [joined, real] = [this.has(limb.joined, i, j), this.has(limb.true, i, j)];
        const level = Math.round(100 * Math.max(values[i][j] || 0, 0) / largest);
        const cell = gallery.element("td", { class: joined ? "cell joined-cell" : "cell" },
          gallery.number(values[i][j]),
          real ? gallery.element("span", { class: "tick", title: "truly one limb" }, "\u2713") : null);
        cell.style.setProperty("--level", `${0.55 * level}%`);
        return cell;
      })));
    return gallery.element("table", { class: "matrix" }, gallery.element("caption", {}, caption), head, ...rows);
  },

  /** The section below the pictures. */
  section(side, limb) {
    const limbs = side.limbs;
    if (!limb) {
      return [gallery.element("p", {}, side.kind === "right" ? "Nothing is wrong here, so no matching is kept."
        : "No limb of this person was matched.")];
    }
    const size = (some) => `${some.source.length}x${some.destination.length}`;
    const select = gallery.element("select", { class: "limb",
      onchange: (event) => gallery.state.set({ limb: event.target.value }, true) },
      ...limbs.map((some) => gallery.element("option", { value: some.name, selected: some === limb },
        `${gallery.tagWords(some.name)}, ${size(some)}${this.wrong(some) ? ", joined wrongly" : ""}`)));
    const empty = !limb.source.length || !limb.destination.length;
    return [
      gallery.element("label", {}, "Limb ", select),
      empty ? gallery.element("p", {}, "One of its ends has no candidate: there is nothing to match.")
        : gallery.element("div", { class: "matrices" },
          this.matrix(limb, limb.affinity, "Affinity"), this.matrix(limb, limb.assignment, "Soft assignment")),
      gallery.element("p", { class: "legend" }, "S: candidates of its first end, D: of its second. ",
        gallery.element("span", { class: "key joined-key" }), " joined (outlined) ",
        gallery.element("span", { class: "key real-key" }), " truly one limb (\u2713)"),
      empty ? null : gallery.element("div", { class: "charts" }, ...gallery.trace.charts(limb.trace)),
    ].filter((node) => node !== null);
  },

};
