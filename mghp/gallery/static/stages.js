"use strict";
// Picture, predictions and truth side by side, with layers over them.
gallery.stages = {
  show(details, state, limbs) {
    for (const legend of document.querySelectorAll("#case [data-legend]")) {
      legend.hidden = !state.layers.includes(legend.dataset.legend);
    }
    const several = details.sides.length > 1;
    const predictions = details.sides.map((side, k) => this.stage(details, side.layers, state, several ? limbs[k] : null,
      several ? `${side.label}: ${gallery.kindWords(side.kind)}, ${gallery.number(side.score)}` : side.label));
    gallery.byId("stages").replaceChildren(
      // The candidates of one run have the picture for themselves; those of two lie on what became of them.
      this.stage(details, {}, state, several ? null : limbs[0], "Picture"),
      ...predictions,
      this.stage(details, details.truth, state, null, "Truth"));
  },

  stage(details, layers, state, limb, label) {
    const picture = gallery.element("img", { src: details.picture, alt: label, class: "picture" });
    const stage = gallery.element("div", { class: "stage" }, picture);
    for (const name of ["parts", "persons", "skeletons"]) {
      if (layers[name] && state.layers.includes(name)) {
        stage.append(gallery.element("img", { src: layers[name], alt: `${label}: ${name}`, "data-layer": name }));
      }
    }
    const over = () => {
      const size = details.size || [picture.naturalWidth, picture.naturalHeight];
      if (state.layers.includes("box") && details.box) stage.append(this.box(details.box, size));
      if (limb && state.layers.includes("candidates")) stage.append(gallery.limbs.overlay(limb, size));
    };
    if (details.size) over();
    else picture.addEventListener("load", over);
    return gallery.element("figure", {}, stage, gallery.element("figcaption", {}, label));
  },

  box([x0, y0, x1, y1], [width, height]) {
    return gallery.svg("svg", { class: "box", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
      ...["under", "over"].map((kind) => gallery.svg("rect", {
        class: kind, x: x0, y: y0, width: x1 - x0, height: y1 - y0, "vector-effect": "non-scaling-stroke",
      })));
  },
};
