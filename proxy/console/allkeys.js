// Everybody's keys for administrators: found by owner and kind, made with their bounds, shown once, suspended, renewed, ended.
import { html, useState } from "./html.js";
import { Rest, usePages } from "./pager.js";
import { State, When } from "./parts.js";
import { Done } from "./deskparts.js";
import { boundsOf } from "./keybounds.js";
import { KeyActions, KeySecret } from "./keyacts.js";
import { NewKey } from "./newkey.js";
import { desk, words } from "./words.js";

const names = desk.keys;

export function AllKeys({ place }) {
  const given = { user: place.query.get("user") ?? "", app: place.query.get("app") ?? "", kind: place.query.get("kind") ?? "", live: place.query.get("ended") ? "" : "true" };
  const list = usePages("/api/admin/keys", given);
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState(null);
  const [told, setTold] = useState("");
  const show = (event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const asked = Object.fromEntries(["user", "app", "kind"].map((name) => [name, form.get(name).trim()]).filter(([, value]) => value));
    const query = new URLSearchParams({ ...asked, ...(form.get("live") ? {} : { ended: "1" }) }).toString();
    if (query === place.query.toString()) list.again();
    else location.hash = query ? `#/keys?${query}` : "#/keys";
  };
  const acted = (said, key) => { setTold(said); if (key) setMade(key); list.again(); };
  return html`<div class="page">
    <header><h1>${words.pages.keys}</h1><p>${names.lead}</p></header>
    <form class="filters" key=${place.query.toString()} onSubmit=${show}>
      <label class="field"><span>${names.user}</span><input type="text" name="user" defaultValue=${given.user} autocomplete="off" spellcheck=${false} /></label>
      <label class="field"><span>${names.app}</span><input type="text" name="app" defaultValue=${given.app} autocomplete="off" spellcheck=${false} /></label>
      <label class="field"><span>${names.kind}</span><select name="kind" defaultValue=${given.kind}><option value="" selected=${!given.kind}>${names.anyKind}</option>
        ${Object.entries(names.kinds).map(([value, text]) => html`<option key=${value} value=${value} selected=${given.kind === value}>${text}</option>`)}</select></label>
      <label class="row"><input type="checkbox" name="live" defaultChecked=${given.live} /> ${names.live}</label>
      <button>${names.apply}</button>
      <button type="button" class="first" onClick=${() => setMaking(true)}>${names.create}</button></form>
    ${told && html`<${Done}>${told}<//>`}
    ${list.rows.length > 0 && html`<${KeyTable} rows=${list.rows} onActed=${acted} />`}
    <${Rest} list=${list} empty=${!list.rows.length} title=${names.nothing} then=${names.nothingThen} more=${names.more} />
    ${making && html`<${NewKey} userId=${given.user} appId=${given.app} onMade=${(key) => { setMaking(false); setMade(key); list.again(); }} onClose=${() => setMaking(false)} />`}
    ${made && html`<${KeySecret} made=${made} onClose=${() => setMade(null)} />`}
  </div>`;
}

/** Keys with what binds them; `onActed` hears what was done, and of a key that is to be shown. */
export function KeyTable({ rows, onActed, owned = false }) {
  const heads = names.heads;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${words.pages.keys}><table>
    <thead><tr><th scope="col">${heads.name}</th>${!owned && html`<th scope="col">${heads.kind}</th><th scope="col">${heads.owner}</th>`}
      ${[heads.state, heads.bounds, heads.made, heads.expires].map((name) => html`<th scope="col" key=${name}>${name}</th>`)}<th scope="col"><span class="hidden">${names.actions}</span></th></tr></thead>
    <tbody>${rows.map((key) => html`<tr key=${key.id}><th scope="row" class="named" dir="auto">${key.name} <span class="id soft">${key.id}</span></th>
      ${!owned && html`<td>${names.kinds[key.kind]}</td><td dir="auto">${ownerOf(key)}</td>`}
      <td><${State} tone=${TONES[key.state]}>${names.states[key.state]}<//></td><td dir="auto">${boundsOf(key).join("; ") || desk.none}</td>
      <td><${When} ms=${key.created_at_ms} /></td><td>${key.expires_at_ms ? html`<${When} ms=${key.expires_at_ms} />` : desk.none}</td>
      <td>${["live", "suspended"].includes(key.state) && html`<${KeyActions} held=${key} onActed=${onActed} />`}</td></tr>`)}</tbody></table></div>`;
}

const TONES = { live: "go", suspended: "caution", expired: "", revoked: "" };

function ownerOf(key) {
  if (key.app_id) return key.app_id;
  return key.user_id ? html`<a href=${`#/users/${encodeURIComponent(key.user_id)}`}>${key.user_id}</a>` : desk.none;
}
