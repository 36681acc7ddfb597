// A part of an OpenAPI document as people read it: what a value may be in, words, rows and an example of it out.
import { docs as names } from "./words.js";
import { html, useState } from "./html.js";

const DEPTH_MAX = 5;

/** The schema that a reference leads to, and the name it has there. */
export function followed(document, schema) {
  const name = schema?.$ref?.split("/").at(-1);
  return name ? { name, schema: document.components.schemas[name] ?? {} } : { name: null, schema: schema ?? {} };
}

/** What a value may be, in few words. */
export function kindOf(document, given) {
  const { schema } = followed(document, given);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return [...new Set(choices.map((one) => kindOf(document, one)))].join(` ${names.or} `);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(", ");
  if (schema.type === "array") return schema.items ? names.list(kindOf(document, schema.items)) : names.kinds.array;
  if (Array.isArray(schema.type)) return schema.type.map((one) => names.kinds[one] ?? one).join(` ${names.or} `);
  return names.kinds[schema.type] ?? names.kinds.any;
}

/** The object with fields of its own that a value is, or is a list of; null for plain values. */
function within(document, given) {
  const { schema } = followed(document, given);
  if (schema.properties) return schema;
  for (const part of [...(schema.anyOf ?? schema.oneOf ?? []), schema.items, schema.additionalProperties]) {
    const found = part && typeof part === "object" ? within(document, part) : null;
    if (found) return found;
  }
  return null;
}

/** Words with what stands between backticks as code. */
export const Told = ({ text }) => html`${(text ?? "").split("`").map((part, index) => (index % 2 ? html`<code>${part}</code>` : part))}`;

export function Fields({ document, schema, label, depth = 0 }) {
  const found = within(document, schema);
  if (!found) return html`<p class="small">${kindOf(document, schema)}</p>`;
  const must = new Set(found.required ?? []);
  return html`<div class="fields">
    ${found.description && depth === 0 && html`<p class="small soft"><${Told} text=${found.description} /></p>`}
    <table aria-label=${label}><thead class=${depth ? "hidden" : ""}><tr><th scope="col">${names.field}</th><th scope="col">${names.kind}</th><th scope="col">${names.meaning}</th></tr></thead>
    <tbody>${Object.entries(found.properties).map(([name, field]) => html`<tr key=${name}>
      <td><code>${name}</code>${must.has(name) && html` <span class="must">${names.needed}</span>`}</td>
      <td>${kindOf(document, field)}${field.default !== undefined && field.default !== null && html` <span class="soft">${names.otherwise(JSON.stringify(field.default))}</span>`}</td>
      <td><${Told} text=${field.description ?? followed(document, field).schema.description} />
        ${depth < DEPTH_MAX && within(document, field) && html`<${Inner} document=${document} schema=${field} name=${name} depth=${depth + 1} />`}</td></tr>`)}</tbody></table></div>`;
}

/** Fields of a field, shown to who asks: some have themselves among them. */
function Inner({ document, schema, name, depth }) {
  const [open, setOpen] = useState(false);
  return html`<details onToggle=${(event) => setOpen(event.currentTarget.open)}><summary>${names.fieldsOf(name)}</summary>
    ${open && html`<${Fields} document=${document} schema=${schema} label=${names.fieldsOf(name)} depth=${depth} />`}</details>`;
}

/** A value that fits; what may be left out is, where the example would be long. */
export function exampleOf(document, given, depth = 0) {
  const { schema } = followed(document, given);
  if (schema.examples?.length) return schema.examples[0];
  if (schema.default !== undefined && schema.default !== null) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return exampleOf(document, choices.find(({ type }) => type !== "null") ?? choices[0], depth);
  if (schema.properties) return exampleObject(document, schema, depth);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "array") return depth < DEPTH_MAX && schema.items ? [exampleOf(document, schema.items, depth + 1)] : [];
  return { string: "text", integer: 1, number: 1, boolean: true, object: {}, null: null }[type] ?? {};
}

function exampleObject(document, schema, depth) {
  if (depth >= DEPTH_MAX) return {};
  const must = schema.required ?? [];
  const fields = Object.entries(schema.properties).filter(([name, field]) => must.includes(name) || (!must.length && field.default === undefined));
  return Object.fromEntries(fields.map(([name, field]) => [name, exampleOf(document, field, depth + 1)]));
}
