/** The element's style sheet. Sites change it through the `--quoth-…` properties that README.md lists. */

const CSS = `
:host {
  all: initial;
  color-scheme: light dark;
  --_paper: var(--quoth-paper, light-dark(#fdfcf9, #191815));
  --_surface: var(--quoth-surface, light-dark(#f4f0e7, #24221e));
  --_ink: var(--quoth-ink, light-dark(#1d1b17, #ece7dd));
  --_quiet: var(--quoth-quiet, light-dark(#5f594e, #b0a899));
  --_line: var(--quoth-line, light-dark(#e0d9cb, #3b3830));
  --_edge: var(--quoth-edge, light-dark(#8d8574, #857d6f));
  --_accent: var(--quoth-accent, light-dark(#8a2b13, #f0a07f));
  --_on-accent: var(--quoth-on-accent, light-dark(#fff, #1d1b17));
  --_mark: var(--quoth-mark, light-dark(#ffe9a8, #65500f));
  --_mark-ink: var(--quoth-mark-ink, light-dark(#1d1b17, #fff7df));
  --_radius: var(--quoth-radius, 12px);
  --_serif: var(--quoth-quote-font, "Iowan Old Style", Charter, "Palatino Linotype", Palatino, Georgia,
    "Noto Serif", "Liberation Serif", "Times New Roman", serif);
  display: block;
  font: medium/1.5 var(--quoth-font, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans",
    Arial, sans-serif);
  color: var(--_ink);
}
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:host([hidden]), [hidden] { display: none !important; }

*, ::before, ::after { box-sizing: border-box; }
h2, h3, h4, p, ul, figure, blockquote { margin: 0; padding: 0; font: inherit; }
ul { list-style: none; }
button, input, textarea { font: inherit; color: inherit; letter-spacing: inherit; }
button { border: 0; background: none; padding: 0; cursor: pointer; }
button[aria-disabled="true"] { cursor: default; }
a { color: var(--_accent); text-underline-offset: .2em; text-decoration-thickness: .06em; }
a:hover { text-decoration-thickness: .12em; }
:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; border-radius: 4px; }
.icon { width: 1.25em; height: 1.25em; flex: none; fill: none; stroke: currentColor; stroke-width: 1.7;
  stroke-linecap: round; stroke-linejoin: round; }
.icon.solid { fill: currentColor; stroke: none; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.aside { color: var(--_quiet); font-size: .85em; }

/* The button that opens the panel, and the panel. */
.launcher, .panel { position: fixed; z-index: var(--quoth-z-index, 2147483000); bottom: var(--_gap); right: var(--_gap);
  --_gap: max(var(--quoth-offset, 20px), env(safe-area-inset-bottom)); }
:host([position="bottom-left"]) :is(.launcher, .panel) { right: auto; left: var(--_gap); }
.launcher { display: flex; align-items: center; gap: .5em; max-width: calc(100vw - 2 * var(--_gap)); min-height: 3.25em;
  padding: .5em 1.4em .5em 1.1em; border-radius: 2em; background: var(--_accent); color: var(--_on-accent); font-weight: 600;
  box-shadow: var(--quoth-shadow, 0 1px 2px #0003, 0 6px 20px #0003); }
.launcher .icon { width: 1.5em; height: 1.5em; }
.launcher:focus-visible { border-radius: 2em; outline-offset: 3px; }
.launcher:hover { filter: brightness(1.1); }
.panel { display: flex; flex-direction: column; width: var(--quoth-width, 26rem); max-width: calc(100vw - 2 * var(--_gap));
  height: var(--quoth-height, 42rem); max-height: calc(100dvh - 2 * var(--_gap)); overflow: hidden; background: var(--_paper);
  border: 1px solid var(--_line); border-radius: var(--_radius);
  box-shadow: var(--quoth-shadow, 0 2px 6px #0002, 0 16px 48px #0003); }
:host([position="inline"]) { height: var(--quoth-height, 40rem); }
:host([position="inline"]) .root { height: 100%; }
:host([position="inline"]) .panel { position: static; width: 100%; max-width: none; height: 100%; max-height: none;
  box-shadow: none; }

header { display: flex; align-items: center; gap: .25em; padding: .5em .6em .5em 1.1em; border-bottom: 1px solid var(--_line); }
h2 { flex: 1; display: flex; align-items: center; gap: .5em; min-width: 0; font-weight: 650; overflow-wrap: anywhere; }
h2 .icon { width: 1.6em; height: 1.6em; color: var(--_accent); }
.round { display: grid; place-items: center; width: 2.5em; height: 2.5em; flex: none; border-radius: 50%; color: var(--_quiet); }
/* No conversation to clear before the first question. */
.panel:has(.welcome:not([hidden])) h2 + .round { visibility: hidden; }
.round:focus-visible { border-radius: 50%; outline-offset: -2px; }
.round:hover { background: var(--_surface); color: var(--_ink); }

.scroller { flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain; position: relative;
  padding: 1.1em; scrollbar-width: thin; scrollbar-color: var(--_edge) transparent; }
.scroller:focus-visible { outline-offset: -3px; }
.scroller > * { max-width: 44rem; margin-inline: auto; }

.greeting { font-family: var(--_serif); font-size: 1.2em; line-height: 1.45; text-wrap: pretty; }
.welcome .aside { margin: 1.75em 0 .5em; }
.welcome ul { display: grid; gap: .5em; }
.choice { width: 100%; min-height: 2.75em; padding: .55em .9em; text-align: start; border: 1px solid var(--_line);
  border-radius: calc(.75 * var(--_radius)); overflow-wrap: anywhere; }
.choice:hover { border-color: var(--_accent); color: var(--_accent); }

/* A turn: the question in a bubble, the reply as plain text. */
.turn + .turn { padding-top: 1.1em; margin-top: 1.1em; }
.question { width: fit-content; max-width: 88%; margin-inline-start: auto; padding: .55em .95em; background: var(--_surface);
  border-radius: var(--_radius) var(--_radius) 4px var(--_radius); white-space: pre-wrap; overflow-wrap: anywhere; }
[dir="rtl"] .question { border-radius: var(--_radius) var(--_radius) var(--_radius) 4px; }
.reply { display: grid; gap: .75em; margin-top: 1.1em; overflow-wrap: anywhere; }
.reply > * { min-width: 0; }
q { quotes: none; unicode-bidi: isolate; }
.exact { font: 600 1.4em/1.35 var(--_serif); text-wrap: pretty; white-space: pre-line; }
.exact.long { font-size: 1.1em; font-weight: 400; line-height: 1.5; }
.said { font: 600 1.2em/1.35 var(--_serif); }
.unanswered { font-weight: 600; }
.part { margin-bottom: -.5em; color: var(--_quiet); font-size: .9em; font-weight: 600; }
.answers { display: grid; gap: .75em; }
.answers .confidence { margin-top: .1em; }
.number { display: inline-grid; place-items: center; min-width: 2em; height: 2em; padding-inline: .4em; font: 600 .75rem/1 var(--quoth-font, sans-serif);
  color: var(--_accent); border: 1px solid currentColor; border-radius: 1em; vertical-align: .2em; text-decoration: none; }
.polarity { display: inline-block; padding: .3em .7em; font: 600 .75rem/1 var(--quoth-font, sans-serif); color: var(--_quiet);
  background: var(--_surface); border-radius: 1em; vertical-align: .2em; white-space: nowrap; user-select: none; }
.number + .polarity { margin-inline-start: .5em; }
a.number:hover { background: var(--_accent); color: var(--_on-accent); }

details { font-size: .9em; }
summary { display: flex; align-items: center; gap: .55em; min-height: 2em; width: fit-content; cursor: pointer; color: var(--_quiet);
  list-style: none; }
summary::-webkit-details-marker { display: none; }
summary:hover { color: var(--_ink); }
summary::after { content: ""; width: .4em; height: .4em; margin: 0 .2em; border: solid; border-width: 0 1.5px 1.5px 0; rotate: 45deg;
  translate: 0 -.1em; }
details[open] > summary::after { rotate: 225deg; translate: 0 .1em; }
.gauge { width: 3.5em; height: .4em; border-radius: 1em; border: 1px solid var(--_edge); overflow: hidden; flex: none; }
.gauge::before { content: ""; display: block; height: 100%; width: calc(100% * var(--_share)); background: var(--_accent); }
.confidence { margin-top: -.4em; }
.confidence p { max-width: 34em; padding-block: .25em .5em; color: var(--_quiet); }

/* The citation: the quoted sentence, with its source below. */
figure { border: 1px solid var(--_line); border-radius: var(--_radius); overflow: hidden; font-size: 1rem; }
blockquote { padding: .9em 1.1em; font: 1.03em/1.6 var(--_serif); border-inline-start: 3px solid var(--_accent);
  white-space: pre-line; }
mark { background: var(--_mark); color: var(--_mark-ink); padding: .08em .12em; border-radius: .15em;
  -webkit-box-decoration-break: clone; box-decoration-break: clone; }
figcaption { display: flex; gap: .75em; padding: .8em 1.1em .6em; background: var(--_surface); font-size: .875em; color: var(--_quiet); }
figcaption > div { flex: 1; min-width: 0; }
figcaption > .number { flex: none; margin-top: .05em; }
code { font: .95em ui-monospace, Menlo, Consolas, "Liberation Mono", monospace; color: var(--_ink); }
cite { font-style: normal; font-weight: 600; color: var(--_ink); text-wrap: pretty; }
.links { display: flex; flex-wrap: wrap; column-gap: 1.25em; }
.links a { display: inline-flex; align-items: center; min-height: 2.2em; font-weight: 600; }
.more[open] > summary { margin-bottom: .6em; }
.more > * + * { margin-top: .75em; }
.other { display: grid; gap: .6em; padding-top: .75em; border-top: 1px solid var(--_line); }
.other .confidence { font-size: 1em; }
.other figure, .more figure { font-size: 1em; }

.tools, .reason { display: flex; flex-wrap: wrap; align-items: center; gap: .5em; }
.tools { margin-inline: -.4em; min-height: 40px; }
/* The thumbs share the row of tools; the reason opens below the row. */
.feedback { display: contents; }
.quiet { display: inline-flex; align-items: center; gap: .45em; min-height: 2.5em; padding: 0 .6em; border-radius: 2em;
  color: var(--_quiet); font-size: .9em; font-weight: 550; }
.quiet:hover { background: var(--_surface); color: var(--_ink); }
.tools .quiet, .feedback .round { min-height: 40px; }
.tools .aside { padding-inline: .4em; }
.tools .aside:empty { display: none; }
.round[aria-pressed="true"] { background: var(--_accent); color: var(--_on-accent); }
.reason { flex: 1 0 100%; align-items: flex-end; padding-inline: .4em; }
.reason label { flex: 1 1 12em; display: grid; gap: .25em; font-size: .85em; color: var(--_quiet); }
.reason input { width: 100%; min-height: 40px; padding: 0 .75em; font-size: 1rem; color: var(--_ink); }
input, .field { background: var(--_paper); border: 1px solid var(--_edge); border-radius: calc(.75 * var(--_radius)); }
.strong { min-height: 40px; padding: .4em 1.1em; font-size: .9em; font-weight: 600; width: fit-content;
  background: var(--_accent); color: var(--_on-accent); border-radius: 2em; }
.strong[aria-disabled="true"], .strong:disabled { background: none; color: var(--_quiet); box-shadow: inset 0 0 0 1px var(--_edge);
  font-variant-numeric: tabular-nums; cursor: default; }
.strong:hover:not([aria-disabled="true"], :disabled), .send:hover { filter: brightness(1.1); }
.failure { padding-inline-start: 1em; border-inline-start: 3px solid var(--_edge); }

.pending { display: flex; align-items: center; gap: .6em; margin-top: 1.1em; color: var(--_quiet); }
.dots { display: flex; gap: .25em; }
.dots i { width: .4em; height: .4em; border-radius: 50%; background: var(--_accent); }

.composer { padding: .75em; border-top: 1px solid var(--_line); }
.composer > * { max-width: 44rem; margin-inline: auto; }
.field { display: flex; align-items: flex-end; gap: .25em; padding: .25em; }
.field:focus-within { outline: 2px solid var(--_accent); outline-offset: -1px; }
textarea { flex: 1; min-width: 0; min-height: 2.5em; max-height: 9em; padding: .5em .7em; border: 0; background: none; resize: none;
  field-sizing: content; overflow-wrap: anywhere; }
textarea:focus-visible { outline: 0; }
textarea::placeholder { color: var(--_quiet); opacity: 1; }
.send { display: grid; place-items: center; width: 2.5em; height: 2.5em; flex: none; border-radius: calc(.5 * var(--_radius));
  background: var(--_accent); color: var(--_on-accent); }
.send[aria-disabled="true"] { background: var(--_surface); color: var(--_quiet); filter: none; }
[dir="rtl"] .send .icon { scale: -1 1; }
#hint { padding: .5em .25em 0; font-size: .75em; text-align: center; }

/* In a narrow window the panel fills it; in a low one, as at 400% zoom, the whole panel scrolls. */
@media (max-width: 30rem) {
  :host(:not([position="inline"])) .panel { inset: 0; width: 100%; max-width: none; height: 100%; max-height: none;
    border: 0; border-radius: 0; }
}
@media (max-height: 26rem) {
  .panel { overflow-y: auto; }
  .scroller { flex: none; overflow: visible; }
  :host([position="inline"]), :host([position="inline"]) .panel { height: auto; }
}
@media (prefers-reduced-motion: no-preference) {
  .panel { animation: rise .18s ease-out; }
  :host([position="inline"]) .panel { animation: none; }
  .reply { animation: appear .25s ease-out; }
  .dots i { animation: wait 1.2s infinite ease-in-out; }
  .dots i:nth-child(2) { animation-delay: .15s; }
  .dots i:nth-child(3) { animation-delay: .3s; }
}
@keyframes rise { from { opacity: 0; translate: 0 12px; } }
@keyframes appear { from { opacity: 0; } }
@keyframes wait { 0%, 60%, 100% { opacity: .25; } 30% { opacity: 1; } }
@media (forced-colors: active) {
  .launcher, .strong, .send, .question, .round[aria-pressed="true"] { border: 1px solid ButtonBorder; }
  mark { background: Mark; color: MarkText; text-decoration: underline; }
  .gauge::before, .dots i { background: CanvasText; forced-color-adjust: none; }
  .round[aria-pressed="true"] { border: 3px solid Highlight; }
}
@media print {
  .launcher, .composer, .tools, .pending, :host(:not([position="inline"])) .panel { display: none; }
  :host([position="inline"]), .panel, .scroller { height: auto !important; overflow: visible; }
}
`;

/** @type {CSSStyleSheet | undefined} */
let shared;

/**
 * Return the style sheet that all elements share. It is created by the first call, not by the import.
 *
 * @returns {CSSStyleSheet}
 */
export function sheet() {
  if (!shared) {
    shared = new CSSStyleSheet();
    shared.replaceSync(CSS);
  }
  return shared;
}
