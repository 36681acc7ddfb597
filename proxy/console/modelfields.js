// The fields of a model: what it is and can, its price, who sees it; which of them there are depends on what the model makes.
import { keyed } from "./fields.js";
import { FEATURES, desk, models as names } from "./words.js";

const said = desk.models;
const field = (name, type, more = {}) => ({ name, type, label: names.fields[name], note: names.notes[name], ...more });
const head = (name) => ({ name: `head:${name}`, type: "head", label: names.heads[name] });
const CLASSES = Object.keys(said.classes);
const columns = (heads, whole) => Object.entries(heads).map(([name, label]) => ({ name, label, whole: name === whole, narrow: true }));
const numbers = (labels) => Object.entries(labels).map(([name, label]) => ({ name, type: "number", optional: true, label }));

/** All but price and visibility. */
export function propertiesOf(row, providers) {
  const chats = row.kind === "chat";
  return [
    head("is"), field("name", "text", { optional: true }), field("provider", "choice", { choices: { "": names.byId, ...Object.fromEntries(providers.map(({ id, name }) => [id, name])) } }),
    field("upstream_name", "text", { optional: true }), field("family", "text"), field("kind", "choice", { choices: names.kinds }), field("tags", "lines"),
    head("can"), field("context_tokens_max", "number"), ...(chats ? [field("output_tokens_max", "number"), field("output_tokens_min", "number")] : []), field("vocabulary", "choice", { choices: names.vocabularies }),
    ...(chats ? [field("thinking", "choice", { choices: names.thinkings })] : []), field("modalities", "checks", { choices: names.modalities }),
    ...(chats ? [field("tools", "flag"), field("json_schema", "flag"), field("prefill", "flag", { broad: true })] : []),
    field("lacks", "checks", { wide: true, folded: names.chosen, choices: Object.fromEntries(FEATURES.map((name) => [name, name])) }),
    head("good"), field("latency_tier", "choice", { choices: names.speeds }), field("risks", "checks", { choices: names.risks }),
    field("quality", "rows", { columns: Object.entries(names.qualityHeads).map(([name, label]) => ({ name, label, narrow: true })), ...keyed.numbers }),
    head("bills"), field("tokens_per_byte_max", "factor"), field("tokens_per_byte_min", "factor"), field("image_tokens", "number"),
    ...(chats ? [field("stops_billing_on_close", "flag", { broad: true }), field("hidden_output", "flag", { broad: true })] : []),
    head("waits"), field("timeouts", "record", { wide: true, bare: true, fields: numbers(names.timeouts) }),
  ];
}

/** The fields of a price; prices of long inputs and of sizes only where the model has such. */
export function pricesOf(row) {
  const wanted = row.kind === "image" ? ["image", "request", "input"] : row.kind === "embedding" ? ["input", "request"] : CLASSES;
  return [
    ...(row.images.length ? [] : wanted.map((name) => ({ name, type: "text", decimal: true, optional: true, label: said.classes[name] }))),
    ...(row.kind === "chat" ? [{ name: "tiers", type: "rows", wide: true, label: said.tiers, note: said.classNote, columns: columns(said.tierHeads, "input_tokens_min") }] : []),
    ...(row.kind === "image" ? [{ name: "images", type: "rows", wide: true, label: said.images, columns: columns(said.imageHeads) }] : []),
  ];
}

/** Prices stand in a table of their own; here each class is a field. */
export const priced = {
  shape: (row) => ({ ...row, ...Object.fromEntries(CLASSES.map((name) => [name, row.prices?.[name] ?? null])) }),
  made: (changed, row) => {
    const classes = Object.entries(changed).filter(([name]) => CLASSES.includes(name));
    const others = Object.fromEntries(Object.entries(changed).filter(([name]) => !CLASSES.includes(name)));
    const prices = { ...(row.prices ?? {}), ...Object.fromEntries(classes) };
    // A model without any price is one that cannot be called yet.
    return { ...others, ...(classes.length && { prices: Object.values(prices).some((each) => each !== null) ? prices : null }) };
  },
};

/** A new model: nobody sees it before somebody says so. */
export const FRESH = {
  provider: null, upstream_name: null, family: "", kind: "chat", tags: [], context_tokens_max: 128_000, output_tokens_max: 16_384, output_tokens_min: 16, modalities: ["text"], tools: false, json_schema: false, prefill: false,
  thinking: null, vocabulary: null, lacks: [], latency_tier: "medium", risks: ["safe"], quality: {}, stops_billing_on_close: false, hidden_output: false, tokens_per_byte_max: 1, tokens_per_byte_min: 0.1, image_tokens: 1_500,
  timeouts: {}, prices: null, tiers: [], images: [], hidden: true, plans: [],
};
export { head };
