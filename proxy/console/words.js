// Everything the console says, in one place: codes in, plain words out; a translation replaces this file, and nothing else.
import { count, credits, momentOf } from "./figures.js";

// --- Chat.

export const chat = {
  title: "Chat", composer: "Your message", placeholder: "Ask something. Enter sends, Shift and Enter begin a new line.",
  send: "Send", stop: "Stop", fresh: "New chat", choose: "Answered by", change: "Change", auto: "Auto",
  autoSays: "Chooses an assistant by what you ask", assistants: "Assistants",
  byName: (count) => `${count} models by name`,
  open: (open, all) => (open === all ? `${all} models` : `${open} of ${all} models in your plan`),
  price: (into, out) => `${into} in · ${out} out`,
  priceTitle: "Credits per million tokens",
  notByKey: "Not with this key", locked: (plan) => (plan ? `In plan ${plan}` : "In no plan"),
  askFor: "Ask for it", attach: "Add image",
  remove: (name) => `Remove ${name}`,
  tooLarge: (name) => `${name} is larger than 5 MB. Choose a smaller one.`,
  tooMany: (most) => `A message takes ${most} images.`,
  wrongKind: (name) => `${name} is no PNG, JPEG, WebP or GIF.`,
  noImages: "The chosen model does not take images; Auto finds one that does.", you: "You",
  waiting: "Waiting for the first word …", writing: "writing",
  about: (amount) => `about ${amount} credits so far`,
  cost: (amount) => `${amount} credits`,
  tokens: (count) => `${count} tokens`,
  why: "Why this model", whyNot: "Hide why", again: "Answer again with …", continue: "Continue",
  confirm: "Send it all the same", stopped: "You stopped it here. What was written up to then is charged.",
  cut: "The connection broke here. What came is kept.", short: "The answer reached its length limit.",
  short_credits: "The answer ended here because your credits are used up.",
  goOn: "Go on exactly where you stopped. Do not repeat anything.",
  attempts: (count) => `answered at attempt ${count}`,
  rescued: (models) => `continued by ${models}`,
  stepped: "a cheaper model, because credits run low", thinking: "Reasoning", emptyTitle: "Nothing said yet",
  empty: "Write below, or begin with one of these.",
  ideas: ["Summarise the pros and cons of remote work in a table", "Write a Python function that merges two sorted lists", "Translate “good morning” into five languages"],
  kept: "Chats live in this tab alone. Reloading clears them.",
  total: (amount, answers) => `This chat: ${amount} credits in ${answers} ${answers === 1 ? "answer" : "answers"}`,
};

export const thumbs = {
  up: "Good answer", down: "Bad answer", what: "What was it?", any: "No reason", better: "A better model for it", none: "No other",
  more: "More (kept, so nothing private)", send: "Send", thanks: "Thank you. It is kept with this call.",
  reasons: {
    up: { helpful: "Helpful", other: "Something else" },
    down: {
      wrong: "Wrong", incomplete: "Incomplete", ignored_request: "Not what was asked", refused: "Refused without need",
      too_long: "Too long", too_slow: "Too slow", too_dear: "Too dear", other: "Something else",
    },
  },
};

export const threads = {
  title: "Conversations", open: "Chats", none: "What you talk about is listed here.", newest: "New chat",
  kept: (days) => `Chats are kept for ${days} days after their last message. Only you can read them.`,
  resuming: "The connection broke. Looking where the answer stopped …", elsewhere: "This answer is being written …",
  rename: "Rename", save: "Save", erase: "Erase", name: "Title", keep: "Keep the title",
  markdown: "As text (Markdown)", json: "As data (JSON)",
  sure: (title) => `Erase “${title}”? Nobody can bring it back.`,
  yes: "Erase it for good", eraseAll: "Erase all", sureAll: "Erase all your conversations? Nobody can bring them back.",
  yesAll: "Erase all for good",
};

export const precheck = {
  goes: (assistant, model) => (assistant ? `${assistant}, ${model}` : model),
  at_most: (amount) => `${amount} credits at most`,
  confirm: (hazards) => `Asks for your confirmation before it is sent${hazards ? `: it may hold ${hazards}` : ""}.`,
  sensitive: (hazards) => `may hold sensitive data${hazards ? `: ${hazards}` : ""}`,
  disallowed: "would be refused by the operator’s rules", refused: "It would be refused.",
};

// --- Pages of users and supporters.

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
  key: { name: "Name", id: "Public part", bounds: "Bounds", made: "Made", expires: "Expires", state: "State" },
  bind: "Change", binding: "Which models it may call, how often, and until when; within what the keys have that it was made from. It holds within a second, for what was made from it too.", bound: "Changed. It is in force.",
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
  budget_cap_reached: ["A cap on what may be spent leaves too little for this.", "An administrator can raise it.", "caution", false],
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

// --- Pages that change things: users, plans, assistants, keys, files.

export const desk = {
  catalog: "Catalog",
  nav: { models: "Models", assistants: "Assistants", plans: "Plans", aliases: "Aliases", policy: "Policy", files: "Files" },
  reason: "Reason, for the audit log", cancel: "Cancel", back: (name) => `All ${name}`, edit: "Edit", filter: "Filter", nothingFits: "Nothing fits this filter",
  nothingFitsThen: "Shorten it, or clear it to see everything.", field: "Field", before: "Now", after: "Then", none: "–",
  yes: "yes", no: "no", empty: "empty", saved: "Saved. It is in force.", changedBy: "Changed by an administrator", fromFile: "As in the files",
  made: "Made by an administrator; no file has it", add: "Add a row", drop: (what) => `Remove row ${what}`,
  list: "One a line", seeAudit: "Audit log",
};

desk.editor = {
  review: "Review the change", unchanged: "Nothing is changed yet.", title: "What would change", discard: "Discard",
  save: "Save", conflict: "Read it again and keep my changes",
  preview: "The last 30 days with it",
  asking: "Replaying recorded calls …",
  none: "No chat was recorded in the last 30 days, so there is nothing to replay.",
  new: "Something new was in no recorded call, so there is nothing to replay.",
  same: (calls) => `${calls === 1 ? "The one recorded call" : `All ${count(calls)} replayed calls`} would have gone and cost the same.`,
  differs: (changed, calls) => `${count(changed)} of ${count(calls)} replayed calls would have been different.`,
  fates: {
    refused: (n) => `${count(n)} refused that were answered`, admitted: (n) => `${count(n)} admitted that were refused`, downgraded: (n) => `${count(n)} on a cheaper model`,
    rerouted: (n) => `${count(n)} on another model`, shortened: (n) => `${count(n)} shortened`,
  },
  repriced: (n) => `${count(n)} with another bill only`,
  sums: { name: "", answered: "Answered", credits: "Credits", raw: "Raw cost", margin: "Margin" },
  was: "As recorded", would: "With the change",
  users: "Who would notice most",
  userHeads: { user: "User", changed: "Calls changed", refused: "Refused", credits: "Credits now", then: "Credits then" },
  stopped: (when) => `There are more calls than one replay takes: these end ${when}.`,
  left: (n) => `${count(n)} calls could not be replayed, for their catalog is no longer kept or nothing was decided.`,
  unknown: (n) => `${count(n)} would only now be admitted; nobody knows what they would have cost.`,
  skip: "You can save without waiting.",
};

desk.models = {
  title: "Models", lead: "What can be called, what it costs you, who sees it and who uses it. Prices are dollars per million tokens.",
  search: "Filter by name, provider or tag", heads: { model: "Model", provider: "Provider", state: "State", input: "In", output: "Out", seen: "Seen by", calls: "Calls, 30 days", users: "Users" },
  active: "active", withheld: "withheld", unpriced: "no price", providerOff: "provider disabled",
  seen: { all: "all plans", plans: (plans) => plans.join(", "), admins: "by exception only" },
  atLeast: (n) => `${count(n)} or more`,
  state: "State", stateOf: { active: "Callers may use it, where their plan has it.", withheld: "Nobody can call it; for callers it does not exist." },
  activate: "Activate", withhold: "Withhold",
  withholds: "From the next call on nobody reaches it. Calls that run are finished. Assistants and aliases go on with their other models.",
  activates: "From the next call on it may be called by everybody whose plan has it.",
  facts: { provider: "Provider", family: "Family", kind: "Kind", context: "Context", output: "Longest answer", tags: "Tags", file: "Source" },
  tokens: (n) => `${count(n)} tokens`,
  visibility: "Who sees it", visibilityLead: "Make a new model known step by step: to your own people, to some plans, to all.",
  stages: { admins: "Nobody, but for users who are given it by an exception", plans: "Only these of the plans that list it", all: "Every plan that lists it" },
  which: "Plans", price: "Price", priceLead: "What the provider bills you, in dollars per million tokens, images and requests each. A new price counts for calls that begin after it; what was charged stays. A price of nothing needs “free = true” in its row of the files, which nobody can set here.",
  classes: { input: "Input", cached_input: "Input from cache", cache_write: "Writing the cache", output: "Output", reasoning: "Reasoning", image: "One image", request: "One request" },
  classNote: "Left empty: cached and cache-write input cost what input does, reasoning what output does.",
  tiers: "Prices of long inputs", tierHeads: { input_tokens_min: "From tokens", input: "Input", cached_input: "From cache", cache_write: "Cache write", output: "Output", reasoning: "Reasoning" },
  images: "Images by size", imageHeads: { size: "Size", quality: "Quality", price: "Dollars" },
  use: "Who uses it", used: (calls, days) => `${count(calls)} ${calls === 1 ? "call" : "calls"} in ${days} days.`, unused: "Nobody called it in the last 30 days",
  unusedThen: "See which plans and assistants name it, or withhold it.",
  since: (when) => `Users are counted among the newest calls, since ${when}.`,
  userHeads: { user: "User", calls: "Calls", credits: "Credits" },
  nothing: "There is no model yet", nothingThen: "Make one here, or add a [[model]] row to the operator’s files and read them again under Files.",
  missing: (id) => `There is no model ${id}`, missingThen: "It may have left the files since.",
};

const NAMES_LIKE = "Ids, tag:NAME or globs such as openrouter/*";

desk.assistants = {
  title: "Assistants", one: "assistant", lead: "Families of tasks. Each has its ordered models and its instructions, and is called like a model; auto picks one.",
  heads: { name: "Assistant", family: "Family", models: "Models in order", order: "Order", plans: "Shown to", state: "State" },
  enabled: "enabled", disabled: "disabled", everybody: "everybody", create: "New assistant", like: "New one like this", remove: "Delete",
  removes: "Whoever calls it by name is told that it does not exist. Its rows in the register stay.",
  removeFile: "It stands in the operator’s files; it stays deleted until this change is taken back.", removed: "Deleted.",
  nothing: "There is no assistant yet", nothingThen: "Make one: a name, a family of tasks and the models that may answer.",
  id: "Id, as callers write it", idNote: "Letters, digits and . _ - without a slash",
  fields: {
    name: "Name", family: "Family of tasks", task_types: "Task categories", order: "Order of its models", preferences: "Models, best first", weights: "Factors of the score",
    system_prompt: "Instructions, put before the caller’s messages", output_tokens_max: "Longest answer, in tokens", enabled: "Can be called", rescue: "A broken answer may be continued by another model", plans: "Shown to these plans alone", budgets: "Most credits for one user",
  },
  notes: {
    preferences: `One a line, at most 16. ${NAMES_LIKE}`, weights: "For weighted order: 1 is neutral, 1.2 a fifth better", plans: "One a line; none shows it to all", task_types: "One a line, as the precheck names them",
    system_prompt: "Callers never see it; neither does the audit log", output_tokens_max: "Empty: the model’s own bound",
  },
  orders: { ordered: "as listed", weighted: "by score" },
  weightHeads: { key: "Model", value: "Factor" }, budgetHeads: { window: "Every", credits: "Credits" },
};

desk.plans = {
  title: "Plans", one: "plan", lead: "What users are sold: which models, how many credits, on which terms. Multiplier and credit prices are never shown to users.",
  heads: { name: "Plan", rank: "Rank", models: "Models", credits: "Credits", multiplier: "Multiplier", context: "Context", concurrency: "At once" },
  create: "New plan", like: "New one like this", remove: "Delete",
  removes: "Only a plan that nobody holds can be deleted.", removeFile: "It stands in the operator’s files; it stays deleted until this change is taken back.", removed: "Deleted.",
  nothing: "There is no plan yet", nothingThen: "Make one: without a plan nobody may call anything.",
  id: "Id", idNote: "Letters, digits and . _ - without a slash",
  fields: {
    name: "Name", rank: "Rank", models: "Models", allowances: "Credits included", multiplier: "Multiplier on raw cost", family_multipliers: "Multiplier by model family", credit_prices: "Own credit prices by family",
    context_tokens_max: "Context, in tokens", output_tokens_default: "Usual answer, in tokens", concurrency_max: "Calls at once", n_max: "Answers per call", rates: "Requests in a time", rescue: "A broken answer may be continued by another model", mode: "How auto chooses",
  },
  notes: {
    context_tokens_max: "Prompt and answer together", output_tokens_default: "Where the caller names no bound",
    rank: "Refusals name the lowest plan that would do", models: `One a line. ${NAMES_LIKE}`, multiplier: "A decimal such as 1.3; for 0 the files must say free", credit_prices: "Credits per million tokens, in place of cost times multiplier",
    family_multipliers: "Holds in place of the plan’s own",
  },
  modes: { "": "as the operator’s policy says", economy: "economy", balanced: "balanced", best: "best", fast: "fast" },
  allowanceHeads: { window: "Every", credits: "Credits", family: "Only for family" },
  windows: { day: "day", week: "week", month: "month", total: "once" },
  familyHeads: { key: "Family", value: "Multiplier" },
  rateHeads: { key: "Class", requests: "Requests", period_s: "In seconds" },
  rateClasses: { chat: "chat", precheck: "precheck", embeddings: "embeddings", images: "images", other: "other" },
  priceHeads: { key: "Family", input: "Input", cached_input: "From cache", cache_write: "Cache write", output: "Output", reasoning: "Reasoning", image: "Image", request: "Request" },
  included: (allowances) => allowances.map((a) => `${count(Number(a.credits))} a ${a.window === "total" ? "lifetime" : a.window}${a.family ? ` (${a.family})` : ""}`).join(", "),
};

desk.files = {
  title: "Files", lead: "The operator’s files are the base; changes made here lie over them, one field at a time, and win.",
  revision: "In force", rules: "Precheck rules",
  patches: "Changes over the files", heads: { row: "Row", field: "Field", file: "The files say", value: "In force", by: "By", state: "State" },
  whole: "the whole row", states: { plain: "over the file", shadowed: "hides a newer file", orphaned: "its row is gone" },
  noPatches: "Nothing lies over the files", noPatchesThen: "Changes to models, assistants, plans, aliases, providers and the policy appear here with their reasons.",
  takeBack: "Use the file’s value", takesBack: "The change is dropped; from now on the files speak for this field.",
  reload: "Read the files again", look: "See what reading them would change", looked: "Nothing is in force before you confirm.",
  same: "The files say what is in force. There is nothing to read.", beside: { rules: "Precheck rules would change.", ceilings: "Ceilings on raw cost would change." },
  confirm: "Put these files into force", confirms: "Calls that run finish under the catalog they began with.", done: (revision) => `In force: ${revision}.`,
  mistakes: (n) => (n === 1 ? "One mistake stands in the way; what is in force stays." : `${count(n)} mistakes stand in the way; what is in force stays.`),
  mistakeHeads: { file: "File", key: "Where", message: "What is wrong" },
  created: "new", dropped: "gone", changed: "changed",
  proposal: "Compare a proposal", proposalLead: "Paste rows as they would stand in a file, such as what “signalbox catalog import” prints, and see them beside what is in force. Nothing is changed.",
  toml: "Rows in TOML", compare: "Compare", proposalSame: "These rows are in force as they stand.", proposalThen: "To adopt them, write them into a file of the operator’s folder and read the files again.",
  providers: "Providers", providersLead: "Where providers are is the operator’s word alone, in [[provider]] rows of the files; here they can be stopped and limited.",
  providerHeads: { provider: "Provider", dialect: "Dialect", state: "State", models: "Models", atOnce: "Calls at once" },
  bound: "Limit", bounds: "More calls than this at once go to the next candidate, or are refused.", active: "active", disabled: "disabled", disable: "Disable", enable: "Enable",
  disables: "None of its models is called from now on. Calls that run are finished.", enables: "Its models may be called again.",
};

desk.keys = {
  title: "Keys", lead: "Everything that may call the gateway. A key is shown once, when it is made; here are its public part and its bounds.",
  user: "User id", app: "App id", kind: "Kind", anyKind: "every kind", live: "Leave out ended ones", apply: "Show",
  kinds: { user: "user", app: "app", support: "support", admin: "admin" },
  heads: { name: "Name", id: "Public part", kind: "Kind", owner: "Belongs to", bounds: "Bounds", made: "Made", expires: "Expires", state: "State" },
  states: { live: "active", suspended: "suspended", expired: "expired", revoked: "ended" },
  bounds: {
    scope: (names) => (names.length ? `only ${names.join(", ")}` : "no model"), cap: (c) => `${count(Number(c.credits))} credits ${c.window === "total" ? "in all" : `a ${c.window}`}`, rate: (r) => `${count(r.requests)} requests in ${r.period_s} s`,
    manage: "may make keys", mode: (mode) => `mode ${mode}`, avoid: (names) => `never ${names.join(", ")}`, only: (names) => `prefers only ${names.join(", ")}`,
  },
  create: "New key", made: "The new key", once: "It is shown this once and kept nowhere. Copy it now, and hand it over by a safe way.", copied: "I have copied it",
  name: "Name, such as the program that uses it", expires: "Ends on (optional)", manage: "May make keys of its own, within its bounds", scope: "Only these models (optional)", scopeNote: "One a line: ids, tag:NAME or globs",
  caps: "Caps in credits (optional)", capHeads: { window: "Every", credits: "Credits" }, rate: "Requests in a time (optional)", rateRequests: "Requests", ratePeriod: "In seconds",
  bind: "Bounds", doBind: "Change the bounds", binding: "Which models it may call, how often, and until when. It holds within a second. What was made from it loses what it would have beyond, and gets nothing back when this is widened.",
  cap: "Caps", doCap: "Change the caps", capping: "What the key may spend, with all keys made from it and those whose place it took. What it spent under a cap counts on. Without a row it has no cap of its own.",
  wish: "Wishes", wishes: "What the key wishes of the models of every call, all of it; a request may narrow it and never widen it.", mode: "How auto chooses", avoid: "Never these models", only: "Only these models, if any", further: "Bounds and wishes",
  owner: { user: "User id", app: "App id", support: "User id of who holds it (optional)", admin: "User id of who holds it (optional)" },
  adminNote: "An admin key opens everything. Give it to a person, with an end.", makeIt: "Make the key",
  revoke: "End", revokes: "It ends for good, with every key that was made from it. Whatever uses them stops at once. This cannot be undone.", revoked: (n) => (n === 1 ? "1 key ended." : `${count(n)} keys ended.`),
  suspend: "Suspend", resume: "Resume", suspends: "It stops at once, with every key that was made from it, until you let it go on.", resumes: "It works again at once.",
  rotate: "Renew", rotates: "A new key takes its place with the same bounds. The old one goes on for the time you give.", grace: "The old one goes on for, in minutes",
  actions: "What to do", nothing: "No key fits", nothingThen: "Clear the filter, or make a key.", more: "Further keys", confirm: (name) => `Type ${name} to confirm`,
};

desk.users = {
  title: "Users",
  lead: "Everybody who has a key or was enrolled by an app. A name opens what is left and what can be changed.",
  user: "User", app: "App", state: "State", since: "Since", change: "Change", suspend: "Suspend", resume: "Let call again",
  suspends: "None of their calls is taken from now on, within a second.",
  resumes: "Their calls are taken again, within a second.", nothing: "There is no user yet",
  named: "Name begins with", begins: "Id begins with", ofApp: "App id", onlySuspended: "Suspended ones only",
  nothingThen: "Make one here, or let an app’s key enrol its own.", create: "New user", misuse: "Who misuses the gateway",
};

desk.user = {
  story: "Calls and decisions", actions: "Change", lead: "What this user has, and what you can change about it. Each change is audited with its reason.",
  state: "State", facts: { app: "App", since: "Since", anchor: "Month begins on day", caps: "Caps", wishes: "Wishes", conduct: "Conduct" },
  conduct: (c) => `${c.step}, score ${c.score}`, lift: "Lift the cool-off", lifts: "Calls are taken again at once, and what led to it is forgiven.",
  suspend: "Suspend", resume: "Let call again",
  standing: "What is left", plan: "Plan", noPlan: "This user has no plan that is offered.", noPlanThen: "Give one with “Change plan”.", next: (plan, when) => `${plan} follows ${when}`,
  change: "Change plan", now: "At once", edge: "When the month begins anew", newPlan: "New plan", changes: "What is spent stays spent: no change of plan grants twice in a period.", at: "From when",
  give: "Give credits", gives: "Credits beside the plan. They are used before a top-up, the earliest to expire first.", kind: "What it is", kinds: { grant: "a grant, given", topup: "a top-up, paid for" },
  amount: "Credits", family: "Only for model family (optional)", expires: "Ends on (optional)",
  exceptions: "Exceptions", except: "Add an exception", exceptLead: "What differs from the plan for this user until a day. Left empty, the plan holds.", noExceptions: "The plan holds as it is", noExceptionsThen: "An exception opens a model or widens a bound until a day.",
  until: "Ends on", untilNote: "The end of that day, UTC. Without one it holds until it is removed.", extraModels: "Opens these models", extraCredits: "More credits included", multiplier: "Multiplier instead", context: "Context, in tokens", concurrency: "Calls at once", n: "Answers per call", output: "Usual answer, in tokens",
  exceptionHeads: { what: "What", reason: "Reason", from: "From", until: "Until" }, ended: "ended", always: "until removed", remove: "Remove", removes: "From the next call on the plan holds again.",
  exception: {
    models: (names) => `opens ${names.join(", ")}`, credits: (amount, window) => `${count(Number(amount))} more credits ${window === "total" ? "in all" : `a ${window}`}`, multiplier: (m) => `multiplier ${m}`, context: (n) => `up to ${count(n)} tokens`,
    concurrency: (n) => `${count(n)} calls at once`, n: (n) => `${count(n)} answers per call`, output: (n) => `answers of ${count(n)} tokens where no bound is named`,
  },
  anew: "Begin a window anew", anews: "What was spent of it in this period is forgiven. It cannot be taken back.", window: "Which window", forgiven: (credits) => `${credits} credits are given back.`,
  refund: "Refund", refunds: (credits) => `All ${credits} credits of this call go back to where they were taken from. It can be done once.`, refunded: "refunded",
  keys: "Keys", allKeys: "All keys of this user", noKeys: "No key", noKeysThen: "Make one; it is shown once.", calls: "Latest calls", noCalls: "No call yet", noCallsThen: "Calls appear here as they finish.",
  newUser: "New user", id: "Id (optional)", idNote: "Letters, digits and . _ @ + -; made up if left empty", name: "Name", makes: "A user may call as soon as it has a key.", anchor: "Month begins on day",
  erase: "Erase conversations", erases: "All that the gateway keeps of this user’s chats is erased for good. Calls, bills and the audit log stay.",
  erased: (n) => (n === 0 ? "There was no conversation to erase." : `${n === 1 ? "1 conversation" : `${count(n)} conversations`} erased.`),
  bounds: "Change bounds", boundsLead: "Caps limit all that this user spends, whatever pays for it. Wishes hold for every call; a request may narrow them.",
  missing: (id) => `There is no user ${id}`, all: "All users",
};

// --- Models, aliases, the policy, apps and ceilings.

const PLAIN_ID = "Letters, digits and . _ - without a slash";

export const models = {
  title: "Models", page: "models", create: "New model", like: "New one like this", remove: "Delete", removed: "Deleted.", one: "model",
  id: "Id, as callers write it", idNote: "provider/model, as in openai/gpt-4o-mini",
  removes: "Whoever calls it is told that it does not exist, and its price is forgotten here. To rest it, withhold it. What names it, such as a plan, has to let go of it first.",
  removeFile: "It stands in the operator’s files; it stays deleted until this change is taken back.",
  look: "See the last 30 days with it", looks: "Nothing is made by looking.",
  all: "Everything else", allLead: "What can be asked of it decides which calls it may get; what it bills decides what is held.",
  heads: { is: "What it is", can: "What it can", good: "What it is good for", bills: "How it bills and counts", price: "Price, in dollars per million tokens", waits: "How long it may take, in milliseconds", seen: "Who sees it" },
  fields: {
    name: "Name", provider: "Provider", upstream_name: "Name at the provider", family: "Model family", kind: "What it makes", tags: "Tags",
    context_tokens_max: "Context, in tokens", output_tokens_max: "Longest answer, in tokens", output_tokens_min: "Shortest worth asking for", modalities: "Reads", tools: "Calls tools", json_schema: "Keeps to a JSON schema",
    prefill: "Goes on with an answer that was begun", thinking: "Is told to reason by", vocabulary: "Vocabulary", lacks: "Cannot be asked for",
    quality: "Quality by family of tasks", latency_tier: "Speed", risks: "Approved for prompts that are",
    stops_billing_on_close: "Closing a stream ends its bill", hidden_output: "Bills output that nobody sees", tokens_per_byte_max: "Most tokens a byte", tokens_per_byte_min: "Fewest tokens a byte", image_tokens: "Tokens an image", timeouts: "Limits of one attempt, in milliseconds",
  },
  notes: {
    name: "Empty: its id", provider: "Where it is, its provider’s row in the files says", upstream_name: "Empty: what follows the slash of its id", family: "Plans may price it apart", tags: "One a line; plans choose by tag:NAME",
    output_tokens_min: "Who affords less is refused", vocabulary: "Known, its tokens are counted exactly", prefill: "Only where it really does, word for word", quality: "From 0 to 1; a family that is not named counts 0.5. Learned figures come first",
    stops_billing_on_close: "Streams are then held step by step", hidden_output: "The worst case is then held", timeouts: "Empty: its provider’s, then the gateway’s own",
  },
  kinds: { chat: "chats", embedding: "embeddings", image: "images", moderation: "moderation, for us alone" },
  byId: "as its id says", thinkings: { "": "cannot be told", budget: "a number of tokens", effort: "a word" }, vocabularies: { "": "not known", o200k_base: "o200k_base", cl100k_base: "cl100k_base" },
  speeds: { fast: "fast", medium: "medium", slow: "slow" }, modalities: { text: "text", image: "images", audio: "audio" }, risks: { safe: "safe", sensitive: "sensitive", disallowed: "disallowed" },
  qualityHeads: { key: "Family of tasks", value: "Quality" },
  timeouts: { connect_ms: "To connect", first_byte_ms: "To the first content", whole_ms: "To a whole answer", idle_ms: "Of silence", total_ms: "In all" },
  chosen: (names) => names.join(", ") || "Nothing that its dialect has words for",
};

/** In the order of the gateway's own list. */
export const FEATURES = [
  "n", "seed", "stop", "stop_blank", "temperature", "temperature_above_one", "top_p", "temperature_and_top_p", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "verbosity",
  "json_object", "functions", "strict_tools", "forced_tool", "single_tool_call", "reasoning_effort", "reasoning_off", "reasoning_extra_high", "reasoning_unknown", "reasoning_in_short",
  "reasoned_sampling", "reasoned_forced_tool", "name", "prefill", "assistant_first", "image_not_base64", "audio", "embeddings", "token_input", "dimensions", "images", "image_size", "image_url",
];

export const aliases = {
  title: "Aliases", one: "alias", lead: "Names that existing code says already, each for a chain of models that are tried in order.",
  heads: { name: "Alias", models: "Models in order" }, create: "New alias", like: "New one like this", remove: "Delete", removed: "Deleted.",
  removes: "Whoever calls it is told that it does not exist.", removeFile: "It stands in the operator’s files; it stays deleted until this change is taken back.",
  nothing: "There is no alias yet", nothingThen: "Make one: a name such as gpt-4o-mini, and the models that answer to it.",
  id: "Id, as callers write it", idNote: PLAIN_ID, fields: { models: "Models, tried in this order" }, notes: { models: `One a line, at most 16. ${NAMES_LIKE}` },
};

export const policy = {
  title: "Policy", one: "policy", lead: "How calls are decided, what a credit is worth, and what is done with prompts that precheck finds something in. It holds for calls that begin after a change.",
  heads: { worth: "Credits and modes", finds: "What precheck finds", tries: "How a call is tried", net: "Second net", abuse: "Misuse" },
  fields: {
    credits_per_dollar: "Credits for a dollar", default_mode: "Mode of calls that name none", default_assistant: "Who answers auto otherwise", modes: "Factors of a model’s score, by mode",
    actions: "What is done with a prompt", action_messages: "What its caller reads", plan_actions: "Otherwise for a plan", assistant_actions: "Otherwise for an assistant",
    attempts_max: "Attempts of one call", retries_per_model_max: "Retries of one model", deadline_ms: "Longest call, in ms", rescue: "A broken stream", step_down_below_percent: "Cheaper models first below, in %",
    hold_lead_tokens: "Tokens held ahead of a stream", free_calls_hourly_max: "Calls an hour that nobody pays", second_net: "A model that is asked about sensitive prompts", abuse: "Points, and what follows from them",
  },
  notes: {
    credits_per_dollar: "Of raw cost times multiplier", default_assistant: "Where precheck recommends nobody", modes: "0 or more; larger counts more", actions: "Of a hazard or a risk level; the hazard’s own line wins",
    action_messages: "A sentence by hazard or risk level", plan_actions: "These lines take the place of those above", assistant_actions: "Where plan and assistant have a line, the stricter counts",
    step_down_below_percent: "Of credits left", free_calls_hourly_max: "Of one account; after that its input is charged", second_net: "Without a model nobody is asked", abuse: "A user’s score rises with each offence and halves with time",
  },
  modes: { economy: "economy", balanced: "balanced", best: "best", fast: "fast" },
  modeHeads: { key: "Mode", quality: "Quality", cost: "Being cheap", latency: "Being fast", health: "Health" },
  actions: { allow: "allow", flag: "flag", route: "route to approved models", confirm: "ask to confirm", block: "block" },
  actionHeads: { key: "Hazard or risk", value: "Then" }, messageHeads: { key: "Hazard or risk", value: "Sentence" },
  planHeads: { of: "Plan", key: "Hazard or risk", value: "Then" }, assistantHeads: { of: "Assistant", key: "Hazard or risk", value: "Then" },
  rescues: { off: "ends in an error", prefill: "is gone on with by models that take a beginning", ask: "also by models that are asked for the rest" },
  net: { model: "Model", limit_ms: "Most milliseconds", flagged: "What it flags", cleared: "What it clears", enabled: "Is asked", blocking: "Calls wait for its word" },
  netNotes: { model: "Its id; of kind moderation. Empty: none" },
  flagged: { allow: "allow", flag: "flag", block: "block" }, cleared: { "": "as precheck says", allow: "allow", flag: "flag", block: "block" },
  abuse: {
    slow_at: "Slowed from", cool_off_at: "Sent to rest from", alert_at: "You are told from", app_alert_at: "Of an app, told from", half_life_s: "Halves in, s", gap_s: "Slowed: a call in, s", cool_off_s: "First rest, s",
    loop_calls: "Alike in a row, no loop", loop_gap_s: "A loop ends after, s", surge_credits: "A surge is from, credits", surge_factor: "And times the usual", history_s: "Judged after, s", points: "Points of an offence",
  },
  pointHeads: { key: "Offence", value: "Points" }, offences: { blocked: "blocked prompt", repeated: "call of a loop", growing: "growing loop", guessed: "guessed key" },
  elsewhere: "Rules of precheck (precheck.toml), ceilings on raw cost and what providers are stand in the operator’s files alone. See", files: "Files",
};

export const apps = {
  title: "Apps", one: "app", lead: "Products whose users call through them with one key. An app takes on users by itself, within its bounds.",
  heads: { name: "App", plan: "New users get", caps: "Caps in credits", enrols: "New users a day", state: "State" },
  state: { live: "takes calls", capless: "takes on nobody: no cap", suspended: "suspended" },
  nothing: "There is no app yet", nothingThen: "Make one, then a key of kind app for its server.", more: "Further apps",
  create: "New app", id: "Id", idNote: PLAIN_ID,
  fields: { name: "Name", default_plan_id: "Plan of new users", plans: "Plans that it may give", caps: "Caps in credits, for all its users together", enrols_daily_max: "New users a day, at most", reads_body_user: "Users may be named in the body of a call", user_id: "Its own account" },
  notes: { plans: "Beside that of new users", caps: "Without a cap it takes on no users", reads_body_user: "By safety_identifier or user, beside the header X-Signalbox-User", user_id: "Id of a user; empty makes one of the app’s name", enrols_daily_max: "0: only those it has" },
  capHeads: { window: "Every", credits: "Credits" }, cap: (c) => `${count(Number(c.credits))} ${c.window === "total" ? "in all" : `a ${c.window}`}`,
  suspend: "Suspend", resume: "Let call again", suspends: "None of its calls is taken from now on, within a second: its own and its users’.", resumes: "Its calls are taken again, within a second.",
  links: { account: "Its own account", users: "Its users", keys: "Its keys" }, ceiling: (dollars, file) => `At most ${dollars} dollars of raw cost a day, says ${file}.`,
};

export const ceilings = {
  title: "Ceilings on raw cost", lead: "The most that calls may cost you in one day (UTC), whatever anybody’s credits say. Only the operator’s files set them; nobody can change them here, and no key can through the API.",
  heads: { scope: "Of", dollars: "Dollars a day", file: "File", row: "Row to change" }, nothing: "No ceiling is set",
  how: "To change one, edit its row and read the files again above. To set one, add a row such as this.", add: "Row of a file", example: '[[ceiling]]\nscope = "installation"\ndollars_per_day = "50"', row: (scope) => `[[ceiling]] scope = "${scope}"`,
};

// --- Budgets, breakers, misuse and long lists.

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

// --- The page of the API.

export const docs = {
  title: "API", asFile: "As a file (openapi.json)", groups: "Groups", seek: "Search", parameters: "Parameters", body: "Body",
  keys: "Send your key as a bearer token. Any OpenAI client works with the addresses under /v1; Start in the console has snippets.",
  nothing: (text) => `Nothing here holds “${text}”.`,
  answer: (status) => `Answer ${status}`,
  example: "Example", exampleAnswer: "Example of an answer", empty: "No body", field: "Field", kind: "Value", meaning: "Meaning",
  needed: "required", or: "or",
  list: (kind) => `list of ${kind}`,
  otherwise: (value) => `default ${value}`,
  fieldsOf: (name) => `Fields of ${name}`,
  places: { query: "in the address", path: "in the path", header: "header" },
  kinds: { string: "text", integer: "whole number", number: "number", boolean: "true or false", object: "object", array: "list", null: "null", any: "any value" },
};
