/** What stands around the conversation: the button that opens it, the panel, the box to write in. */

import { h, icon, iconButton } from "./quoth-chat-dom.js";

/** @import { Say } from "./quoth-chat-words.js" */

/**
 * @typedef {object} Options
 * @property {boolean} isInline it stands in the page and is always open
 * @property {string} heading
 * @property {string} placeholder
 * @property {string} greeting
 * @property {string[]} suggestions
 * @property {(text: string) => void} ask
 * @property {() => void} cancel
 * @property {() => void} clear
 * @property {() => void} open
 * @property {() => void} close
 * @property {() => string} recall the last question
 */

/**
 * @typedef {object} Frame
 * @property {HTMLElement} whole
 * @property {HTMLElement | null} launcher
 * @property {HTMLElement} scroller
 * @property {HTMLElement} welcome
 * @property {HTMLElement} log
 * @property {HTMLElement} status
 * @property {HTMLTextAreaElement} box
 * @property {(isOpen: boolean) => void} toggle
 * @property {(isPending: boolean) => void} wait
 */

/**
 * @param {Say} say
 * @param {Options} options
 * @returns {Frame}
 */
export function frame(say, options) {
  const { isInline, heading } = options;
  const launcher = isInline ? null : launchButton(options);
  const { form, box, wait: waitInForm } = composer(say, options);
  const welcome = welcomeView(say, options, box);
  const log = h("div", { role: "log", "aria-relevant": "additions", "aria-label": say("log") });
  const pending = pendingView(say, options.cancel);
  const scroller = h(
    "div",
    { class: "scroller", role: "group", "aria-label": say("log"), tabindex: "0" },
    welcome,
    log,
    pending,
  );
  const status = h("p", { class: "unseen", role: "status" });
  const panel = h(
    "section",
    { id: "panel", class: "panel", role: isInline ? "region" : "dialog", "aria-labelledby": "heading" },
    h(
      "header",
      {},
      h("h2", { id: "heading" }, icon("quote"), h("span", { dir: "auto" }, heading)),
      iconButton("clear", say("clear"), options.clear, { bare: true }),
      isInline ? null : iconButton("close", say("close"), options.close, { bare: true }),
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
    whole: h("div", { class: "whole", lang: say.language, dir: say.direction }, launcher, panel),
    launcher,
    scroller,
    welcome,
    log,
    status,
    box,
    toggle: (isOpen) => {
      panel.hidden = !isOpen;
      if (launcher) launcher.hidden = isOpen;
    },
    wait: (isPending) => {
      pending.hidden = !isPending;
      waitInForm(isPending);
    },
  };
}

/** @param {Options} options */
function launchButton({ heading, open }) {
  const attributes = { type: "button", class: "launcher", "aria-haspopup": "dialog", onclick: open };
  return h("button", attributes, icon("quote"), h("span", { dir: "auto" }, heading));
}

/**
 * @param {Say} say
 * @param {Options} options
 * @param {HTMLElement} box
 */
function welcomeView(say, { greeting, suggestions, ask }, box) {
  const choices = suggestions.map((text) => {
    const onclick = () => {
      // The button that had the focus goes.
      box.focus();
      ask(text);
    };
    return h("li", {}, h("button", { type: "button", class: "choice", dir: "auto", onclick }, text));
  });
  return h(
    "div",
    { class: "welcome" },
    greeting ? h("p", { class: "greeting", dir: "auto" }, greeting) : null,
    choices.length ? h("p", { class: "aside", id: "examples" }, say("suggestions")) : null,
    choices.length ? h("ul", { "aria-labelledby": "examples" }, ...choices) : null,
  );
}

/**
 * @param {Say} say
 * @param {() => void} cancel
 */
function pendingView(say, cancel) {
  return h(
    "div",
    { class: "pending", hidden: true },
    h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
    h("span", {}, `${say("pending")}…`),
    h("button", { type: "button", class: "quiet", onclick: cancel }, say("cancel")),
  );
}

/**
 * @param {Say} say
 * @param {Options} options
 */
function composer(say, { placeholder, ask, recall }) {
  const box = h("textarea", {
    ...{ rows: "1", maxlength: "1000", dir: "auto", autocomplete: "off", enterkeyhint: "send" },
    ...{ placeholder, "aria-label": placeholder, "aria-describedby": "hint" },
  });
  const send = h("button", { class: "send", "aria-label": say("send"), title: say("send") }, icon("send"));
  let isPending = false;
  const form = h(
    "form",
    { class: "composer" },
    h("div", { class: "field" }, box, send),
    h("p", { class: "aside", id: "hint" }, say("hint")),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // What is written meanwhile stays in the box until the answer has come.
    if (isPending || !box.value.trim()) return;
    const text = box.value;
    box.value = "";
    ask(text);
  });
  box.addEventListener("keydown", (event) => {
    // Enter and the arrows belong to an input method while it composes.
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "ArrowUp" && !box.value) {
      event.preventDefault();
      box.value = recall();
    }
  });
  return {
    form,
    box,
    /** @param {boolean} now */
    wait: (now) => {
      isPending = now;
      send.setAttribute("aria-disabled", String(now));
    },
  };
}
