// Everything the page of the API says of its own; the rest is the gateway's description.

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
