// Everything that administrators' editing pages say: codes in, plain words out; loaded with the first of these pages.
import { count } from "./figures.js";

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
    scope: (names) => `only ${names.join(", ")}`, cap: (c) => `${count(Number(c.credits))} credits ${c.window === "total" ? "in all" : `a ${c.window}`}`, rate: (r) => `${count(r.requests)} requests in ${r.period_s} s`,
    manage: "may make keys", mode: (mode) => `mode ${mode}`, avoid: (names) => `never ${names.join(", ")}`, only: (names) => `prefers only ${names.join(", ")}`,
  },
  create: "New key", made: "The new key", once: "It is shown this once and kept nowhere. Copy it now, and hand it over by a safe way.", copied: "I have copied it",
  name: "Name, such as the program that uses it", expires: "Ends on (optional)", manage: "May make keys of its own, within its bounds", scope: "Only these models (optional)", scopeNote: "One a line: ids, tag:NAME or globs",
  caps: "Caps in credits (optional)", capHeads: { window: "Every", credits: "Credits" }, rate: "Requests in a time (optional)", rateRequests: "Requests", ratePeriod: "In seconds",
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
  begins: "Id begins with", ofApp: "App id", onlySuspended: "Suspended ones only",
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
