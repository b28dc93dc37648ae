/** `<quoth-chat>`: asks a Quoth service and shows its answers, quotations from the articles. */

import { RequestError, postFeedback, postQuestion } from "./quoth-chat-client.js";
import { sourceLink, webAddress } from "./quoth-chat-cite.js";
import { frame } from "./quoth-chat-frame.js";
import { loadSession, saveSession } from "./quoth-chat-session.js";
import { sheet } from "./quoth-chat-style.js";
import { NOT_ASKED, answerView, failureView, questionView } from "./quoth-chat-turn.js";
import { translator, words } from "./quoth-chat-words.js";
import { h } from "./quoth-chat-dom.js";

/** @import { AnswerResponse, Citation, Failure, Passage } from "./quoth-chat-client.js" */
/** @import { Feedback } from "./quoth-chat-feedback.js" */
/** @import { Frame } from "./quoth-chat-frame.js" */
/** @import { Context, Turn } from "./quoth-chat-turn.js" */

/** The service's limits on a question and on the previous answer sent with it. */
const MAX_QUESTION_LENGTH = 1000;
const MAX_ANSWER_LENGTH = 1000;
/** Pixels left free above the turn that is scrolled to. */
const GAP = 16;

/**
 * A conversation with the articles.
 *
 * @fires CustomEvent#quoth-answer `{question, response}`: an answer or an abstention arrived
 * @fires CustomEvent#quoth-error `{question, failure}`: the request failed
 * @fires CustomEvent#quoth-citation-open `{citation, href}`: a source is opened; cancelable
 */
export class QuothChat extends HTMLElement {
  /** The attributes whose change rebuilds the element. */
  static observedAttributes = [
    "endpoint",
    "heading",
    "placeholder",
    "greeting",
    "suggestions",
    "position",
    "lang",
  ];

  /** All attributes. The style sheet reads `theme`; the filters and the key apply from the next question. */
  static attributes = [
    ...QuothChat.observedAttributes,
    "theme",
    "publishers",
    "published-from",
    "published-to",
    "article-ids",
    "key",
  ];

  /** The interface's words by language: `QuothChat.words.set("fr", {…})` before the element is created. */
  static words = words;

  #root = this.attachShadow({ mode: "open" });
  /** @type {Turn[]} */
  #turns = [];
  /** @type {Map<Turn, HTMLElement>} */
  #views = new Map();
  #isOpen = false;
  /** @type {AbortController | null} */
  #pending = null;
  /** @type {Frame | null} */
  #frame = null;
  #t = translator("en");
  /** The endpoint whose conversation is loaded. */
  #loadedFrom = "";
  #isUpdateScheduled = false;

  /** Address of the service, without a trailing slash. */
  get endpoint() {
    const given = this.getAttribute("endpoint");
    const url = (given && webAddress(given, document.baseURI)) || new URL(".", import.meta.url);
    return url.href.replace(/\/+$/, "");
  }

  set endpoint(address) {
    this.setAttribute("endpoint", address);
  }

  /** API key, if the service requires one. Anyone who can open the page can read it. */
  get key() {
    return this.getAttribute("key");
  }

  set key(key) {
    if (key === null) this.removeAttribute("key");
    else this.setAttribute("key", key);
  }

  /** Whether the panel is open; with `position="inline"` it always is. */
  get isOpen() {
    return this.#isOpen || this.#isInline;
  }

  /** Whether an answer is pending. */
  get isPending() {
    return this.#pending !== null;
  }

  get #isInline() {
    return this.getAttribute("position") === "inline";
  }

  connectedCallback() {
    this.#root.adoptedStyleSheets = [sheet()];
    this.#restore();
    this.#render();
    this.#adoptFallbackForm();
  }

  disconnectedCallback() {
    this.#cancel();
  }

  /**
   * @param {string} _name
   * @param {string | null} before
   * @param {string | null} now
   */
  attributeChangedCallback(_name, before, now) {
    if (!this.#frame || before === now || this.#isUpdateScheduled) return;
    // Attributes that are set together cause one update.
    this.#isUpdateScheduled = true;
    queueMicrotask(() => {
      this.#isUpdateScheduled = false;
      if (!this.isConnected) return;
      this.#restore();
      this.#render();
    });
  }

  /** Open the panel and focus the input. */
  open() {
    this.#setOpen(true);
    this.#frame?.input.focus();
  }

  /** Close the panel and return focus to the launcher. */
  close() {
    if (this.#isInline) return;
    const hadFocus = this.#root.activeElement !== null;
    this.#setOpen(false);
    if (hadFocus) this.#frame?.launcher?.focus();
  }

  /**
   * Ask a question; a pending one is cancelled.
   *
   * @param {string} text
   * @returns {Promise<AnswerResponse | null>} the answer or abstention, or null if the request failed
   */
  async ask(text) {
    const question = text.trim().slice(0, MAX_QUESTION_LENGTH);
    if (!question || !this.#frame) return null;
    if (!this.isOpen) this.#setOpen(true);
    /** @type {Turn} */
    const turn = { question };
    this.#turns.push(turn);
    this.#frame.welcome.hidden = true;
    this.#append(turn);
    return this.#answer(turn);
  }

  /** Delete the conversation. */
  clear() {
    this.#cancel();
    this.#turns = [];
    this.#save();
    this.#render();
    this.#announce(this.#t("cleared"));
  }

  /** @param {Turn} turn */
  async #answer(turn) {
    this.#cancel();
    const pending = new AbortController();
    this.#pending = pending;
    delete turn.failure;
    this.#save();
    this.#show(turn);
    this.#frame?.setPending(true);
    this.#announce(this.#t("pending"));
    try {
      const response = await postQuestion(this, this.#body(turn), pending.signal);
      turn.response = stored(response);
    } catch (error) {
      turn.failure = failureOf(error, pending.signal);
    }
    if (this.#pending === pending) {
      this.#pending = null;
      this.#frame?.setPending(false);
    }
    this.#finish(turn);
    return turn.response ?? null;
  }

  /** @param {Turn} turn */
  #finish(turn) {
    // The conversation may have been cleared in the meantime.
    if (!this.#turns.includes(turn)) return;
    this.#announce("");
    this.#show(turn);
    this.#save();
    const { question, response, failure } = turn;
    if (response) this.#emit("quoth-answer", { question, response });
    else if (failure?.kind !== "cancelled") this.#emit("quoth-error", { question, failure });
  }

  #cancel() {
    this.#pending?.abort();
    this.#pending = null;
    this.#frame?.setPending(false);
  }

  /** @param {Turn} turn */
  #body(turn) {
    const earlier = this.#turns.slice(0, this.#turns.indexOf(turn));
    // After "Thanks" a question still follows up on the answer before it.
    const before = earlier.findLast(
      ({ response }) => response && !NOT_ASKED.has(response.abstained?.code ?? ""),
    );
    const answer = before?.response?.answer;
    const previous = before && {
      // In full, where it was itself a follow-up question.
      question: before.response?.read_as ?? before.question,
      answer: answer?.text.slice(0, MAX_ANSWER_LENGTH) ?? null,
      article_id: answer?.citation.article_id ?? null,
    };
    return { question: turn.question, filters: this.#filters(), previous };
  }

  #filters() {
    const some = (/** @type {string} */ name) => {
      const entries = list(this.getAttribute(name));
      return entries.length ? entries : undefined;
    };
    return {
      publishers: some("publishers"),
      article_ids: some("article-ids"),
      published_from: this.getAttribute("published-from") || undefined,
      published_to: this.getAttribute("published-to") || undefined,
    };
  }

  /** Take over the text and focus of the form that the page has for browsers without JavaScript. */
  #adoptFallbackForm() {
    const field = this.querySelector("input:focus, input[autofocus]");
    if (!(field instanceof HTMLInputElement) || !this.#frame) return;
    this.#frame.input.value ||= field.value;
    if (this.#isInline) this.#frame.input.focus({ preventScroll: true });
  }

  #restore() {
    if (this.#loadedFrom === this.endpoint) return;
    this.#cancel();
    this.#loadedFrom = this.endpoint;
    ({ turns: this.#turns, isOpen: this.#isOpen } = loadSession(this.endpoint));
  }

  #save() {
    saveSession(this.endpoint, { turns: this.#turns, isOpen: this.#isOpen });
  }

  /** Rebuild the element. The log is filled before it is attached, so that nothing is announced. */
  #render() {
    const draft = this.#frame?.input.value ?? "";
    this.#t = translator(this.#language);
    this.#frame = frame(this.#t, {
      isInline: this.#isInline,
      heading: this.getAttribute("heading") || this.#t("heading"),
      placeholder: this.getAttribute("placeholder") || this.#t("placeholder"),
      greeting: this.getAttribute("greeting") ?? this.#t("greeting"),
      suggestions: list(this.getAttribute("suggestions")),
      ask: (text) => this.ask(text),
      cancel: () => this.#stop(),
      clear: () => this.#restart(),
      open: () => this.open(),
      close: () => this.close(),
      recall: () => this.#turns.at(-1)?.question ?? "",
    });
    this.#frame.input.value = draft;
    this.#views.clear();
    this.#frame.welcome.hidden = this.#turns.length > 0;
    for (const turn of this.#turns) this.#append(turn);
    this.#root.replaceChildren(this.#frame.root);
    this.#setOpen(this.#isOpen);
    this.#frame.setPending(this.isPending);
    this.#scrollTo(this.#turns.at(-1));
  }

  get #language() {
    const near = this.closest("[lang]") ?? document.documentElement;
    return near.getAttribute("lang") || "en";
  }

  /** @param {boolean} isOpen */
  #setOpen(isOpen) {
    this.#isOpen = isOpen;
    this.#frame?.setOpen(this.isOpen);
    this.#save();
  }

  #stop() {
    this.#cancel();
    this.#frame?.input.focus();
  }

  #restart() {
    this.clear();
    this.#frame?.input.focus();
  }

  /** @param {Turn} turn */
  #append(turn) {
    const view = h("div", { class: "turn" }, questionView(turn.question, this.#t));
    this.#views.set(turn, view);
    this.#frame?.log.append(view);
    this.#show(turn);
  }

  /** Show a turn's outcome below its question. @param {Turn} turn */
  #show(turn) {
    const view = this.#views.get(turn);
    view?.querySelector(".reply")?.remove();
    const { response, failure } = turn;
    if (response) view?.append(answerView({ ...turn, response }, this.#context(turn)));
    else if (failure) view?.append(failureView({ ...turn, failure }, this.#context(turn)));
    this.#scrollTo(turn);
  }

  /**
   * @param {Turn} turn
   * @returns {Context}
   */
  #context(turn) {
    return {
      t: this.#t,
      endpoint: this.endpoint,
      announce: (text) => this.#announce(text),
      onOpen: (place, event) => this.#onOpen(place, event),
      sendFeedback: (feedback) => this.#sendFeedback(turn, feedback),
      retry: () => {
        // The focused button is about to be removed.
        this.#frame?.input.focus();
        this.#answer(turn);
      },
    };
  }

  /**
   * @param {Citation | Passage} citation
   * @param {Event} event
   */
  #onOpen(citation, event) {
    const href = sourceLink(this.endpoint, citation);
    if (!this.#emit("quoth-citation-open", { citation, href }, true)) event.preventDefault();
  }

  /**
   * @param {Turn} turn
   * @param {Feedback} feedback
   */
  async #sendFeedback(turn, feedback) {
    const { question, response } = turn;
    const answer = response?.answer && {
      article_id: response.answer.citation.article_id,
      start: response.answer.citation.start,
      end: response.answer.citation.end,
      text: response.answer.text,
    };
    const about = { request_id: response?.request_id, question, answer: answer ?? null };
    await postFeedback(this, { ...about, ...feedback });
    turn.feedbackSent = true;
    this.#save();
  }

  /** Scroll a turn's question to the top of the log. @param {Turn} [turn] */
  #scrollTo(turn) {
    const view = turn && this.#views.get(turn);
    if (!view?.isConnected || !this.isOpen || !this.#frame) return;
    const { scroller } = this.#frame;
    const question = /** @type {HTMLElement} */ (view.firstElementChild);
    // In a small window the panel or the page scrolls instead of the log.
    if (scroller.scrollHeight > scroller.clientHeight) scroller.scrollTop = question.offsetTop - GAP;
    else view.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} text */
  #announce(text) {
    if (this.#frame) this.#frame.status.textContent = text;
  }

  /**
   * @param {string} name
   * @param {object} detail
   * @param {boolean} [cancelable]
   * @returns {boolean} false if it was prevented
   */
  #emit(name, detail, cancelable = false) {
    return this.dispatchEvent(new CustomEvent(name, { detail, cancelable, bubbles: true, composed: true }));
  }
}

/**
 * @param {string | null} text a JSON array, or entries separated by |
 * @returns {string[]}
 */
function list(text) {
  if (!text) return [];
  try {
    const parsed = JSON.parse(text);
    if (Array.isArray(parsed)) return parsed.map(String);
  } catch {
    // Not JSON: entries separated by |.
  }
  return text.split("|").map((entry) => entry.trim()).filter(Boolean);
}

/**
 * Drop the passages beside an answer: they are not shown, and the conversation is stored.
 *
 * @param {AnswerResponse} response
 * @returns {AnswerResponse}
 */
function stored(response) {
  return response.answer ? { ...response, passages: [] } : response;
}

/**
 * @param {unknown} error
 * @param {AbortSignal} cancelled
 * @returns {Failure}
 */
function failureOf(error, cancelled) {
  if (cancelled.aborted) return { kind: "cancelled" };
  return error instanceof RequestError ? error.failure : { kind: "unexpected" };
}
