"use strict";
// Shows what the address says, and reads the keys.
gallery.show = () => {
  const state = gallery.state.read();
  gallery.filters.show(state);
  const entries = gallery.filters.chosen(state);
  gallery.grid.show(state, entries);
  const missing = state.case !== null && !gallery.opened.indices.has(state.case);
  gallery.announce(missing ? `There is no case ${state.case} here.`
    : `${entries.length} of ${gallery.data.entries.length} cases` +
      (state.kind.length || !gallery.filters.hasRight ? "" : "; right persons are shown when \u201cright\u201d is chosen") +
      (entries.length || !gallery.data.entries.length ? "" : ". Nothing is left: take off a filter, or clear them all."));
  gallery.opened.show(state);
};

gallery.keys = {
  list: {
    ArrowRight: () => gallery.grid.move(1), j: () => gallery.grid.move(1),
    ArrowLeft: () => gallery.grid.move(-1), k: () => gallery.grid.move(-1),
    ArrowDown: () => gallery.grid.move(0, 1), ArrowUp: () => gallery.grid.move(0, -1),
    t: () => gallery.state.set({ over: gallery.state.read().over === "truth" ? "prediction" : "truth" }, true),
  },
  opened: {
    ArrowRight: () => gallery.opened.step(1), j: () => gallery.opened.step(1),
    ArrowLeft: () => gallery.opened.step(-1), k: () => gallery.opened.step(-1),
    "[": () => gallery.opened.stepLimb(-1), "]": () => gallery.opened.stepLimb(1),
  },

  pressed(event) {
    const help = gallery.byId("help");
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.target.closest("input, select, textarea")) return;
    if (event.key === "?") {
      help.showModal();
      return;
    }
    const isOpen = gallery.opened.dialog.open;
    const layer = isOpen && Object.keys(gallery.opened.layers)[Number(event.key) - 1];
    const act = layer ? () => gallery.opened.toggle(layer) : this[isOpen ? "opened" : "list"][event.key];
    if (!act) return;
    event.preventDefault();
    act();
  },
};

if (innerWidth < 640) gallery.byId("filters").open = false; // on a phone the cases come first
gallery.filters.build();
gallery.grid.build();
gallery.opened.build();
document.addEventListener("keydown", (event) => gallery.keys.pressed(event));
addEventListener("popstate", () => gallery.show()); // the way back, and an address typed by hand
gallery.byId("help-button").addEventListener("click", () => gallery.byId("help").showModal());
gallery.byId("help-close").addEventListener("click", () => gallery.byId("help").close());
gallery.show();
performance.mark("shown");
