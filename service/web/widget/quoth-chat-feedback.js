/** The feedback form: thumbs up or down, then an optional reason. It is sent once. */

import { h, iconButton } from "./quoth-chat-dom.js";

/** @import { Translator } from "./quoth-chat-words.js" */

/**
 * @typedef {object} Feedback
 * @property {"up" | "down"} verdict
 * @property {string | null} reason
 */

/**
 * @param {Translator} t
 * @param {boolean} sent whether feedback on this answer was already sent
 * @param {(feedback: Feedback) => Promise<void>} send rejects if it could not be sent
 * @returns {HTMLElement}
 */
export function feedbackForm(t, sent, send) {
  const thanks = h("p", { class: "aside", role: "status", tabindex: "-1" });
  if (sent) {
    thanks.textContent = t("thanks");
    return thanks;
  }
  /** @type {"up" | "down"} */
  let verdict = "up";
  const reason = h("input", { name: "reason", maxlength: "1000", autocomplete: "off" });
  const submit = h("button", { class: "strong" }, t("sendFeedback"));
  const more = h("div", { class: "reason", hidden: true }, h("label", {}, t("reason"), reason), submit);

  /** @param {"up" | "down"} chosen */
  const thumb = (chosen) =>
    iconButton(chosen, t(chosen), () => choose(chosen), { iconOnly: true, "aria-pressed": "false" });
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
      thanks.textContent = t("thanks");
      // The focused button has been removed.
      thanks.focus();
    } catch {
      thanks.textContent = t("feedbackFailed");
      submit.disabled = false;
      submit.focus();
    }
  }

  const form = h("form", { class: "feedback", onsubmit }, thumbs.up, thumbs.down, more, thanks);
  return form;
}
