/** The words of the interface, by language. Articles are never translated. */

const ENGLISH = {
  dir: "ltr",
  heading: "Ask the articles",
  placeholder: "Ask a question",
  greeting: "Every answer is a word-for-word quotation from the articles, with its source. If they hold no answer, Quoth says so.",
  suggestions: "For example",
  log: "Conversation",
  send: "Send",
  hint: "Press Enter to send, Shift+Enter for a new line.",
  close: "Close",
  clear: "New conversation",
  cleared: "New conversation started.",
  asked: "You asked:",
  pending: "Searching the articles",
  cancel: "Cancel",
  cancelled: "The question was cancelled.",
  readAs: "Interpreted as: {text}",
  says_yes: "says yes",
  says_no: "says no",
  sentence: "This sentence {says}",
  unanswered: "The articles do not say: {list}",
  high: "High confidence",
  medium: "Medium confidence",
  low: "Low confidence, check the source",
  confidence: "{level} · {percent}",
  meaning: "The estimated probability that these words answer the question. The quotation itself is always exact.",
  source: "Source {n}",
  open: "Show in the article",
  original: "Original page",
  newTab: "opens in a new tab",
  title: "title",
  publisher: "publisher",
  date: "date",
  updated: "updated {date}",
  notStated: "The article states no {list}.",
  others: "The same words elsewhere ({n})",
  alternatives: "Other possible answers ({n})",
  abstained: "The articles do not say.",
  "low-confidence": "No words in them answer this question with enough confidence.",
  "no-passages": "No article could be searched with these filters.",
  "small-talk": "This is not a question about the articles. Ask for a fact, such as who, when, where or how many.",
  "about-the-service": "Quoth answers questions about the articles, word for word and with the source. Ask for a fact, such as who, when, where, why or how many.",
  "summary-request": "Quoth writes nothing of its own, so it does not summarise, explain or translate. Ask for a fact that an article states.",
  incomplete: "The question cannot be understood without more. Ask it in full, with the name of what it is about.",
  negated: "The question asks for what is not so, and no article states that.",
  "other-language": "The question does not seem to be in English. Ask in the language of the articles.",
  rejected: "Not confident enough ({n})",
  nearest: "Nearest passages ({n})",
  copy: "Copy quotation",
  copyAll: "Copy quotations",
  copied: "Copied",
  copyFailed: "Copying is not allowed here. Select the text instead.",
  up: "This is right",
  down: "This is wrong",
  reason: "Why? (optional)",
  sendFeedback: "Send feedback",
  thanks: "Thank you for your feedback.",
  feedbackFailed: "The feedback could not be sent. Please try again.",
  retry: "Try again",
  retryIn: "Try again in {n} s",
  network: "The service could not be reached. Check the connection.",
  timeout: "The service did not answer within ten seconds.",
  unexpected: "The service sent a response that could not be read.",
  refused: "The service gave no reason.",
  interrupted: "The page was closed or reloaded before the answer arrived.",
  failed: "The request failed",
};

/** @typedef {keyof typeof ENGLISH} Key */

/** @type {Record<Key, string>} */
const ARABIC = {
  dir: "rtl",
  heading: "اسأل المقالات",
  placeholder: "اطرح سؤالاً",
  greeting: "كل إجابة اقتباس حرفي من المقالات مع ذكر مصدره. وإذا لم تتضمن المقالات إجابة فسنخبرك بذلك.",
  suggestions: "على سبيل المثال",
  log: "المحادثة",
  send: "إرسال",
  hint: "مفتاح الإدخال يرسل السؤال، ومع Shift يبدأ سطراً جديداً.",
  close: "إغلاق",
  clear: "محادثة جديدة",
  cleared: "بدأت محادثة جديدة.",
  asked: "سؤالك:",
  pending: "جارٍ البحث في المقالات",
  cancel: "إلغاء",
  cancelled: "أُلغي السؤال.",
  readAs: "فُهم السؤال هكذا: {text}",
  says_yes: "تقول نعم",
  says_no: "تقول لا",
  sentence: "هذه الجملة {says}",
  unanswered: "لا تذكر المقالات: {list}",
  high: "ثقة عالية",
  medium: "ثقة متوسطة",
  low: "ثقة منخفضة، راجع المصدر",
  confidence: "{level} · {percent}",
  meaning: "احتمال أن تجيب هذه الكلمات عن السؤال بحسب تقدير النظام. أما ورودها في المقالة كما تظهر هنا فمؤكد.",
  source: "المصدر {n}",
  open: "فتح موضع الاقتباس",
  original: "الصفحة الأصلية",
  newTab: "تُفتح في علامة تبويب جديدة",
  title: "العنوان",
  publisher: "الناشر",
  date: "التاريخ",
  updated: "حُدّثت في {date}",
  notStated: "لا تذكر المقالة: {list}.",
  others: "الكلمات نفسها في مواضع أخرى ({n})",
  alternatives: "إجابات أخرى ممكنة ({n})",
  abstained: "لا تذكر المقالات ذلك.",
  "low-confidence": "ليس فيها كلمات يُرجَّح أن تجيب عن هذا السؤال.",
  "no-passages": "لا توجد مقالة يمكن البحث فيها وفق المرشحات المحددة.",
  "small-talk": "هذا ليس سؤالاً عن المقالات. اسأل عن معلومة محددة: من أو متى أو أين أو كم.",
  "about-the-service": "تُجاب الأسئلة عن المقالات باقتباسات حرفية مع ذكر المصدر. اسأل عن معلومة محددة: من أو متى أو أين أو لماذا أو كم.",
  "summary-request": "لا يُكتب هنا أي نص جديد، فلا تلخيص ولا شرح ولا ترجمة. اسأل عن معلومة تذكرها مقالة.",
  incomplete: "لا يُفهم السؤال وحده. اطرحه كاملاً مع ذكر اسم ما تسأل عنه.",
  negated: "يسأل السؤال عما ليس كذلك، ولا تذكر أي مقالة هذا.",
  "other-language": "يبدو أن السؤال ليس بالإنجليزية. اسأل بلغة المقالات.",
  rejected: "إجابات لم تبلغ الثقة الكافية ({n})",
  nearest: "أقرب المقاطع ({n})",
  copy: "نسخ الاقتباس",
  copyAll: "نسخ الاقتباسات",
  copied: "تم النسخ",
  copyFailed: "النسخ غير مسموح به هنا. حدّد النص بدلاً من ذلك.",
  up: "هذا صحيح",
  down: "هذا غير صحيح",
  reason: "لماذا؟ (اختياري)",
  sendFeedback: "إرسال التقييم",
  thanks: "شكراً على تقييمك.",
  feedbackFailed: "تعذّر إرسال التقييم. يُرجى المحاولة مرة أخرى.",
  retry: "إعادة المحاولة",
  retryIn: "إعادة المحاولة بعد {n} ث",
  network: "تعذّر الوصول إلى الخدمة. تحقق من الاتصال.",
  timeout: "لم تُجب الخدمة خلال عشر ثوانٍ.",
  unexpected: "وصل من الخدمة رد غير مفهوم.",
  refused: "لم تذكر الخدمة السبب.",
  interrupted: "غادرت الصفحة قبل وصول الإجابة.",
  failed: "لم تصل إجابة",
};

/**
 * The tables by language tag. `words.set("fr", {…})` adds one; missing keys fall back to English.
 *
 * @type {Map<string, Partial<Record<Key, string>>>}
 */
export const words = new Map([
  ["en", ENGLISH],
  ["ar", ARABIC],
]);

/**
 * @typedef {object} Locale
 * @property {string} language tag of the table in use
 * @property {string} direction `ltr` or `rtl`
 * @property {(share: number) => string} percent formats 0.5 as 50%
 * @property {(day: string) => string} date formats 2024-01-31; returns any other text unchanged
 * @property {(list: string[]) => string} either joins with “or”
 */

/** @typedef {(key: Key, values?: Record<string, string | number>) => string} Translate */
/** @typedef {Translate & Locale} Translator */

/**
 * Return the function that gives the words of a language, or of English if there is no table for it.
 *
 * @param {string} wanted a language tag; `pt-BR` falls back to `pt`
 * @returns {Translator}
 */
export function translator(wanted) {
  const language = [wanted, wanted.split("-")[0], "en"].find((tag) => words.has(tag)) ?? "en";
  /** @type {Record<string, string>} */
  const table = { ...ENGLISH, ...words.get(language) };
  const locale = regional(wanted, language);
  const percent = new Intl.NumberFormat(locale, { style: "percent" });
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" });
  const list = new Intl.ListFormat(locale, { type: "disjunction" });
  /** @type {Translate} */
  const translate = (key, values = {}) =>
    (table[key] ?? "").replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  return Object.assign(translate, {
    language,
    direction: table.dir,
    /** @param {number} share */
    percent: (share) => percent.format(share),
    /** @param {string} day */
    date: (day) => {
      const time = Date.parse(`${day}T00:00:00Z`);
      return Number.isNaN(time) ? day : date.format(time);
    },
    /** @param {string[]} parts */
    either: (parts) => list.format(parts),
  });
}

/**
 * Return the regional tag for dates and numbers, from the page or else the browser: en-GB rather than en.
 *
 * @param {string} wanted
 * @param {string} language
 */
function regional(wanted, language) {
  const matches = (/** @type {string} */ tag) => tag.startsWith(`${language}-`) && isTag(tag);
  return [wanted, ...navigator.languages].find(matches) ?? language;
}

/** @param {string} tag */
function isTag(tag) {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}
