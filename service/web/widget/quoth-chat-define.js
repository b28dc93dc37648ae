/**
 * Registers `<quoth-chat>`. If its script tag has `data-` attributes, also appends an element to the page:
 *
 * <script type="module" src="https://…/widget.js" data-endpoint="https://…"></script>
 */

import { QuothChat } from "./quoth-chat.js";

if (!customElements.get("quoth-chat")) customElements.define("quoth-chat", QuothChat);

// `document.currentScript` is null in a module, so the tag is found by its address.
const tag = [...document.querySelectorAll("script")].find(
  (script) => script.src === import.meta.url && Object.keys(script.dataset).length,
);
if (tag) {
  const chat = document.createElement("quoth-chat");
  for (const name of QuothChat.attributes) {
    const value = tag.getAttribute(`data-${name}`);
    if (value !== null) chat.setAttribute(name, value);
  }
  document.body.append(chat);
}
