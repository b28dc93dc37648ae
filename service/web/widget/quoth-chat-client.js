/** Requests to the service, answers and feedback, and the ways in which they fail. */

/**
 * @typedef {object} Citation
 * @property {string} article_id
 * @property {string | null} title
 * @property {string | null} publisher
 * @property {string | null} author
 * @property {string | null} published a date as 2024-01-31
 * @property {string | null} [modified] the day of the last change
 * @property {string | null} url
 * @property {number} start of the answer in the article, in code points
 * @property {number} end
 * @property {string} quote the sentence or sentences that hold the answer
 * @property {number} quote_start
 * @property {number} quote_end
 * @property {string} prefix
 * @property {string} exact
 * @property {string} suffix
 * @property {string} source path of the service's page that shows the quotation in its article
 */

/**
 * @typedef {object} Quotation
 * @property {string} text
 * @property {number} confidence
 * @property {Citation} citation
 * @property {Citation[]} other_citations
 * @property {string | null} [part] the part of the question that it answers; null for all of it
 * @property {"says_yes" | "says_no" | null} [polarity] what it says to a yes/no question; null if that is unsure
 */

/** @typedef {Pick<Citation, "article_id" | "title" | "publisher" | "author" | "published" | "modified" | "url">} ArticleInfo */
/** @typedef {ArticleInfo & {start: number, end: number, text: string}} Passage */

/**
 * @typedef {object} AnswerResponse
 * @property {string} question
 * @property {Quotation | null} answer
 * @property {Quotation[]} [answers] everything that the question asks for; the items, if `answer` is an enumeration
 * @property {string[]} [unanswered] parts of the question without an answer
 * @property {{code: string, message: string} | null} abstained the reason, if there is no answer
 * @property {number} confidence
 * @property {Quotation[]} alternatives other candidates; with an abstention, those that were rejected
 * @property {Passage[]} passages
 * @property {string} request_id
 * @property {string | null} [read_as] a follow-up question, completed from the turn before it
 */

/**
 * @typedef {object} Failure
 * @property {"network" | "timeout" | "unexpected" | "refused" | "cancelled" | "interrupted"} kind
 * @property {number} [status]
 * @property {string} [title]
 * @property {string} [detail]
 * @property {string} [remedy]
 * @property {number} [retryAt] earliest time to retry, in milliseconds since 1970
 */

/** The failure is shown within the ten seconds that its message names. */
const TIMEOUT_MS = 9500;
const MAX_RETRY_MS = 3_600_000;

/** A failed request; `failure` says why. */
export class RequestError extends Error {
  /** @param {Failure} failure */
  constructor(failure) {
    super(failure.detail ?? failure.kind);
    this.name = "RequestError";
    this.failure = failure;
  }
}

/**
 * @typedef {object} Service
 * @property {string} endpoint base address, without a trailing slash
 * @property {string | null} key API key, if the service requires one
 */

/**
 * Ask a question. Rejects with the signal's reason if it is aborted, and with a RequestError otherwise.
 *
 * @param {Service} service
 * @param {object} body
 * @param {AbortSignal} cancelled
 * @returns {Promise<AnswerResponse>}
 */
export async function postQuestion(service, body, cancelled) {
  const response = await post(service, "/v1/answer", body, cancelled);
  if (!response || !("answer" in response) || !(response.answer || response.abstained)) {
    throw new RequestError({ kind: "unexpected" });
  }
  return response;
}

/**
 * Send feedback on an answer.
 *
 * @param {Service} service
 * @param {object} body
 * @returns {Promise<void>}
 */
export async function postFeedback(service, body) {
  await post(service, "/v1/feedback", body, new AbortController().signal);
}

/**
 * @param {Service} service
 * @param {string} path
 * @param {object} body
 * @param {AbortSignal} cancelled
 * @returns {Promise<any>}
 */
async function post({ endpoint, key }, path, body, cancelled) {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response;
  try {
    response = await fetch(endpoint + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) },
      body: JSON.stringify(body),
      // On the service's own page the browser sends the key that the user entered (HTTP Basic).
      credentials: "same-origin",
      signal: AbortSignal.any([cancelled, timeout]),
    });
    if (response.ok) return await response.json();
  } catch (error) {
    cancelled.throwIfAborted();
    if (timeout.aborted) throw new RequestError({ kind: "timeout" });
    throw new RequestError({ kind: response ? "unexpected" : "network" });
  }
  throw new RequestError(await readProblem(response));
}

/**
 * @param {Response} response
 * @returns {Promise<Failure>}
 */
async function readProblem(response) {
  /** @type {Record<string, unknown>} */
  let problem = {};
  try {
    problem = Object(await response.json());
  } catch {
    // Not JSON: a proxy may send HTML. The status is shown anyway.
  }
  /** @param {string} field */
  const text = (field) => (typeof problem[field] === "string" ? String(problem[field]) : undefined);
  return {
    kind: "refused",
    status: response.status,
    title: text("title"),
    detail: text("detail"),
    remedy: text("remedy"),
    retryAt: retryTime(response.headers.get("retry-after")),
  };
}

/**
 * @param {string | null} header seconds, or a date
 * @returns {number | undefined}
 */
function retryTime(header) {
  if (!header) return undefined;
  const time = /^\d+$/.test(header) ? Date.now() + 1000 * Number(header) : Date.parse(header);
  return Math.min(time, Date.now() + MAX_RETRY_MS) || undefined;
}
