/** The frame around the conversation: the launcher button, the panel, the input. */

import { h, icon, iconButton } from "./quoth-chat-dom.js";

/** @import { Translator } from "./quoth-chat-words.js" */

/**
 * @typedef {object} Options
 * @property {boolean} isInline part of the page, always open
 * @property {string} heading
 * @property {string} placeholder
 * @property {string} greeting
 * @property {string[]} suggestions
 * @property {(text: string) => void} ask
 * @property {() => void} cancel
 * @property {() => void} clear
 * @property {() => void} open
 * @property {() => void} close
 * @property {() => string} recall returns the last question
 */

/**
 * @typedef {object} Frame
 * @property {HTMLElement} root
 * @property {HTMLElement | null} launcher null if inline
 * @property {HTMLElement} scroller
 * @property {HTMLElement} welcome
 * @property {HTMLElement} log
 * @property {HTMLElement} status live region for announcements
 * @property {HTMLTextAreaElement} input
 * @property {(isOpen: boolean) => void} setOpen
 * @property {(isPending: boolean) => void} setPending
 */

/**
 * @param {Translator} t
 * @param {Options} options
 * @returns {Frame}
 */
export function frame(t, options) {
  const { isInline, heading } = options;
  const launcher = isInline ? null : launchButton(options);
  const { form, input, setPending } = composer(t, options);
  const welcome = welcomeView(t, options, input);
  const log = h("div", { role: "log", "aria-relevant": "additions", "aria-label": t("log") });
  const pending = pendingView(t, options.cancel);
  const scroller = h(
    "div",
    { class: "scroller", role: "group", "aria-label": t("log"), tabindex: "0" },
    welcome,
    log,
    pending,
  );
  const status = h("p", { class: "visually-hidden", role: "status" });
  const panel = h(
    "section",
    { id: "panel", class: "panel", role: isInline ? "region" : "dialog", "aria-labelledby": "heading" },
    h(
      "header",
      {},
      h("h2", { id: "heading" }, icon("quote"), h("span", { dir: "auto" }, heading)),
      iconButton("clear", t("clear"), options.clear, { iconOnly: true }),
      isInline ? null : iconButton("close", t("close"), options.close, { iconOnly: true }),
    ),
    scroller,
    status,
    form,
  );
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing || isInline) return;
    event.stopPropagation();
    options.close();
  });
  return {
    root: h("div", { class: "root", lang: t.language, dir: t.direction }, launcher, panel),
    launcher,
    scroller,
    welcome,
    log,
    status,
    input,
    setOpen: (isOpen) => {
      panel.hidden = !isOpen;
      if (launcher) launcher.hidden = isOpen;
    },
    setPending: (isPending) => {
      pending.hidden = !isPending;
      setPending(isPending);
    },
  };
}

/** @param {Options} options */
function launchButton({ heading, open }) {
  const attributes = { type: "button", class: "launcher", "aria-haspopup": "dialog", onclick: open };
  return h("button", attributes, icon("quote"), h("span", { dir: "auto" }, heading));
}

/**
 * @param {Translator} t
 * @param {Options} options
 * @param {HTMLElement} input
 */
function welcomeView(t, { greeting, suggestions, ask }, input) {
  const choices = suggestions.map((text) => {
    const onclick = () => {
      // The focused button is about to be hidden.
      input.focus();
      ask(text);
    };
    return h("li", {}, h("button", { type: "button", class: "choice", dir: "auto", onclick }, text));
  });
  return h(
    "div",
    { class: "welcome" },
    greeting ? h("p", { class: "greeting", dir: "auto" }, greeting) : null,
    choices.length ? h("p", { class: "aside", id: "examples" }, t("suggestions")) : null,
    choices.length ? h("ul", { "aria-labelledby": "examples" }, ...choices) : null,
  );
}

/**
 * @param {Translator} t
 * @param {() => void} cancel
 */
function pendingView(t, cancel) {
  return h(
    "div",
    { class: "pending", hidden: true },
    h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
    h("span", {}, `${t("pending")}…`),
    h("button", { type: "button", class: "quiet", onclick: cancel }, t("cancel")),
  );
}

/**
 * @param {Translator} t
 * @param {Options} options
 */
function composer(t, { placeholder, ask, recall }) {
  const input = h("textarea", {
    ...{ rows: "1", maxlength: "1000", dir: "auto", autocomplete: "off", enterkeyhint: "send" },
    ...{ placeholder, "aria-label": placeholder, "aria-describedby": "hint" },
  });
  const send = h("button", { class: "send", "aria-label": t("send"), title: t("send") }, icon("send"));
  let isPending = false;
  const form = h(
    "form",
    { class: "composer" },
    h("div", { class: "field" }, input, send),
    h("p", { class: "aside", id: "hint" }, t("hint")),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // While an answer is pending, the text stays in the input.
    if (isPending || !input.value.trim()) return;
    const text = input.value;
    input.value = "";
    ask(text);
  });
  input.addEventListener("keydown", (event) => {
    // During composition, Enter and the arrow keys belong to the input method.
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "ArrowUp" && !input.value) {
      event.preventDefault();
      input.value = recall();
    }
  });
  return {
    form,
    input,
    /** @param {boolean} now */
    setPending: (now) => {
      isPending = now;
      send.setAttribute("aria-disabled", String(now));
    },
  };
}
