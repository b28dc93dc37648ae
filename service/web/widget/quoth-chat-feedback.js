/** Whether an answer helped, and why: two thumbs that open a short form, sent once. */

import { h, iconButton } from "./quoth-chat-dom.js";

/** @import { Say } from "./quoth-chat-words.js" */

/**
 * @typedef {object} Judgement
 * @property {"up" | "down"} verdict
 * @property {string | null} reason
 */

/**
 * @param {Say} say
 * @param {boolean} judged it was sent before
 * @param {(judgement: Judgement) => Promise<void>} send
 * @returns {HTMLElement}
 */
export function feedbackForm(say, judged, send) {
  const thanks = h("p", { class: "aside", role: "status", tabindex: "-1" });
  if (judged) {
    thanks.textContent = say("thanks");
    return thanks;
  }
  /** @type {"up" | "down"} */
  let verdict = "up";
  const reason = h("input", { name: "reason", maxlength: "1000", autocomplete: "off" });
  const submit = h("button", { class: "strong" }, say("judge"));
  const more = h("div", { class: "reason", hidden: true }, h("label", {}, say("reason"), reason), submit);

  /** @param {"up" | "down"} chosen */
  const thumb = (chosen) =>
    iconButton(chosen, say(chosen), () => choose(chosen), { bare: true, "aria-pressed": "false" });
  const thumbs = { up: thumb("up"), down: thumb("down") };

  /** @param {"up" | "down"} chosen */
  function choose(chosen) {
    verdict = chosen;
    for (const [name, button] of Object.entries(thumbs)) {
      button.setAttribute("aria-pressed", String(name === chosen));
    }
    more.hidden = false;
    reason.focus();
  }

  /** @param {Event} event */
  async function onsubmit(event) {
    event.preventDefault();
    if (submit.disabled) return;
    submit.disabled = true;
    try {
      await send({ verdict, reason: reason.value.trim() || null });
      form.replaceChildren(thanks);
      thanks.textContent = say("thanks");
      // The button that had the focus is gone.
      thanks.focus();
    } catch {
      thanks.textContent = say("unjudged");
      submit.disabled = false;
      submit.focus();
    }
  }

  const form = h("form", { class: "feedback", onsubmit }, thumbs.up, thumbs.down, more, thanks);
  return form;
}
