// The page of the API: the gateway's own description of itself in, every operation with its fields and examples out; needs no key.
import { read } from "./api.js";
import { docs as names, words } from "./words.js";
import { html, render, useEffect, useState } from "./html.js";
import { Loaded, Snippet, useLoaded } from "./parts.js";
import { exampleOf, Fields, kindOf, Told } from "./schema.js";

const METHODS = ["get", "post", "put", "patch", "delete"];

function Docs() {
  const found = useLoaded(() => read("/openapi.json"), []);
  return html`<header class="bar"><a class="mark" href="/ui"><img src=${new URL("./signal.svg", import.meta.url).href} alt="" />${words.name}</a>
      <div class="who"><a href="/openapi.json">${names.asFile}</a></div></header>
    <${Loaded} of=${found}>${(document) => html`<${Api} document=${document} />`}<//>`;
}

function Api({ document }) {
  const [sought, setSought] = useState("");
  const groups = grouped(document, sought.trim().toLowerCase());
  return html`<div class="api">
    <nav aria-label=${names.groups}><div>
      <label class="field"><span>${names.seek}</span><input type="search" value=${sought} onInput=${(event) => setSought(event.target.value)} /></label>
      <ul>${groups.map(({ tag, operations }) => html`<li key=${tag}><a href=${`#${slug(tag)}`}>${tag}<span class="soft">${operations.length}</span></a></li>`)}</ul>
    </div></nav>
    <main tabindex="-1">
      <header><h1>${names.title}</h1><p><${Told} text=${document.info.description} /></p><p>${names.keys}</p></header>
      ${groups.length === 0 && html`<p class="soft" role="status">${names.nothing(sought)}</p>`}
      ${groups.map(({ tag, operations }) => html`<section key=${tag} id=${slug(tag)} aria-label=${tag}><h2>${tag}</h2>
        ${operations.map((one) => html`<${Operation} key=${one.operationId} document=${document} one=${one} />`)}</section>`)}
    </main></div>`;
}

function Operation({ document, one }) {
  const [open, setOpen] = useState(location.hash === `#${one.operationId}`);
  useEffect(() => {
    const named = () => { if (location.hash === `#${one.operationId}`) setOpen(true); };
    window.addEventListener("hashchange", named);
    return () => window.removeEventListener("hashchange", named);
  }, []);
  const turned = (event) => {
    setOpen(event.currentTarget.open);
    if (event.currentTarget.open) window.history.replaceState(null, "", `#${one.operationId}`);
  };
  return html`<details class="operation" id=${one.operationId} open=${open} onToggle=${turned}>
    <summary><span class=${`method ${one.method}`}>${one.method.toUpperCase()}</span><h3>${one.path}</h3><span>${one.summary}</span></summary>
    ${open && html`<${Inside} document=${document} one=${one} />`}</details>`;
}

function Inside({ document, one }) {
  const body = one.requestBody?.content["application/json"]?.schema;
  const [status, answer] = Object.entries(one.responses).find(([code]) => code.startsWith("2")) ?? ["200", {}];
  const told = answer.content?.["application/json"]?.schema;
  return html`<div class="inside">
    ${one.description && html`<p class="small soft"><${Told} text=${one.description} /></p>`}
    ${one.parameters?.length > 0 && html`<div><h4>${names.parameters}</h4><${Parameters} document=${document} parameters=${one.parameters} /></div>`}
    ${body && html`<div><h4>${names.body}</h4><${Fields} document=${document} schema=${body} label=${names.body} /></div>`}
    <${Snippet} title=${names.example} text=${curl(document, one, body)} />
    <div><h4>${names.answer(status)}</h4>${answer.description && answer.description !== "OK" && html`<p class="small soft"><${Told} text=${answer.description} /></p>`}
      ${told ? html`<${Fields} document=${document} schema=${told} label=${names.answer(status)} />` : html`<p class="small">${answer.content ? Object.keys(answer.content).join(", ") : names.empty}</p>`}</div>
    ${told && html`<${Snippet} title=${names.exampleAnswer} text=${JSON.stringify(exampleOf(document, told), null, 2)} />`}
  </div>`;
}

function Parameters({ document, parameters }) {
  return html`<div class="fields"><table aria-label=${names.parameters}><thead><tr><th scope="col">${names.field}</th><th scope="col">${names.kind}</th><th scope="col">${names.meaning}</th></tr></thead>
    <tbody>${parameters.map((one) => html`<tr key=${one.in + one.name}><td><code>${one.name}</code>${one.required && html` <span class="must">${names.needed}</span>`} <span class="soft">${names.places[one.in]}</span></td>
      <td>${kindOf(document, one.schema)}</td><td><${Told} text=${one.description} /></td></tr>`)}</tbody></table></div>`;
}

function curl(document, one, body) {
  const lines = [`curl ${one.method === "get" ? "" : `-X ${one.method.toUpperCase()} `}"${location.origin}${one.path}"`];
  if (one.security?.length !== 0) lines.push(`-H "Authorization: Bearer $KEY"`);
  if (body) lines.push(`-H "Content-Type: application/json"`, `-d '${JSON.stringify(exampleOf(document, body)).replaceAll("'", "'\\''")}'`);
  return lines.join(" \\\n  ");
}

/** Operations under their tags, in the document's order; those that hold what is sought. */
function grouped(document, sought) {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => methods[method]).map((method) => ({ path, method, ...methods[method] })));
  const fits = (one) => `${one.method} ${one.path} ${one.summary}`.toLowerCase().includes(sought);
  return document.tags.map(({ name }) => ({ tag: name, operations: all.filter((one) => one.tags?.[0] === name && fits(one)) }))
    .filter(({ operations }) => operations.length);
}

const slug = (tag) => `group-${tag.toLowerCase().replaceAll(" ", "-")}`;

render(html`<${Docs} />`, document.getElementById("app"));
