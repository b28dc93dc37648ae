/** Stores the conversation for the browser tab, so that it survives a reload. */

/** @import { Turn } from "./quoth-chat-turn.js" */

/** The number is the format's version: a conversation stored in another format is not read. */
const KEY = "quoth-chat:1:";
const MAX_TURNS = 30;
const MAX_LENGTH = 1_000_000;

/** @typedef {{turns: Turn[], isOpen: boolean}} Session */

/**
 * @param {string} endpoint
 * @returns {Session}
 */
export function loadSession(endpoint) {
  try {
    const { turns, isOpen } = JSON.parse(sessionStorage.getItem(KEY + endpoint) ?? "");
    const valid = turns.filter((/** @type {Turn} */ turn) => typeof turn.question === "string");
    return { turns: valid.map(withOutcome), isOpen: isOpen === true };
  } catch {
    // Nothing is stored, it is damaged, or the browser allows no storage.
    return { turns: [], isOpen: false };
  }
}

/**
 * @param {string} endpoint
 * @param {Session} session
 */
export function saveSession(endpoint, { turns, isOpen }) {
  let kept = turns.slice(-MAX_TURNS);
  let text = JSON.stringify({ turns: kept, isOpen });
  while (text.length > MAX_LENGTH && kept.length) {
    kept = kept.slice(Math.ceil(kept.length / 2));
    text = JSON.stringify({ turns: kept, isOpen });
  }
  try {
    sessionStorage.setItem(KEY + endpoint, text);
  } catch {
    // No storage, or it is full: the conversation lasts as long as the page.
  }
}

/**
 * @param {Turn} turn
 * @returns {Turn} a pending turn was interrupted when the page was closed or reloaded
 */
function withOutcome(turn) {
  return turn.response || turn.failure ? turn : { ...turn, failure: { kind: "interrupted" } };
}
