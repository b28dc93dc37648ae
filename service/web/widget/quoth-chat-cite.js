/** A citation as links, as a description in words, and as a quotation to paste. */

import { h } from "./quoth-chat-dom.js";

/** @import { ArticleInfo, Citation, Passage } from "./quoth-chat-client.js" */
/** @import { Sentence } from "./quoth-chat-layout.js" */
/** @import { Translator } from "./quoth-chat-words.js" */

/** A longer quotation is linked by its first and last words. In UTF-16 units. */
const MAX_FRAGMENT_LENGTH = 200;

/**
 * Parse a web address, or return null: only http and https become links, never `javascript:` or `data:`.
 *
 * @param {string | null} text
 * @param {string} [base] resolves a relative address
 * @returns {URL | null}
 */
export function webAddress(text, base) {
  try {
    const url = new URL(text ?? "", base);
    return url.protocol === "https:" || url.protocol === "http:" ? url : null;
  } catch {
    return null;
  }
}

/**
 * Return the address of the service's page that shows the passage or quotation marked in its article.
 *
 * @param {string} endpoint
 * @param {Citation | Passage} place
 * @returns {string}
 */
export function sourceLink(endpoint, place) {
  if ("source" in place) return webAddress(endpoint + place.source)?.href ?? endpoint;
  const path = place.article_id.split("/").map(encodeURIComponent).join("/");
  return `${endpoint}/articles/${path}?start=${place.start}&end=${place.end}#quote`;
}

/**
 * Return the original page's address with a text fragment that finds the quoted words
 * (https://wicg.github.io/scroll-to-text-fragment/), or null if the article states no web address.
 *
 * @param {Citation} citation
 * @returns {string | null}
 */
export function originalLink(citation) {
  const url = webAddress(citation.url);
  if (!url) return null;
  // Context matches whole words within one paragraph: drop cut words and other lines.
  const prefix = /\s(\S[^\n]*)$/.exec(citation.prefix)?.[1].trim();
  const suffix = /^([^\n]*\S)\s/.exec(citation.suffix)?.[1].trim();
  const parts = [prefix && `${encoded(prefix)}-`, ...ends(citation.exact), suffix && `-${encoded(suffix)}`];
  const fragment = parts.filter(Boolean).join(",");
  return `${url.href.replace(/:~:.*$/, "")}${url.hash ? "" : "#"}:~:text=${fragment}`;
}

/**
 * @param {string} exact
 * @returns {string[]} the words; only the first and the last of them if they are long or span paragraphs
 */
function ends(exact) {
  const words = exact.trim();
  if (words.length <= MAX_FRAGMENT_LENGTH && !words.includes("\n")) return [encoded(words)];
  const all = words.split(/\s+/);
  if (all.length < 2) return [encoded(words)];
  const count = Math.min(4, Math.floor(all.length / 2));
  const first = /^[^\n]*/.exec(words)?.[0].split(/\s+/).slice(0, count) ?? [];
  const last = /[^\n]*$/.exec(words)?.[0].split(/\s+/).slice(-count) ?? [];
  return [encoded(first.join(" ")), encoded(last.join(" "))];
}

/** @param {string} text */
function encoded(text) {
  // Hyphens and commas are syntax in a text fragment.
  return encodeURIComponent(text).replaceAll("-", "%2D");
}

/**
 * Split the quoted sentence at the answers in it: every other part, from the second, is an answer.
 *
 * @param {Citation} citation
 * @param {Citation[]} [answers]
 * @returns {string[]} an odd number of parts
 */
export function quoteParts(citation, answers = [citation]) {
  /** @type {number[]} */
  const cuts = [0];
  for (const { start, end } of [...answers].sort((one, other) => one.start - other.start)) {
    const [from, to] = [start - citation.quote_start, end - citation.quote_start];
    // The same words may answer two parts of a question.
    if (from >= (cuts.at(-1) ?? 0)) cuts.push(from, to);
  }
  // Offsets count code points, as spreading a string does; string indices count UTF-16 units.
  const points = [...citation.quote];
  return cuts.map((from, index) => points.slice(from, cuts[index + 1]).join(""));
}

/**
 * The quoted sentence with the answers in it marked.
 *
 * @param {Citation} citation
 * @param {Citation[]} [answers]
 * @returns {(Node | string)[]}
 */
export function markedQuote(citation, answers) {
  return quoteParts(citation, answers).map((part, index) => (index % 2 ? h("mark", {}, part) : part));
}

/**
 * Describe an article by what it states of itself, and name what it does not state.
 *
 * @param {ArticleInfo} article
 * @param {Translator} t
 * @returns {{title: string | null, stated: string[], notStated: string | null}}
 */
export function describe(article, t) {
  const { title, publisher } = article;
  const date = article.published ? t.date(article.published) : null;
  const isChanged = article.modified && article.modified !== article.published;
  const updated = isChanged ? t("updated", { date: t.date(article.modified ?? "") }) : null;
  const missing = [title ? null : t("title"), publisher ? null : t("publisher"), date ? null : t("date")];
  const list = missing.filter((name) => name !== null);
  return {
    title,
    stated: [article.author, publisher, date, updated].filter((part) => part !== null),
    notStated: list.length ? t("notStated", { list: t.either(list) }) : null,
  };
}

/**
 * Copy sentences with their citations to the clipboard, as text and as HTML.
 *
 * @param {Sentence[]} sentences
 * @param {string} endpoint
 * @param {Translator} t
 * @returns {Promise<void>}
 */
export async function copyQuotations(sentences, endpoint, t) {
  const rich = h("div");
  const texts = sentences.map(({ citation, marked }) => {
    const { title, stated } = describe(citation, t);
    const source = [title ?? citation.article_id, ...stated].join(", ");
    const href = sourceLink(endpoint, citation);
    rich.append(
      h("blockquote", { cite: href }, h("p", {}, ...markedQuote(citation, marked))),
      h("p", {}, "— ", h("a", { href }, source)),
    );
    return `“${citation.quote}”\n\n${source}\n${href}`;
  });
  const plain = texts.join("\n\n");
  if (typeof ClipboardItem === "undefined" || !navigator.clipboard.write) {
    await navigator.clipboard.writeText(plain);
    return;
  }
  const item = new ClipboardItem({
    "text/plain": new Blob([plain], { type: "text/plain" }),
    "text/html": new Blob([rich.innerHTML], { type: "text/html" }),
  });
  await navigator.clipboard.write([item]).catch(() => navigator.clipboard.writeText(plain));
}
