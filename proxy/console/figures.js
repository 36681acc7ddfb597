// Numbers, moments and spans as people read them: values in, text out; reads no page and no network.

const whole = new Intl.NumberFormat("en");
const fine = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
const coarse = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const moment = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dated = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const exact = new Intl.DateTimeFormat("en", {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});

export const figure = (value) => (value >= 100 ? whole : coarse).format(value);
export const count = (value) => whole.format(value);
/** Credits come as decimal text; only how they are shown is rounded. */
export const credits = (text) => (Math.abs(Number(text)) >= 100 ? coarse : fine).format(Number(text));
export const dayOf = (ms) => day.format(ms);
/** A moment of this year without it. */
export const momentOf = (ms) => (new Date(ms).getFullYear() === new Date().getFullYear() ? moment : dated).format(ms);
export const exactly = (ms) => exact.format(ms);

/** Nano-USD as dollars, as fine as the amount asks for; only administrators are given any. */
export function dollars(nano) {
  const value = nano / 1e9;
  const digits = value !== 0 && Math.abs(value) < 1 ? 6 : 2;
  return new Intl.NumberFormat("en", { style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: digits }).format(value);
}

export const share = (part, all) => (all > 0 ? `${coarse.format((100 * part) / all)} %` : "–");

/** A span in the largest unit that says enough. */
export function span(ms) {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${coarse.format(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} days`;
}
