/** The service over HTTP: a question, a judgement of an answer, and every way in which they fail. */

/**
 * @typedef {object} Citation
 * @property {string} article_id
 * @property {string | null} title
 * @property {string | null} publisher
 * @property {string | null} author
 * @property {string | null} published a date as 2024-01-31
 * @property {string | null} url
 * @property {number} start first code point of the answer in the article
 * @property {number} end
 * @property {string} quote the sentence that holds the answer
 * @property {number} quote_start
 * @property {string} prefix
 * @property {string} exact
 * @property {string} suffix
 * @property {string} source path of the page that shows the place
 */

/**
 * @typedef {object} Quotation
 * @property {string} text
 * @property {number} confidence
 * @property {Citation} citation
 * @property {Citation[]} other_citations
 */

/** @typedef {Pick<Citation, "article_id" | "title" | "publisher" | "author" | "published" | "url">} Described */
/** @typedef {Described & {start: number, end: number, text: string}} Passage */

/**
 * @typedef {object} AnswerResponse
 * @property {string} question
 * @property {Quotation | null} answer
 * @property {{code: string, message: string} | null} abstained
 * @property {number} confidence
 * @property {Quotation[]} alternatives
 * @property {Passage[]} passages
 * @property {string} request_id
 * @property {string | null} [read_as] the question as it was understood after the one before it
 */

/**
 * @typedef {object} Failure
 * @property {"network" | "timeout" | "unexpected" | "refused" | "cancelled" | "interrupted"} kind
 * @property {number} [status]
 * @property {string} [title]
 * @property {string} [detail]
 * @property {string} [remedy]
 * @property {number} [retryAt] when it may be tried again, in milliseconds since 1970
 */

/** Milliseconds until a silent service counts as failed; the failure is shown within ten seconds. */
const PATIENCE = 9500;
const LONGEST_WAIT = 3_600_000;

/** A request that failed; `failure` says how. */
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
 * @property {string} endpoint its address, without a slash at its end
 * @property {string | null} key what opens it, if it asks for a key
 */

/**
 * Ask a question.
 *
 * @param {Service} service
 * @param {object} body
 * @param {AbortSignal} cancelled rejects with its reason, not with a RequestError
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
 * Send a judgement of an answer.
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
  const late = AbortSignal.timeout(PATIENCE);
  let response;
  try {
    response = await fetch(endpoint + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) },
      body: JSON.stringify(body),
      // On the service's own page the browser knows the key that it asked its user for.
      credentials: "same-origin",
      signal: AbortSignal.any([cancelled, late]),
    });
    if (response.ok) return await response.json();
  } catch (error) {
    cancelled.throwIfAborted();
    if (late.aborted) throw new RequestError({ kind: "timeout" });
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
    // A proxy may answer in HTML; the status is told all the same.
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
  return Math.min(time, Date.now() + LONGEST_WAIT) || undefined;
}
