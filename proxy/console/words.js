// Everything the console says, in one place: codes in, plain words out; a translation replaces this file, those of its name, and
// nothing else.
import { chat, precheck, threads, thumbs } from "./chatwords.js";
import { credits, momentOf } from "./figures.js";

export const words = {
  chat, precheck, threads, thumbs,
  name: "Signalbox", skip: "Skip to the page", loading: "Loading …", retry: "Try again", quote: "To report this, quote",
  copy: "Copy", copied: "Copied", notCopied: "Not copied", close: "Close", more: "Show more", none: "–",
  leave: "What you wrote here is not saved. Leave all the same?",
  at: (span) => `at ${span}`,
  spentOf: (spent, limit) => `${spent} of ${limit} credits spent`,
  pages: {
    chat: "Chat", usage: "Usage", start: "Start", support: "Support", requests: "Requests",
    overview: "Overview", users: "Users", health: "Health", budget: "Budget", audit: "Audit",
    keys: "Keys", models: "Models", assistants: "Assistants", plans: "Plans", files: "Files", aliases: "Aliases", policy: "Policy", apps: "Apps", misuse: "Misuse",
  },
  menu: { models: "Catalog" },
  sign: {
    title: "Sign in with your key",
    lead: "A user’s key opens chat and usage. A supporter’s or administrator’s key opens what looks after the gateway.",
    field: "API key",
    button: "Sign in",
    held: "A user’s key stays in this tab’s memory and is gone when you close or reload it.",
    session: "Supporters and administrators get a session of eight hours at most; it ends after an hour without use.",
    app: "A key of an app speaks for its users and is used by a server. Sign in with a user’s key.",
    again: "Your key or session is no longer valid. Sign in again; what you have written is kept.",
    out: "Sign out",
    left: (left) => `${left} credits left`,
    of: (limit, window) => ` of ${limit}${{ day: " today", total: "" }[window] ?? ` this ${window}`}`,
    noWindow: "No included credits",
  },
  missing: { title: "There is no such page", then: "Go to" },
};

words.reasons = {
  named: "chosen by name", ordered: "first of its list that may answer", best_score: "best score for this task",
  ranked: "next best for this task", sticky: "answered this conversation before", stepped_down: "credits run low, so a cheaper model",
  spared: "stood by for others",
};

words.decision = {
  title: "How this was decided", stood: "Stood by", out: "Ruled out",
  found: (verdict) => `Read as ${verdict.category}, ${verdict.complexity}, ${verdict.risk}.`,
  tries: "Attempts", open: "Open the call", charged: "charged",
};

words.ask = {
  title: (name) => `Ask for ${name}`,
  lead: "An administrator decides. You see the answer under Usage.",
  model: (name) => `Only this model: ${name}`,
  plan: (name) => `The plan ${name}`,
  credits: (amount) => `${amount} more credits`,
  what: "What you ask for", why: "Why you need it (optional)", send: "Send the request",
  sent: "Sent. You find the answer under Usage, Requests.",
};

words.usage = {
  title: "Usage", lead: "What you have left, what used it, and every call behind it.", windows: "What is left",
  window: { day: "Today", week: "This week", month: "This month", total: "In all" },
  family: (name) => `, ${name} only`,
  left: (left) => `${left} credits left`,
  spentIn: (spent, limit) => `${spent} of ${limit} spent`,
  resets: (when) => `begins anew ${when}`,
  never: "does not begin anew",
  held: (held) => `${held} held by running calls`,
  capped: { user: "Your cap", key: "Cap of this key", app: "Cap of the app" },
  cap: (whose, window) => `${whose}, ${window.toLowerCase()}`,
  forecast: {
    unused: "Nothing of it was used so far.", too_early: "Too early to say where this is heading.",
    lasts: (amount) => `At this pace ${amount} credits are spent by then.`,
    runs_out: (when) => `At this pace it runs out ${when}.`,
  },
  buckets: "Beside the plan",
  expires: (when) => `until ${when}`,
  history: "History", by: "By",
  groups: { day: "Day", assistant: "Assistant", family: "Family", model: "Model" },
  days: { 7: "7 days", 30: "30 days", 90: "90 days" },
  period: "Period", csv: "Save as CSV",
  file: {
    running: (rows) => `${rows} calls so far …`, stop: "Stop saving", goOn: (rows) => `Go on after ${rows} calls`,
    whole: (rows) => (rows === "1" ? "The one call is in the file." : `All ${rows} calls are in the file.`), bounded: (rows) => `The newest ${rows} calls are in the file, as many as one takes. Choose an earlier day as the last for those before.`,
  },
  headings: { group: "", calls: "Calls", input: "Tokens in", output: "Tokens out", credits: "Credits" },
  total: "Total", chart: "Credits a day", unused: "Nothing used in this time",
  unusedThen: "Calls made in chat or with your key appear here within a second.", noneNamed: "no assistant", calls: "Calls",
  call: { at: "When", asked: "Asked for", model: "Answered by", state: "Came to", tokens: "Tokens", credits: "Credits", took: "Took" },
  status: { running: "running", served: "answered", cut: "broken off", left: "stopped by you", refused: "refused", failed: "failed", crashed: "lost" },
  any: "any outcome", outcome: "Outcome", prechecks: "Show prechecks", noCalls: "No call yet",
  noCallsThen: "Ask something in Chat, or see Start for a first call from code.", older: "Older calls",
  requests: "Requests", noRequests: "You have asked for nothing",
  noRequestsThen: "Locked models in Chat carry a button that asks for them.",
  request: { at: "Sent", what: "Asked for", state: "State", answer: "Answer" },
  requestState: { open: "waiting", approved: "approved", denied: "denied" },
  askMore: "Ask for more credits", amount: "How many credits", keys: "Keys",
  key: { name: "Name", id: "Public part", made: "Made", expires: "Expires", state: "State" },
  keyState: { active: "active", live: "active", suspended: "suspended", revoked: "ended", expired: "expired" },
  noKeys: "No key to show", newKey: "New key", newKeyName: "Name of the new key", make: "Make it",
  once: "This key is shown once. Copy it now.", end: "End it",
  sureEnd: (name) => `End “${name}”? Whatever uses it stops at once.`,
  yes: "End it for good", mayNot: "This key may not make others. An administrator can give you one that may.",
  back: "All usage",
};

words.callPage = {
  title: "Call",
  facts: { at: "When", asked: "Asked for", model: "Answered by", assistant: "Assistant", state: "Came to", credits: "Credits", tokens: "Tokens", took: "Took", request: "Request id" },
  tokens: (t) => `${t.input + t.cached_input + t.cache_write} in, ${t.output + t.reasoning} out${t.source === "provider" ? "" : " (estimated)"}`,
  took: (all, first) => (first ? `${all}, first word after ${first}` : all),
  refunded: (amount) => `${amount} given back`,
  attempts: "Attempts", noAttempts: "No model was called, so nothing was charged.", timeline: "Timeline",
  stages: { intake: "Read", precheck: "Prechecked", decision: "Decided", hold: "Held credits", attempt: "Called model", first_byte: "First word", rescue: "Continued", settle: "Settled" },
};

words.start = {
  title: "Start", lead: "Point any OpenAI client at this address. Nothing else in your code changes.", base: "Base URL",
  key: "Key", keyThen: "A key of its own for each program can be ended alone, under Usage.",
  make: "Make a new key for the snippets",
  madeName: (day) => `Snippets, ${day}`,
  made: "The snippets hold a new key. It is shown here alone: copy it now.", show: "Put my key into the snippets",
  hide: "Hide my key", language: "Language",
  try: "Then try Auto, an assistant’s id, or any model of your plan as the model’s name.",
  docs: "The whole API",
  tour: "One call in five pictures",
  steps: [
    ["It comes in", "Your key is checked before a byte of the prompt is read. Rates and size are bounded."],
    ["It is read", "Rules on this machine find the kind of task and what is risky in it. No model is asked."],
    ["A model is chosen", "Every model of your plan is kept or ruled out, each with a reason you can read."],
    ["Credits are held", "The worst this call can cost is set aside, so you never pay what you do not have."],
    ["It is answered", "If a model fails, the next one answers. You pay for what was written, and see why."],
  ],
};

words.support = {
  title: "Support", lead: "One box for whatever a user gives you. No prompt, key or raw cost is shown here.",
  box: { admin: "Call id, request id, user or key id", support: "Call id, request id or user id" }, find: "Look up",
  nothing: (text) => `Nothing is known of “${text}”`,
  nothingThen: "Ids begin with call_ or req_; users and keys are looked up by their whole id. Answers carry the call id in the header x-signalbox-call.",
  emptyTitle: "Nothing looked up yet", empty: "Paste the id from an error message, a header, or a user’s list of calls.",
  saw: "What the user saw",
  sawLine: (status, code) => `HTTP ${status}${code ? ` with the code ${code}` : ""}`,
  precheck: "What the precheck found",
  found: (p) => `${p.category}, ${p.complexity}, ${p.risk}${p.hazards.length ? ` (${p.hazards.join(", ")})` : ""}, confidence ${Math.round(100 * p.confidence)} %`,
  decision: "Decision", chain: "Tried in this order", dropped: "Ruled out",
  decided: (d) => `Action ${d.action}, mode ${d.mode}${d.stepped_down ? ", stepped down for want of credits" : ""}${d.shortened ? ", answer shortened" : ""}. Decision code ${d.revision}.`,
  noDecision: "It was refused before anything was decided.", attempts: "Attempts",
  attempt: { number: "No.", model: "Model", outcome: "Outcome", provider: "Provider said", time: "From the start of the call", tokens: "Tokens", credits: "Credits" },
  answered: "answered",
  firstAt: (span) => `first byte after ${span}`,
  ledger: "Ledger lines in credits",
  line: { at: "When", kind: "Entry", counter: "Counter", spent: "Spent", held: "Held" },
  noLedger: "This call moved no credits.", user: "User",
  standing: "What is left", suspended: "suspended", active: "active",
  cooling: (when) => `cooling off until ${when}`, change: "Change something",
  plan: "Plan", app: "App",
  keyFacts: { kind: "Kind", name: "Name", state: "State", owner: "Belongs to", made: "Made" },
};

words.inbox = {
  title: "Requests", lead: "What users ask for beyond their plan. Each answer is kept in the audit log with your words.",
  status: "State", noOpen: "Nobody is waiting",
  noOpenThen: "Requests appear here when a user asks for a locked model, a plan or credits.",
  who: "User", what: "Asks for", words: "Reason given", at: "Sent", answer: "Answer",
  subject: { plan: "plan", model: "model", family: "family", credits: "credits" },
  decide: "Decide",
  would: (days, calls, credits) => `In the last ${days} days: ${calls} calls, ${credits} credits.`,
  wouldBe: (name, amount) => `With ${name}: ${amount} credits`,
  approve: "Approve", deny: "Deny", yourWords: "Your words to the user", until: "For how long",
  months: { 0: "without end", 30: "30 days", 90: "90 days" },
  done: { approve: "Approved. It counts from now.", deny: "Denied." },
};

words.overview = {
  title: "Overview", lead: "What runs, what it costs and what it earns. Follows the gateway by itself.",
  days: { 1: "Today", 7: "7 days", 30: "30 days", 90: "90 days" },
  groups: { model: "Model", provider: "Provider", user: "User" }, by: { model: "By model", provider: "By provider", user: "By user" }, nobody: "none answered",
  now: "Now", running: "Live calls", pace: "Calls/s", tokensPace: "Tokens/s",
  dearest: "The dearest of all users, by raw cost.", lookOn: "Look at more users", looking: "Looking …",
  dearestTo: (id) => `Users are looked at by their ids. These are the dearest of those up to ${id}; there are more.`,
  waiting: (calls) => `, ${calls} wait for credits`,
  over: (seconds) => (seconds ? `Rates and sums of the last ${seconds} s` : "Rates and sums follow in a moment"),
  calls: "Calls", failed: "Failed", failover: "Attempts that failed", ttft: "First token", tokens: "Tokens", cost: "Raw cost", earned: "Earned", margin: "Margin",
  nothing: "No call in this time",
  nothingThen: "Calls appear here as they finish. A first one: see the README, or sign in with a user’s key and open Chat.",
};

words.health = {
  title: "Health",
  lead: "As this gateway sees it; each process keeps its own figures. Recent figures halve every half minute.",
  providers: "Providers", models: "Models", provider: "Provider", model: "Model", state: "State", breaker: "Breaker", revision: "Catalog",
  down: "down", status: { active: "active", disabled: "disabled" }, inactive: "not active", slow: "stands by for slowness",
  noneHeard: "No model was asked lately.", idle: (count) => (count === 1 ? "1 model that nobody asked lately" : `${count} models that nobody asked lately`),
  score: "Score", success: "Answered", attempts: "Attempts", ttft: "First token", speed: "Tokens/s", heard: "Last heard",
  phase: { closed: "closed", open: "open", half_open: "trying" },
  why: {},
  retry: (when) => `tried again ${when}`,
};

words.audit = {
  title: "Audit", lead: "Every change by an administrator or a command. Nothing here can be taken back.",
  by: "by", field: "Field", before: "Before", after: "After", older: "Older changes",
  fields: (count, made) => `${count === 1 ? "1 field" : `${count} fields`} ${made ? "set" : "changed"}`,
  nothing: "Nothing was changed yet",
  nothingThen: "Changes made here, through the API or by command appear with their reasons.",
};

const THEN = {
  offline: ["The gateway cannot be reached.", "Check your connection.", "stop", true],
  signed_out: ["This was not done, for your key or session had ended.", "Once you are signed in again, do it anew.", "caution", true],
  insufficient_credits: ["", "", "caution", false],
  budget_cap_reached: ["A cap on what may be spent is reached.", "An administrator can raise it.", "caution", false],
  assistant_budget_reached: ["", "", "caution", false],
  model_not_in_plan: ["", "", "caution", false],
  cooling_off: ["", "", "caution", false],
  confirmation_required: ["This message may hold something sensitive, so it was not sent.", "Send it only if that is all right.", "caution", false],
  content_policy_violation: ["", "", "caution", false],
  context_length_exceeded: ["", "", "caution", false],
  invalid_api_key: ["This key is not valid.", "Check that it was copied whole, or ask for a new one.", "stop", false],
};

/** An error as its reader needs it: what happened, what to do, how grave it is, and whether trying again may help. */
export function errorWords(error) {
  const [what, then, tone, retry] = THEN[error.code] ?? ["", "", "stop", error.status >= 429 || error.status === 0];
  const resets = error.details?.resets_at_ms;
  const wait = error.retryAfterS && error.status === 429 ? `Try again in ${error.retryAfterS} s.` : "";
  const anew = resets && error.status === 402 ? `Your credits begin anew ${momentOf(resets)}.` : "";
  const left = error.details?.credits_left && error.status === 402 ? `${credits(error.details.credits_left)} credits are left.` : "";
  return { what: what || error.message || `The gateway answered ${error.status}.`, then: [then, wait, left, anew].filter(Boolean).join(" "), tone, retry };
}
