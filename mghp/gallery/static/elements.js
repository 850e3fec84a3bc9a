"use strict";
// All parts of the page hang on this one name. Text from data reaches the page through text nodes and attributes only.
const gallery = {};

gallery.data = JSON.parse(document.getElementById("data").textContent);

gallery.byId = (id) => document.getElementById(id);

/** An element: `properties` are attributes, or listeners where their names begin with "on"; children are nodes or text. */
gallery.element = (name, properties = {}, ...children) =>
  gallery.filled(document.createElement(name), properties, children);

gallery.svg = (name, properties = {}, ...children) =>
  gallery.filled(document.createElementNS("http://www.w3.org/2000/svg", name), properties, children);

gallery.filled = (node, properties, children) => {
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
};

gallery.number = (value, digits = 2) => (value === null || value === undefined ? "-" : value.toFixed(digits));

gallery.kindWords = (kind) => gallery.data.kinds[kind];
gallery.causeWords = (cause) => gallery.data.causes[cause];
gallery.tagWords = (tag) => tag.replaceAll("_", " ");

gallery.announce = (text) => {
  gallery.byId("status").textContent = text;
};
