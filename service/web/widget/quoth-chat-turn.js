/** What one turn of the conversation shows: the question, and the answer, abstention or failure. */

import { copyQuotation, describe, originalLink, quoteParts, sourceLink } from "./quoth-chat-cite.js";
import { h, icon, iconButton } from "./quoth-chat-dom.js";
import { feedbackForm } from "./quoth-chat-feedback.js";

/** @import { AnswerResponse, Citation, Failure, Passage, Quotation } from "./quoth-chat-client.js" */
/** @import { Judgement } from "./quoth-chat-feedback.js" */
/** @import { Say } from "./quoth-chat-words.js" */

/**
 * @typedef {object} Turn
 * @property {string} question
 * @property {AnswerResponse} [response]
 * @property {Failure} [failure]
 * @property {boolean} [judged] feedback on it was sent
 */

/**
 * What a turn needs of the conversation around it.
 *
 * @typedef {object} Surroundings
 * @property {Say} say
 * @property {string} endpoint
 * @property {(text: string) => void} announce
 * @property {(citation: Citation | Passage, event: Event) => void} opened a link to a source was followed
 * @property {(judgement: Judgement) => Promise<void>} judge
 * @property {() => void} retry
 */

/** Confidence from which a level is named. */
const HIGH = 0.75;
const MEDIUM = 0.4;

/** Letters beyond which an answer is set smaller. */
const LONG = 120;

/**
 * @param {string} question
 * @param {Say} say
 */
export function questionView(question, say) {
  return h(
    "h3",
    { class: "question" },
    h("span", { class: "unseen" }, say("asked")),
    h("span", { dir: "auto" }, question),
  );
}

/**
 * @param {Turn & {response: AnswerResponse}} turn
 * @param {Surroundings} around
 */
export function answerView(turn, around) {
  const { say } = around;
  const { answer, read_as: readAs } = turn.response;
  return h(
    "div",
    { class: "reply" },
    readAs ? h("p", { class: "aside" }, say("readAs", { text: isolated(readAs) })) : null,
    ...(answer ? given(answer, turn.response, around) : withheld(turn.response, around)),
    h(
      "div",
      { class: "tools" },
      answer ? copyButton(answer.citation, around) : null,
      feedbackForm(say, turn.judged ?? false, around.judge),
    ),
  );
}

/**
 * @param {Turn & {failure: Failure}} turn
 * @param {Surroundings} around
 */
export function failureView(turn, around) {
  const { say } = around;
  const { kind, status, title, detail, remedy } = turn.failure;
  const told = [detail, remedy].filter(Boolean).join(" ");
  return h(
    "div",
    { class: "reply failure" },
    h("p", { class: "said", dir: "auto" }, title ?? `${say("failed")}${status ? ` (${status})` : ""}.`),
    h("p", { dir: "auto" }, told || say(kind)),
    retryButton(turn, around),
  );
}

/**
 * @param {Turn & {failure: Failure}} turn
 * @param {Surroundings} around
 */
function retryButton(turn, { say, retry }) {
  // The seconds count down in silence: a live region would read each of them.
  const button = h("button", { type: "button", class: "strong", "aria-live": "off" });
  const count = () => {
    const left = Math.ceil(((turn.failure.retryAt ?? 0) - Date.now()) / 1000);
    button.textContent = left > 0 ? say("retryIn", { n: left }) : say("retry");
    button.setAttribute("aria-disabled", String(left > 0));
    return left > 0;
  };
  button.addEventListener("click", () => count() || retry());
  if (count()) {
    const timer = setInterval(() => (button.isConnected && count()) || clearInterval(timer), 1000);
  }
  return button;
}

/**
 * @param {Quotation} answer
 * @param {AnswerResponse} response
 * @param {Surroundings} around
 */
function given(answer, response, around) {
  const { say } = around;
  const others = answer.other_citations.map((citation, index) => citationView(citation, index + 2, around));
  return [
    h(
      "p",
      { class: answer.text.length > LONG ? "exact long" : "exact" },
      h("q", { dir: "auto", lang: "" }, answer.text),
      " ",
      sourceAnchor(answer.citation, around, { class: "number", "aria-label": say("source", { n: 1 }) }, "1"),
    ),
    confidenceView(answer.confidence, say),
    citationView(answer.citation, 1, around),
    folded("others", others, say),
    folded("alternatives", response.alternatives.map((one) => alternative(one, around)), say),
  ];
}

/**
 * @param {AnswerResponse} response
 * @param {Surroundings} around
 */
function withheld({ abstained, passages }, around) {
  const { say } = around;
  const code = abstained?.code ?? "";
  return [
    h("p", { class: "said" }, say("abstained")),
    h("p", { dir: "auto" }, say(code) || abstained?.message),
    folded("nearest", passages.map((passage) => passageView(passage, around)), say),
  ];
}

/** Keep a text's direction from that of the words around it. @param {string} text */
function isolated(text) {
  return `\u2068${text}\u2069`;
}

/**
 * The level and the number, which open to what they mean.
 *
 * @param {number} confidence
 * @param {Say} say
 */
function confidenceView(confidence, say) {
  const level = confidence >= HIGH ? "high" : confidence >= MEDIUM ? "medium" : "low";
  const gauge = h("span", { class: "gauge", "aria-hidden": "true" });
  gauge.style.setProperty("--_share", String(confidence));
  const words = say("confidence", { level: say(level), percent: say.percent(confidence) });
  return h(
    "details",
    { class: "confidence" },
    h("summary", {}, gauge, h("span", {}, words)),
    h("p", {}, say("meaning")),
  );
}

/**
 * The sentence with the span marked, and where it stands.
 *
 * @param {Citation} citation
 * @param {number} number
 * @param {Surroundings} around
 */
function citationView(citation, number, around) {
  const { say } = around;
  const [before, exact, after] = quoteParts(citation);
  const original = originalLink(citation);
  return h(
    "figure",
    {},
    h("blockquote", { dir: "auto", lang: "" }, before, h("mark", {}, exact), after),
    h(
      "figcaption",
      {},
      h("span", { class: "number", "aria-label": say("source", { n: number }), role: "img" }, String(number)),
      h(
        "div",
        {},
        ...description(citation, say),
        h(
          "p",
          { class: "links" },
          sourceAnchor(citation, around, {}, say("open")),
          original ? anchor(original, say, {}, say("original")) : null,
        ),
      ),
    ),
  );
}

/**
 * @param {Quotation} quotation
 * @param {Surroundings} around
 */
function alternative(quotation, around) {
  const { say } = around;
  return h(
    "div",
    { class: "other" },
    h("p", { class: "exact long" }, h("q", { dir: "auto", lang: "" }, quotation.text)),
    confidenceView(quotation.confidence, say),
    citationView(quotation.citation, 1, around),
  );
}

/**
 * @param {Passage} passage
 * @param {Surroundings} around
 */
function passageView(passage, around) {
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
        ...description(passage, around.say),
        h("p", { class: "links" }, sourceAnchor(passage, around, {}, around.say("open"))),
      ),
    ),
  );
}

/**
 * @param {Citation | Passage} place
 * @param {Say} say
 */
function description(place, say) {
  const { title, stated, unstated } = describe(place, say);
  // Each part has its own direction: an Arabic publisher may stand beside an English title.
  const parts = stated.flatMap((part, index) => [index ? " · " : "", h("bdi", {}, part)]);
  return [
    h("p", {}, title ? h("cite", { dir: "auto", lang: "" }, title) : h("code", { dir: "ltr" }, place.article_id)),
    stated.length ? h("p", {}, ...parts) : null,
    unstated ? h("p", {}, unstated) : null,
  ];
}

/**
 * @param {Citation | Passage} place
 * @param {Surroundings} around
 * @param {Record<string, unknown>} attributes
 * @param {string} text
 */
function sourceAnchor(place, { endpoint, say, opened }, attributes, text) {
  /** @param {Event} event */
  const onclick = (event) => opened(place, event);
  return anchor(sourceLink(endpoint, place), say, { ...attributes, onclick }, text);
}

/**
 * @param {string} href
 * @param {Say} say
 * @param {Record<string, unknown>} attributes
 * @param {string} text
 */
function anchor(href, say, attributes, text) {
  const link = { href, target: "_blank", rel: "noopener", title: say("newTab") };
  return h("a", { ...link, ...attributes }, text);
}

/**
 * @param {"others" | "alternatives" | "nearest"} key
 * @param {HTMLElement[]} entries
 * @param {Say} say
 */
function folded(key, entries, say) {
  if (!entries.length) return null;
  return h("details", { class: "more" }, h("summary", {}, say(key, { n: entries.length })), ...entries);
}

/**
 * @param {Citation} citation
 * @param {Surroundings} around
 */
function copyButton(citation, { endpoint, say, announce }) {
  const button = iconButton("copy", say("copy"), async () => {
    try {
      await copyQuotation(citation, sourceLink(endpoint, citation), say);
      button.replaceChildren(icon("done"), h("span", {}, say("copied")));
      announce(say("copied"));
    } catch {
      announce(say("uncopied"));
    }
  });
  return button;
}
