/** A citation as links, as the words that describe it, and as something to paste elsewhere. */

import { h } from "./quoth-chat-dom.js";

/** @import { Citation, Described, Passage } from "./quoth-chat-client.js" */
/** @import { Say } from "./quoth-chat-words.js" */

/** Characters beyond which a quotation is linked by its first and last words. */
const LONG = 200;

/**
 * Return a web address, or null for anything else: `javascript:` and `data:` never become links.
 *
 * @param {string | null} text
 * @param {string} [base] what a relative address is relative to
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
 * Return where the service shows the quoted place.
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
 * Return the original page with a text fragment that finds the quoted words, or null without a web address.
 *
 * @param {Citation} citation
 * @returns {string | null}
 */
export function originalLink(citation) {
  const url = webAddress(citation.url);
  if (!url) return null;
  // A fragment matches whole words within one paragraph, so what is cut or beyond a line goes.
  const prefix = /\s(\S[^\n]*)$/.exec(citation.prefix)?.[1].trim();
  const suffix = /^([^\n]*\S)\s/.exec(citation.suffix)?.[1].trim();
  const parts = [prefix && `${encoded(prefix)}-`, ...ends(citation.exact), suffix && `-${encoded(suffix)}`];
  const fragment = parts.filter(Boolean).join(",");
  return `${url.href.replace(/:~:.*$/, "")}${url.hash ? "" : "#"}:~:text=${fragment}`;
}

/**
 * @param {string} exact
 * @returns {string[]} the words, or their beginning and end where they are long or run over paragraphs
 */
function ends(exact) {
  const words = exact.trim();
  if (words.length <= LONG && !words.includes("\n")) return [encoded(words)];
  const all = words.split(/\s+/);
  if (all.length < 2) return [encoded(words)];
  const count = Math.min(4, Math.floor(all.length / 2));
  const first = /^[^\n]*/.exec(words)?.[0].split(/\s+/).slice(0, count) ?? [];
  const last = /[^\n]*$/.exec(words)?.[0].split(/\s+/).slice(-count) ?? [];
  return [encoded(first.join(" ")), encoded(last.join(" "))];
}

/** @param {string} text */
function encoded(text) {
  // The hyphen and the comma have a meaning of their own in a text fragment.
  return encodeURIComponent(text).replaceAll("-", "%2D");
}

/**
 * Cut the quoted sentence into what stands before the answer, the answer, and what stands after it.
 *
 * @param {Citation} citation
 * @returns {[string, string, string]}
 */
export function quoteParts(citation) {
  // The offsets count code points, as a string's iterator does and its indices do not.
  const points = [...citation.quote];
  const start = citation.start - citation.quote_start;
  const end = citation.end - citation.quote_start;
  /** @param {number} from @param {number} [to] */
  const part = (from, to) => points.slice(from, to).join("");
  return [part(0, start), part(start, end), part(end)];
}

/**
 * Say what the article states of its title, publisher and date, and what it does not.
 *
 * @param {Described} article
 * @param {Say} say
 * @returns {{title: string | null, stated: string[], unstated: string | null}}
 */
export function describe(article, say) {
  const { title, publisher } = article;
  const date = article.published ? say.date(article.published) : null;
  const missing = Object.entries({ title, publisher, date }).flatMap(([field, value]) =>
    value ? [] : [say(field)],
  );
  return {
    title,
    stated: [article.author, publisher, date].filter((part) => part !== null),
    unstated: missing.length ? say("unstated", { list: say.either(missing) }) : null,
  };
}

/**
 * Put a quotation with its citation on the clipboard, as text and as HTML.
 *
 * @param {Citation} citation
 * @param {string} href
 * @param {Say} say
 * @returns {Promise<void>}
 */
export async function copyQuotation(citation, href, say) {
  const { title, stated } = describe(citation, say);
  const source = [title ?? citation.article_id, ...stated].join(", ");
  const plain = `“${citation.quote}”\n\n${source}\n${href}`;
  const [before, exact, after] = quoteParts(citation);
  const rich = h(
    "div",
    {},
    h("blockquote", { cite: href }, h("p", {}, before, h("mark", {}, exact), after)),
    h("p", {}, "— ", h("a", { href }, source)),
  );
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
