// What the editors of models, aliases, the policy and apps say beside deskwords.js: codes in, plain words out.
import { count } from "./figures.js";

const NAMES_LIKE = "Ids, tag:NAME or globs such as openrouter/*";
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
