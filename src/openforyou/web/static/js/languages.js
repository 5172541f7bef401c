// Languages by name: the pages hold their tags, the browser knows what they are called.

const NAMES = new Intl.DisplayNames("en", { type: "language" });
const ORDER = new Intl.Collator("en");

/** nl → Dutch; the tag itself where nobody knows it. */
export function languageName(tag) {
  return NAMES.of(tag);
}

/** Name the options of `select`, whose values are tags, in order of the alphabet; the device's own languages first. */
export function nameLanguages(select) {
  const own = navigator.languages.map((tag) => tag.split("-")[0]);
  const rank = ({ value }) => (value === "" ? -1 : own.includes(value) ? own.indexOf(value) : own.length);
  const options = [...select.options];
  for (const option of options) if (option.value) option.textContent = languageName(option.value);
  options.sort((a, b) => rank(a) - rank(b) || ORDER.compare(a.textContent, b.textContent));
  select.replaceChildren(...options);
  select.selectedIndex = 0;
}
