/** `<quoth-chat>`: questions to a Quoth service, and its answers in the articles' own words. */

import { RequestError, postFeedback, postQuestion } from "./quoth-chat-client.js";
import { sourceLink, webAddress } from "./quoth-chat-cite.js";
import { frame } from "./quoth-chat-frame.js";
import { loadSession, saveSession } from "./quoth-chat-session.js";
import { sheet } from "./quoth-chat-style.js";
import { answerView, failureView, questionView } from "./quoth-chat-turn.js";
import { speak, words } from "./quoth-chat-words.js";
import { h } from "./quoth-chat-dom.js";

/** @import { AnswerResponse, Citation, Failure, Passage } from "./quoth-chat-client.js" */
/** @import { Judgement } from "./quoth-chat-feedback.js" */
/** @import { Frame } from "./quoth-chat-frame.js" */
/** @import { Surroundings, Turn } from "./quoth-chat-turn.js" */

const LONGEST_QUESTION = 1000;
/** Pixels that stay free above the turn that is scrolled to. */
const GAP = 16;
/** Letters of an answer that the next question is sent with, as far as the service takes them. */
const LONGEST_ANSWER = 1000;

/**
 * A conversation with the articles.
 *
 * @fires CustomEvent#quoth-answer `{question, response}`: an answer or an abstention has come
 * @fires CustomEvent#quoth-error `{question, failure}`: none has come
 * @fires CustomEvent#quoth-citation-open `{citation, href}`: a source is being opened; can be prevented
 */
export class QuothChat extends HTMLElement {
  /** The attributes on which the words and parts depend. */
  static observedAttributes = [
    "endpoint",
    "heading",
    "placeholder",
    "greeting",
    "suggestions",
    "position",
    "lang",
  ];

  /** All attributes: the style sheet sees to the theme, and a filter counts from the next question. */
  static attributes = [
    ...QuothChat.observedAttributes,
    "theme",
    "publishers",
    "published-from",
    "published-to",
    "article-ids",
    "key",
  ];

  /** The interface's words by language: `QuothChat.words.set("fr", {…})` before the element is made. */
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
  #say = speak("en");
  #stored = "";
  #stale = false;

  /** Address of the service, without a slash at its end. */
  get endpoint() {
    const given = this.getAttribute("endpoint");
    const url = (given && webAddress(given, document.baseURI)) || new URL(".", import.meta.url);
    return url.href.replace(/\/+$/, "");
  }

  set endpoint(address) {
    this.setAttribute("endpoint", address);
  }

  /** What opens the service, if it asks for a key; whoever sees the page can read it. */
  get key() {
    return this.getAttribute("key");
  }

  set key(key) {
    if (key === null) this.removeAttribute("key");
    else this.setAttribute("key", key);
  }

  /** Whether the panel can be seen; one in the page (`position="inline"`) always can. */
  get isOpen() {
    return this.#isOpen || this.#isInline;
  }

  /** Whether an answer is awaited. */
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
    this.#takeOver();
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
    if (!this.#frame || before === now || this.#stale) return;
    // Several attributes set together are one change.
    this.#stale = true;
    queueMicrotask(() => {
      this.#stale = false;
      if (!this.isConnected) return;
      this.#restore();
      this.#render();
    });
  }

  /** Open the panel and go to the box. */
  open() {
    this.#toggle(true);
    this.#frame?.box.focus();
  }

  /** Close the panel and go back to the button that opens it. */
  close() {
    if (this.#isInline) return;
    const hadFocus = this.#root.activeElement !== null;
    this.#toggle(false);
    if (hadFocus) this.#frame?.launcher?.focus();
  }

  /**
   * Ask a question; one that is awaited is cancelled.
   *
   * @param {string} text
   * @returns {Promise<AnswerResponse | null>} the answer or abstention, or null if none came
   */
  async ask(text) {
    const question = text.trim().slice(0, LONGEST_QUESTION);
    if (!question || !this.#frame) return null;
    if (!this.isOpen) this.#toggle(true);
    /** @type {Turn} */
    const turn = { question };
    this.#turns.push(turn);
    this.#frame.welcome.hidden = true;
    this.#append(turn);
    return this.#answer(turn);
  }

  /** Forget the conversation. */
  clear() {
    this.#cancel();
    this.#turns = [];
    this.#save();
    this.#render();
    this.#announce(this.#say("cleared"));
  }

  /** @param {Turn} turn */
  async #answer(turn) {
    this.#cancel();
    const pending = new AbortController();
    this.#pending = pending;
    delete turn.failure;
    this.#save();
    this.#show(turn);
    this.#frame?.wait(true);
    this.#announce(this.#say("pending"));
    try {
      const response = await postQuestion(this, this.#body(turn), pending.signal);
      turn.response = kept(response);
    } catch (error) {
      turn.failure = failureOf(error, pending.signal);
    }
    if (this.#pending === pending) {
      this.#pending = null;
      this.#frame?.wait(false);
    }
    this.#settle(turn);
    return turn.response ?? null;
  }

  /** @param {Turn} turn */
  #settle(turn) {
    // The conversation may have been cleared meanwhile.
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
    this.#frame?.wait(false);
  }

  /** @param {Turn} turn */
  #body(turn) {
    const before = this.#turns.slice(0, this.#turns.indexOf(turn)).findLast(({ response }) => response);
    const answer = before?.response?.answer;
    const previous = before && {
      question: before.question,
      answer: answer?.text.slice(0, LONGEST_ANSWER) ?? null,
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

  /** Go on where the form stands that the page has for browsers without scripts: its focus, its text. */
  #takeOver() {
    const field = this.querySelector("input:focus, input[autofocus]");
    if (!(field instanceof HTMLInputElement) || !this.#frame) return;
    this.#frame.box.value ||= field.value;
    if (this.#isInline) this.#frame.box.focus({ preventScroll: true });
  }

  #restore() {
    if (this.#stored === this.endpoint) return;
    this.#cancel();
    this.#stored = this.endpoint;
    ({ turns: this.#turns, isOpen: this.#isOpen } = loadSession(this.endpoint));
  }

  #save() {
    saveSession(this.endpoint, { turns: this.#turns, isOpen: this.#isOpen });
  }

  /** Build everything anew. The log is filled before it is in the page, so that nothing is announced. */
  #render() {
    const draft = this.#frame?.box.value ?? "";
    this.#say = speak(this.#language);
    this.#frame = frame(this.#say, {
      isInline: this.#isInline,
      heading: this.getAttribute("heading") || this.#say("heading"),
      placeholder: this.getAttribute("placeholder") || this.#say("placeholder"),
      greeting: this.getAttribute("greeting") ?? this.#say("greeting"),
      suggestions: list(this.getAttribute("suggestions")),
      ask: (text) => this.ask(text),
      cancel: () => this.#stop(),
      clear: () => this.#begin(),
      open: () => this.open(),
      close: () => this.close(),
      recall: () => this.#turns.at(-1)?.question ?? "",
    });
    this.#frame.box.value = draft;
    this.#views.clear();
    this.#frame.welcome.hidden = this.#turns.length > 0;
    for (const turn of this.#turns) this.#append(turn);
    this.#root.replaceChildren(this.#frame.whole);
    this.#toggle(this.#isOpen);
    this.#frame.wait(this.isPending);
    this.#scrollTo(this.#turns.at(-1));
  }

  get #language() {
    const near = this.closest("[lang]") ?? document.documentElement;
    return near.getAttribute("lang") || "en";
  }

  /** @param {boolean} isOpen */
  #toggle(isOpen) {
    this.#isOpen = isOpen;
    this.#frame?.toggle(this.isOpen);
    this.#save();
  }

  #stop() {
    this.#cancel();
    this.#frame?.box.focus();
  }

  #begin() {
    this.clear();
    this.#frame?.box.focus();
  }

  /** @param {Turn} turn */
  #append(turn) {
    const view = h("div", { class: "turn" }, questionView(turn.question, this.#say));
    this.#views.set(turn, view);
    this.#frame?.log.append(view);
    this.#show(turn);
  }

  /** Show a turn's outcome after its question. @param {Turn} turn */
  #show(turn) {
    const view = this.#views.get(turn);
    view?.querySelector(".reply")?.remove();
    const { response, failure } = turn;
    if (response) view?.append(answerView({ ...turn, response }, this.#surroundings(turn)));
    else if (failure) view?.append(failureView({ ...turn, failure }, this.#surroundings(turn)));
    this.#scrollTo(turn);
  }

  /**
   * @param {Turn} turn
   * @returns {Surroundings}
   */
  #surroundings(turn) {
    return {
      say: this.#say,
      endpoint: this.endpoint,
      announce: (text) => this.#announce(text),
      opened: (place, event) => this.#opened(place, event),
      judge: (judgement) => this.#judge(turn, judgement),
      retry: () => {
        // The button that had the focus goes.
        this.#frame?.box.focus();
        this.#answer(turn);
      },
    };
  }

  /**
   * @param {Citation | Passage} citation
   * @param {Event} event
   */
  #opened(citation, event) {
    const href = sourceLink(this.endpoint, citation);
    if (!this.#emit("quoth-citation-open", { citation, href }, true)) event.preventDefault();
  }

  /**
   * @param {Turn} turn
   * @param {Judgement} judgement
   */
  async #judge(turn, judgement) {
    const { question, response } = turn;
    const answer = response?.answer && {
      article_id: response.answer.citation.article_id,
      start: response.answer.citation.start,
      end: response.answer.citation.end,
      text: response.answer.text,
    };
    const about = { request_id: response?.request_id, question, answer: answer ?? null };
    await postFeedback(this, { ...about, ...judgement });
    turn.judged = true;
    this.#save();
  }

  /** Bring a turn's question to the top of the log. @param {Turn} [turn] */
  #scrollTo(turn) {
    const view = turn && this.#views.get(turn);
    if (!view?.isConnected || !this.isOpen || !this.#frame) return;
    const { scroller } = this.#frame;
    const question = /** @type {HTMLElement} */ (view.firstElementChild);
    // Where there is little room the panel or the page scrolls, not the log.
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
 * @param {string | null} text a JSON array, or entries with | between them
 * @returns {string[]}
 */
function list(text) {
  if (!text) return [];
  try {
    const parsed = JSON.parse(text);
    if (Array.isArray(parsed)) return parsed.map(String);
  } catch {
    // Not JSON: the other way of writing it.
  }
  return text.split("|").map((entry) => entry.trim()).filter(Boolean);
}

/**
 * Keep what is shown: beside an answer, the passages that were read are not.
 *
 * @param {AnswerResponse} response
 * @returns {AnswerResponse}
 */
function kept(response) {
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
