/** One turn of the conversation: the question, and the answer, abstention or failure. */

import { copyQuotations, describe, markedQuote, originalLink, sourceLink } from "./quoth-chat-cite.js";
import { h, icon, iconButton } from "./quoth-chat-dom.js";
import { feedbackForm } from "./quoth-chat-feedback.js";
import { layout } from "./quoth-chat-layout.js";

/** @import { AnswerResponse, Citation, Failure, Passage, Quotation } from "./quoth-chat-client.js" */
/** @import { Feedback } from "./quoth-chat-feedback.js" */
/** @import { Section, Sentence } from "./quoth-chat-layout.js" */
/** @import { Key, Translator } from "./quoth-chat-words.js" */

/**
 * @typedef {object} Turn
 * @property {string} question
 * @property {AnswerResponse} [response]
 * @property {Failure} [failure]
 * @property {boolean} [feedbackSent]
 */

/**
 * What a turn needs from its conversation.
 *
 * @typedef {object} Context
 * @property {Translator} t
 * @property {string} endpoint
 * @property {(text: string) => void} announce
 * @property {(place: Citation | Passage, event: Event) => void} onOpen on a click on a source
 * @property {(feedback: Feedback) => Promise<void>} sendFeedback
 * @property {() => void} retry
 */

/** The least confidence that is called high or medium. */
const HIGH = 0.75;
const MEDIUM = 0.4;

/** Reasons of turns that asked the articles nothing: a follow-up question does not follow up on them. */
export const NOT_ASKED = new Set(["small-talk", "about-the-service", "summary-request", "incomplete"]);

/** A longer answer is shown in smaller type. In UTF-16 units. */
const LONG = 120;

/**
 * @param {string} question
 * @param {Translator} t
 */
export function questionView(question, t) {
  return h(
    "h3",
    { class: "question" },
    h("span", { class: "visually-hidden" }, t("asked")),
    h("span", { dir: "auto" }, question),
  );
}

/**
 * @param {Turn & {response: AnswerResponse}} turn
 * @param {Context} context
 */
export function answerView(turn, context) {
  const { t } = context;
  const { answer, answers, read_as: readAs } = turn.response;
  const shown = answer && layout(answer, answers);
  return h(
    "div",
    { class: "reply" },
    readAs ? h("p", { class: "aside" }, t("readAs", { text: isolated(readAs) })) : null,
    ...(shown ? answerParts(shown, turn.response, context) : abstentionParts(turn.response, context)),
    h(
      "div",
      { class: "tools" },
      shown ? copyButton(shown.sentences, context) : null,
      feedbackForm(t, turn.feedbackSent ?? false, context.sendFeedback),
    ),
  );
}

/**
 * @param {Turn & {failure: Failure}} turn
 * @param {Context} context
 */
export function failureView(turn, context) {
  const { t } = context;
  const { kind, status, title, detail, remedy } = turn.failure;
  const explanation = [detail, remedy].filter(Boolean).join(" ");
  return h(
    "div",
    { class: "reply failure" },
    h("p", { class: "said", dir: "auto" }, title ?? `${t("failed")}${status ? ` (${status})` : ""}.`),
    h("p", { dir: "auto" }, explanation || t(kind)),
    retryButton(turn, context),
  );
}

/**
 * @param {Turn & {failure: Failure}} turn
 * @param {Context} context
 */
function retryButton(turn, { t, retry }) {
  // Not a live region: a screen reader would announce every second.
  const button = h("button", { type: "button", class: "strong", "aria-live": "off" });
  const update = () => {
    const left = Math.ceil(((turn.failure.retryAt ?? 0) - Date.now()) / 1000);
    button.textContent = left > 0 ? t("retryIn", { n: left }) : t("retry");
    button.setAttribute("aria-disabled", String(left > 0));
    return left > 0;
  };
  button.addEventListener("click", () => update() || retry());
  if (update()) {
    const timer = setInterval(() => (button.isConnected && update()) || clearInterval(timer), 1000);
  }
  return button;
}

/**
 * The answers, the parts that have none, and below them the numbered sentences with their sources.
 *
 * @param {{sections: Section[], sentences: Sentence[]}} shown
 * @param {AnswerResponse} response
 * @param {Context} context
 */
function answerParts({ sections, sentences }, { alternatives, unanswered }, context) {
  const { t } = context;
  const others = sections
    .flatMap(({ entries }) => entries)
    .flatMap(({ quotation }) => quotation.other_citations)
    .map((citation, index) => citationView(citation, sentences.length + index + 1, context));
  return [
    ...sections.flatMap((section) => sectionParts(section, context)),
    unanswered?.length
      ? h("p", { class: "unanswered" }, t("unanswered", { list: unanswered.map(isolated).join("; ") }))
      : null,
    ...sentences.map(({ citation, marked }, index) => citationView(citation, index + 1, context, marked)),
    collapsible("others", others, t),
    collapsible("alternatives", alternatives.map((one) => alternative(one, context)), t),
  ];
}

/**
 * @param {Section} section
 * @param {Context} context
 */
function sectionParts({ part, entries }, context) {
  const views = entries.map(({ quotation, number }) => [
    exactView(quotation, context, number),
    confidenceView(quotation.confidence, context.t),
  ]);
  return [
    part ? h("h4", { class: "part" }, h("bdi", {}, part)) : null,
    ...(views.length > 1 ? [h("ul", { class: "answers" }, ...views.map((view) => h("li", {}, ...view)))] : views[0]),
  ];
}

/**
 * The exact words, the link to their source, and what they say to a yes/no question.
 *
 * @param {Quotation} quotation
 * @param {Context} context
 * @param {number} [number] of the source below; an alternative has none
 */
function exactView({ text, polarity, citation }, context, number) {
  const { t } = context;
  const says = polarity && t(polarity);
  const source = { class: "number", "aria-label": t("source", { n: number ?? 0 }) };
  return h(
    "p",
    { class: !number || text.length > LONG ? "exact long" : "exact" },
    h("q", { dir: "auto", lang: "" }, text),
    " ",
    number ? sourceAnchor(citation, context, source, String(number)) : null,
    // An image with a name, so that the label is not read as the article's words.
    says ? h("span", { class: "polarity", role: "img", "aria-label": t("sentence", { says }) }, says) : null,
  );
}

/**
 * @param {AnswerResponse} response
 * @param {Context} context
 */
function abstentionParts({ abstained, alternatives, passages }, context) {
  const { t } = context;
  // A newer service may give a reason that has no words here.
  const code = /** @type {Key | undefined} */ (abstained?.code);
  const words = (code && t(code)) || abstained?.message;
  // After "Thanks" there is nothing that the articles do not say.
  const asked = !NOT_ASKED.has(abstained?.code ?? "");
  return [
    asked ? h("p", { class: "said" }, t("abstained")) : null,
    h("p", { dir: "auto", class: asked ? null : "said" }, words),
    collapsible("rejected", alternatives.map((one) => alternative(one, context)), t),
    collapsible("nearest", passages.map((passage) => passageView(passage, context)), t),
  ];
}

/** Isolate a text's direction from the surrounding text (Unicode FSI and PDI). @param {string} text */
function isolated(text) {
  return `\u2068${text}\u2069`;
}

/**
 * The confidence as a level and a percentage, with an explanation to open.
 *
 * @param {number} confidence
 * @param {Translator} t
 */
function confidenceView(confidence, t) {
  const level = confidence >= HIGH ? "high" : confidence >= MEDIUM ? "medium" : "low";
  const gauge = h("span", { class: "gauge", "aria-hidden": "true" });
  gauge.style.setProperty("--_share", String(confidence));
  const words = t("confidence", { level: t(level), percent: t.percent(confidence) });
  return h(
    "details",
    { class: "confidence" },
    h("summary", {}, gauge, h("span", {}, words)),
    h("p", {}, t("meaning")),
  );
}

/**
 * The quoted sentence with the answers in it marked, and its source.
 *
 * @param {Citation} citation
 * @param {number} number
 * @param {Context} context
 * @param {Citation[]} [answers] the cited one, unless others are given
 */
function citationView(citation, number, context, answers) {
  const { t } = context;
  const original = originalLink(citation);
  return h(
    "figure",
    {},
    h("blockquote", { dir: "auto", lang: "" }, ...markedQuote(citation, answers)),
    h(
      "figcaption",
      {},
      h("span", { class: "number", "aria-label": t("source", { n: number }), role: "img" }, String(number)),
      h(
        "div",
        {},
        ...description(citation, t),
        h(
          "p",
          { class: "links" },
          sourceAnchor(citation, context, {}, t("open")),
          original ? anchor(original, t, {}, t("original")) : null,
        ),
      ),
    ),
  );
}

/**
 * @param {Quotation} quotation
 * @param {Context} context
 */
function alternative(quotation, context) {
  const { t } = context;
  return h(
    "div",
    { class: "other" },
    exactView(quotation, context),
    confidenceView(quotation.confidence, t),
    citationView(quotation.citation, 1, context),
  );
}

/**
 * @param {Passage} passage
 * @param {Context} context
 */
function passageView(passage, context) {
  return h(
    "figure",
    {},
    h("blockquote", { dir: "auto", lang: "" }, passage.text),
    h(
      "figcaption",
      {},
      h(
        "div",
        {},
        ...description(passage, context.t),
        h("p", { class: "links" }, sourceAnchor(passage, context, {}, context.t("open"))),
      ),
    ),
  );
}

/**
 * @param {Citation | Passage} place
 * @param {Translator} t
 */
function description(place, t) {
  const { title, stated, notStated } = describe(place, t);
  // Each part has its own direction: an Arabic publisher may follow an English author.
  const parts = stated.flatMap((part, index) => [index ? " · " : "", h("bdi", {}, part)]);
  return [
    h("p", {}, title ? h("cite", { dir: "auto", lang: "" }, title) : h("code", { dir: "ltr" }, place.article_id)),
    stated.length ? h("p", {}, ...parts) : null,
    notStated ? h("p", {}, notStated) : null,
  ];
}

/**
 * @param {Citation | Passage} place
 * @param {Context} context
 * @param {Record<string, unknown>} attributes
 * @param {string} text
 */
function sourceAnchor(place, { endpoint, t, onOpen }, attributes, text) {
  /** @param {Event} event */
  const onclick = (event) => onOpen(place, event);
  return anchor(sourceLink(endpoint, place), t, { ...attributes, onclick }, text);
}

/**
 * @param {string} href
 * @param {Translator} t
 * @param {Record<string, unknown>} attributes
 * @param {string} text
 */
function anchor(href, t, attributes, text) {
  const link = { href, target: "_blank", rel: "noopener", title: t("newTab") };
  return h("a", { ...link, ...attributes }, text);
}

/**
 * @param {"others" | "alternatives" | "rejected" | "nearest"} key
 * @param {HTMLElement[]} entries
 * @param {Translator} t
 */
function collapsible(key, entries, t) {
  if (!entries.length) return null;
  return h("details", { class: "more" }, h("summary", {}, t(key, { n: entries.length })), ...entries);
}

/**
 * @param {Sentence[]} sentences
 * @param {Context} context
 */
function copyButton(sentences, { endpoint, t, announce }) {
  const button = iconButton("copy", t(sentences.length > 1 ? "copyAll" : "copy"), async () => {
    try {
      await copyQuotations(sentences, endpoint, t);
      button.replaceChildren(icon("done"), h("span", {}, t("copied")));
      announce(t("copied"));
    } catch {
      announce(t("copyFailed"));
    }
  });
  return button;
}
