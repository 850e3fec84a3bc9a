"use strict";
// The address is the only state: what is chosen goes into it, and what is shown comes from it. So links and the
// browser's way back restore everything.
gallery.state = {
  // Of two runs the candidates would lie on what became of them: they are shown when asked for.
  layers: gallery.byId("groups").dataset.which ? "persons,skeletons,box" : "persons,skeletons,box,candidates",
  lists: ["kind", "cause", "tag", "better"],

  read() {
    const given = new URLSearchParams(location.hash.slice(1));
    const state = { case: given.get("case"), sort: given.get("sort") || "worst" };
    for (const name of this.lists) state[name] = given.getAll(name);
    state.from = this.bound(given.get("from"), 0);
    state.to = this.bound(given.get("to"), 1);
    const layers = given.get("layers");
    state.layers = (layers === null ? this.layers : layers).split(",").filter(Boolean);
    state.limb = given.get("limb");
    state.over = Object.keys(gallery.grid.sides).find((side) => side === given.get("over")) ?? "prediction";
    return state;
  },

  bound(text, otherwise) {
    const value = text === null || text === "" ? NaN : Number(text);
    return Number.isFinite(value) ? Math.min(Math.max(value, 0), 1) : otherwise;
  },

  address(changes = {}) {
    const state = { ...this.read(), ...changes };
    const written = new URLSearchParams();
    if (state.case !== null) written.set("case", state.case);
    for (const name of this.lists) for (const value of state[name]) written.append(name, value);
    if (state.from > 0) written.set("from", state.from);
    if (state.to < 1) written.set("to", state.to);
    if (state.sort !== "worst") written.set("sort", state.sort);
    if (state.over !== "prediction") written.set("over", state.over);
    if (state.layers.join() !== this.layers) written.set("layers", state.layers.join());
    if (state.case !== null && state.limb !== null) written.set("limb", state.limb);
    return "#" + written;
  },

  /** Change the address; `replace` for steps that the way back should not stop at. */
  set(changes, replace = false) {
    const address = this.address(changes);
    if (address === (location.hash || "#")) return;
    if (replace) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
    gallery.show();
  },

  toggled(list, value) {
    return list.includes(value) ? list.filter((other) => other !== value) : [...list, value];
  },
};
