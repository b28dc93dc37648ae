/** What is shown of an answer: its quotations by part, and their sentences with the answers to mark. */

/** @import { Citation, Quotation } from "./quoth-chat-client.js" */

/**
 * @typedef {object} Sentence the sentence or sentences around one or more quotations
 * @property {Citation} citation of the first quotation in it
 * @property {Citation[]} marked the answers in it, in the order of the response
 */

/** @typedef {{quotation: Quotation, number: number}} Entry a quotation and the 1-based number of its sentence */
/** @typedef {{part: string | null, entries: Entry[]}} Section consecutive quotations for one part of the question */

/**
 * Lay out an answer. Answers within the first one's own words are not repeated: they are the items of an
 * enumeration, and marked in its sentence one by one. Quotations from one sentence share it.
 *
 * @param {Quotation} first
 * @param {Quotation[]} [answers] a service of an earlier release sends none
 * @returns {{sections: Section[], sentences: Sentence[]}}
 */
export function layout(first, answers) {
  const all = answers?.length ? answers : [first];
  const items = all.filter((one) => isItem(one, first));
  /** @type {Section[]} */
  const sections = [];
  /** @type {Sentence[]} */
  const sentences = [];
  for (const quotation of [first, ...all.filter((one) => !items.includes(one))]) {
    const { citation, part = null } = quotation;
    const held = sentences.findIndex((one) => holds(one.citation, citation));
    const number = held < 0 ? sentences.push({ citation, marked: [] }) : held + 1;
    const marked = quotation === first && items.length > 1 ? items : [quotation];
    sentences[number - 1].marked.push(...marked.map((one) => one.citation));
    if (sections.at(-1)?.part !== part) sections.push({ part, entries: [] });
    sections.at(-1)?.entries.push({ quotation, number });
  }
  return { sections, sentences };
}

/**
 * @param {Quotation} one
 * @param {Quotation} answer
 * @returns {boolean} whether it is the answer, or lies within it and answers the same part
 */
function isItem(one, answer) {
  return (one.part ?? answer.part) === answer.part && covers(answer.citation, one.citation);
}

/**
 * @param {Citation} sentence
 * @param {Citation} words
 */
function holds({ article_id, quote_start: start, quote_end: end }, words) {
  return covers({ article_id, start, end }, words);
}

/**
 * @param {Pick<Citation, "article_id" | "start" | "end">} whole
 * @param {Citation} words
 */
function covers(whole, words) {
  return whole.article_id === words.article_id && whole.start <= words.start && words.end <= whole.end;
}
