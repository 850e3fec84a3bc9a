"use strict";
// Groups of buttons that choose, and the cases that are left. A number beside a choice says how many cases it has
// among those that the other groups leave.
gallery.filters = {
  groups: {
    better: {
      values: (entry) => (entry.better ? [entry.better] : []),
      words: (value) => value,
      order: ["right in A", "right in B", "closer in A", "closer in B"],
    },
    kind: { values: (entry) => [entry.kind], words: gallery.kindWords, order: Object.keys(gallery.data.kinds) },
    cause: {
      values: (entry) => (entry.cause === null ? [] : [entry.cause]),
      words: gallery.causeWords,
      order: Object.keys(gallery.data.causes),
    },
    tag: { values: (entry) => entry.tags, words: gallery.tagWords },
  },
  buttons: new Map(),
  hasRight: gallery.data.entries.some((entry) => entry.kind === "right"),

  build() {
    const which = gallery.byId("groups").dataset.which;
    const heads = { better: which, kind: "Kind", cause: "Mended by", tag: "Tag" };
    for (const [name, group] of Object.entries(this.groups)) {
      const present = new Set(gallery.data.entries.flatMap(group.values));
      const values = group.order ? group.order.filter((value) => present.has(value)) : [...present].sort();
      if (values.length) gallery.byId("groups").append(this.group(name, heads[name], values));
    }
    gallery.byId("sort").addEventListener("change", (event) => gallery.state.set({ sort: event.target.value }));
    for (const end of ["from", "to"]) {
      gallery.byId(`score-${end}`).addEventListener("change", (event) => {
        gallery.state.set({ [end]: gallery.state.bound(event.target.value, end === "from" ? 0 : 1) });
        gallery.show(); // what was typed may have been out of bounds
      });
    }
    gallery.byId("reset").addEventListener("click", () =>
      gallery.state.set({ kind: [], cause: [], tag: [], better: [], from: 0, to: 1 }));
  },

  group(name, head, values) {
    const row = gallery.element("div", { class: "chips" });
    for (const value of values) {
      const count = gallery.element("span", { class: "count" });
      const button = gallery.element("button", {
        type: "button", class: "chip", "aria-pressed": "false", "data-group": name, "data-value": value,
        onclick: () => gallery.state.set({ [name]: gallery.state.toggled(gallery.state.read()[name], value) }),
      }, this.groups[name].words(value), " ", count);
      this.buttons.set(button, { name, value, count });
      row.append(button);
    }
    return gallery.element("div", { class: "group", role: "group", "aria-label": head },
      gallery.element("span", { class: "head" }, head), row);
  },

  passes(entry, state, without = null) {
    if (entry.score < state.from || entry.score > state.to) return false;
    return Object.entries(this.groups).every(([name, group]) => {
      if (name === without) return true;
      const chosen = state[name];
      if (chosen.length) return group.values(entry).some((value) => chosen.includes(value));
      return name !== "kind" || entry.kind !== "right"; // right persons are shown when they are asked for
    });
  },

  orders: {
    worst: (one, other) => one.score - other.score,
    best: (one, other) => other.score - one.score,
    gain: (one, other) => gallery.filters.gain(other) - gallery.filters.gain(one),
    picture: (one, other) => one.picture.localeCompare(other.picture, "en", { numeric: true }),
    kind: (one, other) => gallery.filters.rank(one) - gallery.filters.rank(other),
  },
  gain: (entry) => (entry.mended === null ? -1 : entry.mended - entry.score),
  rank: (entry) => Object.keys(gallery.data.kinds).indexOf(entry.kind),

  chosen(state) {
    const order = this.orders[state.sort] || this.orders.worst;
    return gallery.data.entries.filter((entry) => this.passes(entry, state)).sort(order);
  },

  show(state) {
    for (const name of Object.keys(this.groups)) {
      const counts = new Map();
      for (const entry of gallery.data.entries) {
        if (!this.passes(entry, state, name)) continue;
        for (const value of this.groups[name].values(entry)) counts.set(value, (counts.get(value) || 0) + 1);
      }
      for (const [button, of] of this.buttons) {
        if (of.name !== name) continue;
        of.count.textContent = counts.get(of.value) || 0;
        button.setAttribute("aria-pressed", String(state[name].includes(of.value)));
      }
    }
    gallery.byId("sort").value = this.orders[state.sort] ? state.sort : "worst";
    gallery.byId("score-from").value = state.from;
    gallery.byId("score-to").value = state.to;
  },
};
