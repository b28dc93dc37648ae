/** The words of the interface, by language. What an article says is never translated. */

/** @type {Record<string, string>} */
const ENGLISH = {
  dir: "ltr",
  heading: "Ask the articles",
  placeholder: "Ask a question",
  greeting: "Every answer is a quotation from the articles, word for word, with its source. Where they hold no answer, you are told so.",
  suggestions: "For example",
  log: "Conversation",
  send: "Send",
  hint: "Enter sends. Shift and Enter begin a new line.",
  close: "Close",
  clear: "New conversation",
  cleared: "A new conversation begins.",
  asked: "You asked:",
  pending: "Searching the articles",
  cancel: "Cancel",
  cancelled: "The question was cancelled.",
  readAs: "Read as: {text}",
  high: "High confidence",
  medium: "Medium confidence",
  low: "Low confidence, check the source",
  confidence: "{level} · {percent}",
  meaning: "How likely these words are to answer the question, as far as the system can estimate. That they stand in the article exactly as shown is certain.",
  source: "Source {n}",
  open: "Open at the quoted place",
  original: "Original page",
  newTab: "opens in a new tab",
  title: "title",
  publisher: "publisher",
  date: "date",
  unstated: "The article states no {list}.",
  others: "The same words elsewhere ({n})",
  alternatives: "Other possible answers ({n})",
  abstained: "The articles do not say.",
  "low-confidence": "No words in them are likely enough to answer this question.",
  "no-passages": "No article could be searched with the filters that are set.",
  nearest: "Nearest passages ({n})",
  copy: "Copy quotation",
  copied: "Copied",
  uncopied: "Copying is not allowed here. Select the words instead.",
  up: "This is right",
  down: "This is wrong",
  reason: "Why? (optional)",
  judge: "Send feedback",
  thanks: "Thank you for your feedback.",
  unjudged: "The feedback could not be sent. Please try again.",
  retry: "Try again",
  retryIn: "Try again in {n} s",
  network: "The service could not be reached. Check the connection.",
  timeout: "The service did not answer within ten seconds.",
  unexpected: "The service gave a reply that could not be understood.",
  refused: "The service did not say why.",
  interrupted: "The page was left before the answer came.",
  failed: "No answer came",
};

/** @type {Record<string, string>} */
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
  unstated: "لا تذكر المقالة: {list}.",
  others: "الكلمات نفسها في مواضع أخرى ({n})",
  alternatives: "إجابات أخرى ممكنة ({n})",
  abstained: "لا تذكر المقالات ذلك.",
  "low-confidence": "ليس فيها كلمات يُرجَّح أن تجيب عن هذا السؤال.",
  "no-passages": "لا توجد مقالة يمكن البحث فيها وفق المرشحات المحددة.",
  nearest: "أقرب المقاطع ({n})",
  copy: "نسخ الاقتباس",
  copied: "تم النسخ",
  uncopied: "النسخ غير مسموح به هنا. حدّد النص بدلاً من ذلك.",
  up: "هذا صحيح",
  down: "هذا غير صحيح",
  reason: "لماذا؟ (اختياري)",
  judge: "إرسال التقييم",
  thanks: "شكراً على تقييمك.",
  unjudged: "تعذّر إرسال التقييم. يُرجى المحاولة مرة أخرى.",
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
 * The tables by language tag. `words.set("fr", {…})` adds one; what it leaves out is said in English.
 *
 * @type {Map<string, Record<string, string>>}
 */
export const words = new Map([
  ["en", ENGLISH],
  ["ar", ARABIC],
]);

/**
 * @typedef {object} Sayings
 * @property {string} language the language that is spoken
 * @property {string} direction `ltr` or `rtl`
 * @property {(share: number) => string} percent
 * @property {(day: string) => string} date
 * @property {(list: string[]) => string} either
 */

/** @typedef {((key: string, values?: Record<string, string | number>) => string) & Sayings} Say */

/**
 * Return the function that says things in a language, or in English if there is no table for it.
 *
 * @param {string} wanted a language tag; `pt-BR` falls back to `pt`
 * @returns {Say}
 */
export function speak(wanted) {
  const language = [wanted, wanted.split("-")[0], "en"].find((tag) => words.has(tag)) ?? "en";
  const table = { ...ENGLISH, ...words.get(language) };
  const locale = regional(wanted, language);
  const percent = new Intl.NumberFormat(locale, { style: "percent" });
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" });
  const list = new Intl.ListFormat(locale, { type: "disjunction" });
  /** @param {string} key @param {Record<string, string | number>} [values] */
  const say = (key, values = {}) =>
    (table[key] ?? "").replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  return Object.assign(say, {
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
 * Return the tag by which dates and numbers are written: en-GB, if the page or else the reader has it, not en.
 *
 * @param {string} wanted
 * @param {string} language
 */
function regional(wanted, language) {
  const fits = (/** @type {string} */ tag) => tag.startsWith(`${language}-`) && isTag(tag);
  return [wanted, ...navigator.languages].find(fits) ?? language;
}

/** @param {string} tag */
function isTag(tag) {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}
