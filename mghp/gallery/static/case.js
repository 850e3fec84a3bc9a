"use strict";
// Details of the cases come in files of several, as scripts that call `arrived`.
gallery.details = {
  files: new Map(),

  arrived(number, some) {
    this.files.set(number, some);
    gallery.show();
  },

  of(index) {
    const each = gallery.data.casesAFile;
    const number = Math.floor(index / each);
    if (this.files.has(number)) return this.files.get(number)?.[index % each];
    this.files.set(number, undefined); // asked for once
    document.head.append(gallery.element("script", {
      src: `data/${number}.js`, onerror: () => { this.files.set(number, null); gallery.show(); },
    }));
    return undefined;
  },

  failed: (index) => gallery.details.files.get(Math.floor(index / gallery.data.casesAFile)) === null,
};

// An opened case.
gallery.opened = {
  layers: { parts: "Parts", persons: "Persons", skeletons: "Skeletons", box: "Box", candidates: "Candidates" },
  indices: new Map(gallery.data.entries.map((entry, index) => [entry.id, index])),
  dialog: gallery.byId("case"),

  build() {
    Object.entries(this.layers).forEach(([name, words], k) => gallery.byId("layers").append(gallery.element("button", {
      type: "button", class: "chip", "data-layer": name, "aria-pressed": "false", "aria-keyshortcuts": k + 1,
      onclick: () => this.toggle(name),
    }, words, gallery.element("kbd", {}, String(k + 1)))));
    gallery.byId("previous").addEventListener("click", () => this.step(-1));
    gallery.byId("next").addEventListener("click", () => this.step(1));
    gallery.byId("close").addEventListener("click", () => this.close());
    this.dialog.addEventListener("cancel", (event) => { event.preventDefault(); this.close(); });
    this.dialog.addEventListener("click", (event) => { if (event.target === this.dialog) this.close(); });
  },

  toggle(name) {
    gallery.state.set({ layers: gallery.state.toggled(gallery.state.read().layers, name) }, true);
  },

  close() {
    gallery.state.set({ case: null, limb: null });
  },

  step(by) {
    const at = gallery.grid.shown.findIndex((entry) => entry.id === gallery.state.read().case);
    const to = gallery.grid.shown[at + by];
    if (at >= 0 && to) gallery.state.set({ case: to.id, limb: null }, true);
  },

  stepLimb(by) {
    const select = this.dialog.querySelector("select.limb");
    const option = select && select.options[select.selectedIndex + by];
    if (option) gallery.state.set({ limb: option.value }, true);
  },

  show(state) {
    const index = this.indices.get(state.case);
    if (index === undefined) {
      if (this.dialog.open) {
        this.dialog.close();
        gallery.grid.focus(this.last);
      }
      return;
    }
    const entry = gallery.data.entries[index];
    this.head(entry);
    for (const button of gallery.byId("layers").children) {
      button.setAttribute("aria-pressed", String(state.layers.includes(button.dataset.layer)));
    }
    this.body(gallery.details.of(index), index, state);
    if (!this.dialog.open) this.dialog.showModal();
    if (this.last !== entry.id) this.dialog.scrollTop = 0;
    this.last = entry.id;
  },

  head(entry) {
    const at = gallery.grid.shown.findIndex((other) => other.id === entry.id);
    gallery.byId("case-title").textContent = `${entry.picture}: ${gallery.kindWords(entry.kind)}`;
    const scores = gallery.number(entry.score) + (entry.mended === null ? "" : ` \u2192 ${gallery.number(entry.mended)}`);
    gallery.byId("case-facts").textContent = [
      entry.better ?? null, `${gallery.data.score} ${scores}`,
      entry.cause ? `mended by ${gallery.causeWords(entry.cause)}` : null,
      ...entry.tags.map(gallery.tagWords),
    ].filter((words) => words !== null).join(" \u00b7 ");
    gallery.byId("position").textContent = at < 0 ? "not in the list" : `${at + 1} of ${gallery.grid.shown.length}`;
    gallery.byId("previous").disabled = at <= 0;
    gallery.byId("next").disabled = at < 0 || at + 1 >= gallery.grid.shown.length;
  },

  body(details, index, state) {
    const notice = gallery.byId("case-notice");
    notice.hidden = Boolean(details);
    notice.textContent = gallery.details.failed(index) ? "The details of this case could not be loaded." : "Loading.";
    if (!details) {
      gallery.byId("stages").replaceChildren();
      gallery.byId("matching").replaceChildren();
      return;
    }
    const selects = () => [...this.dialog.querySelectorAll("select.limb")];
    const focused = selects().indexOf(document.activeElement);
    const limbs = details.sides.map((side) => gallery.limbs.chosen(side.limbs, state.limb));
    gallery.stages.show(details, state, limbs);
    gallery.byId("matching").replaceChildren(...details.sides.flatMap((side, k) => [
      gallery.element("h3", {}, details.sides.length > 1 ? `${side.label}: matching of keypoints` : "Matching of keypoints"),
      ...gallery.limbs.section(side, limbs[k]),
    ]));
    if (focused >= 0) selects()[focused]?.focus(); // who chooses by keyboard goes on choosing
  },
};

