"use strict";
// The list. All cases have a card; the picture of a card is loaded when it comes into view.
gallery.grid = {
  cards: new Map(),
  shown: [],

  build() {
    this.coming = new IntersectionObserver((crossed) => {
      for (const { isIntersecting, target } of crossed) {
        if (!isIntersecting) continue;
        target.src = target.dataset.src;
        this.coming.unobserve(target);
      }
    }, { rootMargin: "100px" });
    for (const entry of gallery.data.entries) {
      const image = gallery.element("img", { alt: "", "data-src": entry.thumbnail, decoding: "async" });
      const words = gallery.kindWords(entry.kind) + (entry.better ? `; ${entry.better}` : "");
      const card = gallery.element("a", { class: "card", "data-kind": entry.kind, "data-id": entry.id },
        image,
        gallery.element("span", { class: "what" },
          gallery.element("span", { class: "kind" }, words),
          gallery.element("span", { class: "score" }, gallery.number(entry.score))),
        gallery.element("span", { class: "name" }, entry.picture));
      card.addEventListener("click", (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return; // a new tab or window
        event.preventDefault();
        gallery.state.set({ case: entry.id, limb: null });
      });
      card.item = gallery.element("li", {}, card);
      card.image = image;
      this.cards.set(entry.id, card);
    }
  },

  show(state, entries) {
    // An opened case changes the address alone: the list stays as it is.
    const key = JSON.stringify([state.kind, state.cause, state.tag, state.better, state.from, state.to, state.sort]);
    if (key === this.key) return;
    this.key = key;
    this.shown = entries;
    const items = entries.map((entry) => this.cards.get(entry.id));
    gallery.byId("grid").replaceChildren(...items.map((card) => card.item));
    for (const card of items) {
      const entry = card.dataset.id;
      card.href = gallery.state.address({ case: entry, limb: null });
      if (!card.image.src) this.coming.observe(card.image);
    }
  },

  /** Move the focus by so many cases, or rows. */
  move(cases, rows = 0) {
    if (!this.shown.length) return;
    const at = this.shown.findIndex((entry) => this.cards.get(entry.id) === document.activeElement);
    const to = at < 0 ? 0 : at + cases + rows * this.columns();
    if (to < 0 || to >= this.shown.length) return;
    this.focus(this.shown[to].id);
  },

  columns() {
    return getComputedStyle(gallery.byId("grid")).gridTemplateColumns.split(" ").length;
  },

  focus(id) {
    const card = this.cards.get(id);
    if (card && card.isConnected) {
      card.focus({ preventScroll: true });
      card.scrollIntoView({ block: "nearest" });
    }
  },
};
