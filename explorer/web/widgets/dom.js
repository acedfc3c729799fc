// Small helpers that make elements and change the document only where something differs.

const SVG = "http://www.w3.org/2000/svg";

function fillIn(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** An HTML element. Strings among the children become text, never markup. */
export function element(tag, attributes = {}, ...children) {
  return fillIn(document.createElement(tag), attributes, children);
}

export function svgElement(tag, attributes = {}, ...children) {
  return fillIn(document.createElementNS(SVG, tag), attributes, children);
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets attributes that differ; null removes one. */
export function setAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) {
      if (node.hasAttribute(name)) node.removeAttribute(name);
    } else if (node.getAttribute(name) !== String(value)) {
      node.setAttribute(name, value);
    }
  }
}

/** Shows a picture, or nothing without a source; an <img> with an empty src would request the page itself. */
export function setPicture(image, source, description) {
  setAttributes(image, { src: source || null, alt: source ? description : "", hidden: source ? null : "" });
}

/** Keeps as many children as there are items: makes the missing ones, removes the spare ones, returns them all. */
export function keepChildren(parent, items, make) {
  while (parent.children.length > items.length) parent.lastElementChild.remove();
  while (parent.children.length < items.length) parent.append(make(parent.children.length));
  return [...parent.children];
}
