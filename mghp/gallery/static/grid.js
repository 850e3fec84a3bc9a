"use strict";
// The list. All cases have a card; the picture of a card is loaded when it comes into view.
gallery.grid = {
  cards: new Map(),
  sides: { prediction: "Prediction", truth: "Truth", nothing: "Picture alone" },
  shown: [],

  build() {
    this.coming = new IntersectionObserver((crossed) => {
      for (const { isIntersecting, target } of crossed) {
        if (!isIntersecting) continue;
        target.src = target.dataset.src;
        this.cover(target.closest(".card"));
        this.coming.unobserve(target);
      }
    }, { rootMargin: "100px" });
    for (const [side, words] of Object.entries(this.sides)) {
      gallery.byId("over").append(gallery.element("button", {
        type: "button", class: "chip", "data-side": side, "aria-pressed": "false",
        onclick: () => gallery.state.set({ over: side }, true),
      }, words));
    }
    for (const entry of gallery.data.entries) {
      const image = gallery.element("img", { class: "picture", alt: "", "data-src": entry.thumbnail, decoding: "async" });
      const over = gallery.element("img", { class: "over", alt: "", hidden: true, onload: () => this.place(over, entry) });
      const tile = gallery.element("span", { class: "tile" }, image, over);
      const words = gallery.kindWords(entry.kind) + (entry.better ? `; ${entry.better}` : "");
      const card = gallery.element("a", { class: "card", "data-kind": entry.kind, "data-id": entry.id },
        tile,
        gallery.element("span", { class: "what" },
          gallery.element("span", { class: "kind" }, words),
          gallery.element("span", { class: "score" }, gallery.number(entry.score))),
        gallery.element("span", { class: "name" }, entry.picture));
      card.addEventListener("click", (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return; // a new tab or window
        event.preventDefault();
        gallery.state.set({ case: entry.id, limb: null });
      });
      card.addEventListener("pointerenter", (event) => {
        if (event.pointerType === "mouse") this.cover(card, this.over === "truth" ? "prediction" : "truth");
      });
      card.addEventListener("pointerleave", () => this.cover(card));
      Object.assign(card, { tile, over, entry });
      card.item = gallery.element("li", {}, card);
      card.image = image;
      this.cards.set(entry.id, card);
    }
  },

  /** Show the persons of a side over a card's picture, once that is there. */
  cover(card, side = this.over) {
    const address = card.entry.over[side];
    if (!card.image.src) return;
    card.over.hidden = !address;
    card.tile.dataset.over = address ? side : "";
    if (address && card.over.getAttribute("src") !== address) card.over.src = address;
  },

  /** Cut the square of the thumbnail out of a layer of the whole picture. */
  place(over, { box: [x0, y0, x1, y1], size }) {
    const side = Math.max(x1 - x0, y1 - y0) * (1 + 2 * gallery.data.margin);
    const percent = (length) => `${(100 * length) / side}%`;
    over.style.width = percent((size || [over.naturalWidth])[0]);
    over.style.left = percent((side - x0 - x1) / 2);
    over.style.top = percent((side - y0 - y1) / 2);
  },

  show(state, entries) {
    if (state.over !== this.over) {
      this.over = state.over;
      for (const card of this.cards.values()) this.cover(card);
      for (const chip of gallery.byId("over").querySelectorAll(".chip")) {
        chip.setAttribute("aria-pressed", String(chip.dataset.side === this.over));
      }
    }
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
