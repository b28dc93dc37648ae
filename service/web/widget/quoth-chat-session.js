/** A conversation kept for the browser tab, so that it survives a reload. */

/** @import { Turn } from "./quoth-chat-turn.js" */

/** A stored conversation of another version is left alone, not misread. */
const KEY = "quoth-chat:1:";
const MOST_TURNS = 30;
const MOST_LETTERS = 1_000_000;

/** @typedef {{turns: Turn[], isOpen: boolean}} Session */

/**
 * @param {string} endpoint
 * @returns {Session}
 */
export function loadSession(endpoint) {
  try {
    const { turns, isOpen } = JSON.parse(sessionStorage.getItem(KEY + endpoint) ?? "");
    const whole = turns.filter((/** @type {Turn} */ turn) => typeof turn.question === "string");
    return { turns: whole.map(settled), isOpen: isOpen === true };
  } catch {
    // Nothing is stored, it is damaged, or the browser keeps nothing for this page.
    return { turns: [], isOpen: false };
  }
}

/**
 * @param {string} endpoint
 * @param {Session} session
 */
export function saveSession(endpoint, { turns, isOpen }) {
  let kept = turns.slice(-MOST_TURNS);
  let text = JSON.stringify({ turns: kept, isOpen });
  while (text.length > MOST_LETTERS && kept.length) {
    kept = kept.slice(Math.ceil(kept.length / 2));
    text = JSON.stringify({ turns: kept, isOpen });
  }
  try {
    sessionStorage.setItem(KEY + endpoint, text);
  } catch {
    // In private windows and full stores the conversation lasts as long as the page.
  }
}

/**
 * @param {Turn} turn
 * @returns {Turn} the turn; one without an outcome was under way when the page was left
 */
function settled(turn) {
  return turn.response || turn.failure ? turn : { ...turn, failure: { kind: "interrupted" } };
}
