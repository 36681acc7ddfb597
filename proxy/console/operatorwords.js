// What the operator's pages say of budgets, breakers and long lists, beside words.js: codes in, plain words out.
import { count } from "./figures.js";

export const lists = {
  stopped: (rows) => `Looked at ${count(rows)} rows without filling the page.`,
  goOn: "Go on looking", nothing: "No call fits", from: "Since", until: "Until",
};

export const budget = {
  title: "Budget", lead: "How the books stand: that every balance is the sum of its entries, and what may still be spent.",
  check: "Check of the ledger", again: "Check the whole ledger now", reason: "Reason, for the audit log",
  never: "Nobody has asked for a check yet",
  neverThen: "It recomputes every balance from its entries, in a process of its own beside the gateway, and changes nothing.",
  state: { asked: "Asked for.", running: "Running.", right: "Right.", wrong: "Wrong.", failed: "Not finished." },
  tones: { asked: "", running: "", right: "go", wrong: "stop", failed: "caution" },
  says: {
    asked: "It begins within seconds.",
    running: "It reads all entries; this takes about a minute for each million calls.",
    right: "Every balance is the sum of its entries.",
    wrong: "Balances and entries disagree. Take no further calls before somebody has looked.",
    failed: "It could not be finished.",
  },
  differences: (shown, all) => (shown < all ? `The first ${count(shown)} of ${count(all)} differences` : `${count(all)} differences`),
  asked: (who) => `asked for by ${who}`, took: (span) => `took ${span}`,
  ceilings: "Ceilings on raw cost", whence: "Which file sets them", noCeilings: "No ceiling is set",
  noCeilingsThen: "Rows [[ceiling]] in the catalog's files bound what all calls, or those at one provider, may cost.",
  all: "all calls", ofScope: (kind, id) => `${kind} ${id}`,
  ceiling: { scope: "Of", window: "In each", spent: "Spent", held: "Held", limit: "Limit", resets: "Begins anew" },
  window: { day: "day", week: "week", month: "month", total: "all time" },
  used: (scope, window) => `${scope}, each ${window}`,
  holds: "Open holds", hold: { call: "Call", user: "User", credits: "Credits", cost: "Raw cost", at: "Since" },
  held: (calls, credits, cost) => `${count(calls)} live calls hold ${credits} credits and ${cost} of raw cost.`,
  oldest: "The oldest:", noHolds: "No call runs",
  absorbed: "Absorbed", absorbedLead: "What providers billed beyond what could be charged; you pay it.",
  today: "Today", days30: "30 days", credits: (amount) => `${amount} credits`,
  alerts: "Alerts", older: "Older alerts", noAlerts: "Nothing was alerted of",
  noAlertsThen: "Limits nearly used up, bills that nobody pays, providers that are lost and clocks that jump appear here.",
  kind: { threshold: "limit nearly used up", absorbed: "absorbed", clock: "clock", provider_down: "provider lost", abuse: "abuse" },
  alert: { at: "When", kind: "What", facts: "Facts" },
};

export const clock = {
  jumped: (by, back) => `The clock jumped ${by} ${back ? "back" : "ahead"}. Nothing is admitted until somebody says that it is right.`,
  shows: (now, judged) => `It shows ${now}; the books judged by ${judged}.`, right: "The clock is right",
  confirms: "Calls are admitted again, and windows begin by this clock. No window that has begun goes back.",
};

export const misuse = {
  title: "Misuse", back: "All users", lead: "Who sends refused prompts again and again, goes round in a costly loop, or guesses keys, as this gateway saw it since it started.", rules: "What counts, and what follows",
  seen: "Seen by this gateway", heads: { who: "Who", step: "Now", score: "Score", offences: "What was seen", last: "Last", user: "User", until: "Until" },
  scopes: { user: "user", app: "app", address: "address" }, steps: { none: "watched", slow: "slowed", cool_off: "sent to rest", alert: "you were told" },
  offences: { blocked: (n) => `${n} blocked prompts`, repeated: (n) => `${n} calls of a loop`, growing: (n) => `${n} of a growing loop`, guessed: (n) => `${n} guessed keys` },
  nobody: "Nothing was held against anybody", nobodyThen: "Refused prompts, costly loops and guessed keys appear here as they happen.",
  resting: "At rest now", restingLead: "Their calls are refused until then, by any gateway. A user’s page lifts it and forgives what led to it.", noRest: "Nobody rests", noRestThen: "Whoever goes on after being slowed is sent to rest, each time for longer.",
};

export const history = {
  day: "Last day", turns: "Turns of breakers", older: "Older turns",
  lead: "Each part is half an hour, the present one last.",
  slot: (when, attempts, faults) => (attempts ? `${when}: ${count(attempts - faults)} of ${count(attempts)} answered` : `${when}: nobody asked`),
  share: (percent, attempts) => `${percent} of ${count(attempts)} attempts`,
  none: "Nobody asked", model: "Model", strip: "Availability", answered: "Answered",
  turn: { at: "When", what: "What", phase: "Turned", why: "Because of" },
  noTurns: "No breaker has turned in 30 days", noTurnsThen: "When one opens or closes, it is noted here with the reason.",
  noDay: "No attempt in the last day",
};

export const trail = {
  subject: "What, as user:ada", by: "By whom, as key:ID or cli", nothing: "Nothing of this was changed",
};
