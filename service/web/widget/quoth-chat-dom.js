/** Elements built from text and attributes, never from markup: an article's words stay text. */

/**
 * Make an element.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, unknown>} [attributes] a function is a listener for `on…`; null and false are omitted
 * @param {...(Node | string | null | undefined)} children strings become text nodes; null is omitted
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const ICONS = {
  quote: "M10 7H5v5h3c0 2-1 3-3 3v2c3.5 0 5-2 5-5zm9 0h-5v5h3c0 2-1 3-3 3v2c3.5 0 5-2 5-5z",
  send: "M5 12h13M13 6l6 6-6 6",
  close: "M6 6l12 12M18 6 6 18",
  clear: "M12 5v14M5 12h14",
  copy: "M9 9h10v10H9zM15 9V5H5v10h4",
  done: "M5 12.5l4.5 4.5L19 7.5",
  up: "M8 11v8H5v-8zm0 0 4-7c1.5 0 2.5 1 2 3l-.7 3H19l-1.5 9H8",
  down: "M8 13V5H5v8zm0 0 4 7c1.5 0 2.5-1 2-3l-.7-3H19l-1.5-9H8",
};

/**
 * Make an icon, hidden from assistive technology: its control has a name in words.
 *
 * @param {keyof typeof ICONS} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", name === "quote" ? "icon solid" : "icon");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/**
 * Make a button with an icon and a label; with `iconOnly` the label is its accessible name and tooltip.
 *
 * @param {keyof typeof ICONS} image
 * @param {string} label
 * @param {EventListener} onclick
 * @param {{iconOnly?: boolean} & Record<string, unknown>} [attributes]
 * @returns {HTMLButtonElement}
 */
export function iconButton(image, label, onclick, { iconOnly = false, ...attributes } = {}) {
  const named = iconOnly ? { "aria-label": label, title: label } : {};
  return h(
    "button",
    { type: "button", class: iconOnly ? "round" : "quiet", onclick, ...named, ...attributes },
    icon(image),
    iconOnly ? null : h("span", {}, label),
  );
}
