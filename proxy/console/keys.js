// A user's own keys: making one, seeing its secret once, changing what binds it, ending it.
import { ask, read } from "./api.js";
import { html, useState } from "./html.js";
import { Change, Done } from "./deskparts.js";
import { boundsOf, changedBounds, EndField, ScopeFields } from "./keybounds.js";
import { Rest, usePages } from "./pager.js";
import { Copy, Dialog, Loaded, State, Trouble, When, useLoaded } from "./parts.js";
import { words } from "./words.js";

export function Keys() {
  const list = usePages("/api/keys", {});
  const own = useLoaded(() => read("/api/me"), []);
  const [made, setMade] = useState(null);
  const [ending, setEnding] = useState(null);
  const [binding, setBinding] = useState(null);
  const [told, setTold] = useState("");
  const [{ busy, error }, setState] = useState({ busy: false, error: null });
  const attempt = (work) => {
    setState({ busy: true, error: null });
    return work.then(() => { setState({ busy: false, error: null }); list.again(); }, (failure) => setState({ busy: false, error: failure }));
  };
  const make = (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const body = { name: new FormData(form).get("name").trim() };
    attempt(ask("POST", "/api/keys", { body }).then((key) => { setMade(key); form.reset(); }));
  };
  const bind = (given) => ask("PATCH", `/api/keys/${binding.id}`, { body: changedBounds(binding, given) });
  const bound = () => { setBinding(null); setTold(words.usage.bound); list.again(); };
  const end = () => { attempt(ask("DELETE", `/api/keys/${ending.id}`)); setEnding(null); };
  return html`<section aria-labelledby="keys">
    <header><h2 id="keys">${words.usage.keys}</h2></header>
    ${error && html`<${Trouble} error=${error} />`}
    ${told && html`<${Done}>${told}<//>`}
    <${Loaded} of=${own}>${(me) => html`
      ${list.rows.length > 0 && html`<${KeyTable} keys=${list.rows} own=${me.key} onBind=${setBinding} onEnd=${setEnding} />`}
      <${Rest} list=${list} empty=${!list.rows.length} title=${words.usage.noKeys} />
      ${me.key.manage_keys
        ? html`<form class="row after" onSubmit=${make}><label class="hidden" for="key-name">${words.usage.newKeyName}</label>
          <input id="key-name" class="short" type="text" name="name" required maxlength="100" placeholder=${words.usage.newKeyName} /><button disabled=${busy}>${words.usage.make}</button></form>`
        : html`<p class="small soft after">${words.usage.mayNot}</p>`}`}<//>
    ${made && html`<${Dialog} title=${made.name} onClose=${() => setMade(null)}><p>${words.usage.once}</p>
      <p class="code secret"><code>${made.key}</code> <${Copy} text=${made.key} /></p><//>`}
    ${binding && html`<${Change} title=${`${words.usage.bind}: ${binding.name}`} lead=${words.usage.binding} button=${words.usage.bind} wants=${false} act=${bind} onDone=${bound} onClose=${() => setBinding(null)}>
      <${ScopeFields} held=${binding} /><${EndField} ms=${binding.expires_at_ms} /><//>`}
    ${ending && html`<${Dialog} title=${words.usage.end} onClose=${() => setEnding(null)}><p>${words.usage.sureEnd(ending.name)}</p>
      <p class="row after"><button type="button" onClick=${end}>${words.usage.yes}</button></p><//>`}
  </section>`;
}

function KeyTable({ keys, own, onBind, onEnd }) {
  const names = words.usage.key;
  const acts = [[words.usage.bind, onBind], [words.usage.end, onEnd]];
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${words.usage.keys}><table>
    <thead><tr><th scope="col">${names.name}</th><th scope="col">${names.id}</th><th scope="col">${names.bounds}</th><th scope="col">${names.made}</th><th scope="col">${names.expires}</th><th scope="col">${names.state}</th><th scope="col"><span class="hidden">${words.usage.end}</span></th></tr></thead>
    <tbody>${keys.map((key) => { const state = stateOf(key); return html`<tr key=${key.id}><td dir="auto">${key.name}</td><td><span class="id">${key.id}</span></td>
      <td dir="auto">${boundsOf(key).join("; ") || words.none}</td><td><${When} ms=${key.created_at_ms} /></td><td>${key.expires_at_ms ? html`<${When} ms=${key.expires_at_ms} />` : words.none}</td>
      <td><${State} tone=${state === "active" ? "go" : ""}>${words.usage.keyState[state]}<//></td>
      <td>${state === "active" && own.manage_keys && key.id !== own.id && html`<div class="acts">${acts.map(([word, act]) => html`<button type="button" class="plain" key=${word} aria-label=${`${word}: ${key.name}`} onClick=${() => act(key)}>${word}</button>`)}</div>`}</td></tr>`; })}</tbody></table></div>`;
}

function stateOf(key) {
  if (key.revoked_at_ms) return "revoked";
  if (key.suspended) return "suspended";
  return key.expires_at_ms && key.expires_at_ms <= Date.now() ? "expired" : "active";
}
