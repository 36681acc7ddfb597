// Users, page by page, by how their ids or names begin: who they are, whether they may call, and the way to their story; suspending one asks
// for a reason.
import { ask, read } from "./api.js";
import { momentOf } from "./figures.js";
import { html, useState } from "./html.js";
import { Change } from "./deskparts.js";
import { Rest, usePages } from "./pager.js";
import { State, When } from "./parts.js";
import { NewUser } from "./newuser.js";
import { UserPage } from "./userpage.js";
import { desk, words } from "./words.js";

const names = desk.users;

export function Users({ place }) {
  return place.rest ? html`<${UserPage} key=${place.rest} id=${place.rest} />` : html`<${List} key=${place.query.toString()} app=${place.query.get("app") ?? ""} />`;
}

function List({ app }) {
  const [only, setOnly] = useState({ begins: "", named: "", app, suspended: "" });
  const list = usePages("/api/admin/users", only, { cursor: "after" });
  const [making, setMaking] = useState(false);
  const [changing, setChanging] = useState(null);
  // What was changed here stands in its row at once, whatever page it came with.
  const [changed, setChanged] = useState({});
  const asks = Object.values(only).some(Boolean);
  const choose = (name) => (text) => setOnly({ ...only, [name]: text });
  // By one of them at a time.
  const find = (name) => (text) => setOnly({ ...only, begins: "", named: "", [name]: text });
  const done = (user) => { setChanged({ ...changed, [user.id]: user }); setChanging(null); };
  return html`<div class="page">
    <header><h1>${names.title}</h1><p>${names.lead} <a href="#/misuse">${names.misuse}</a></p></header>
    <div class="filters" role="search">
      <${Sought} label=${names.named} value=${only.named} most=256 onFind=${find("named")} />
      <${Sought} label=${names.begins} value=${only.begins} most=100 onFind=${find("begins")} />
      <${Sought} label=${names.ofApp} value=${only.app} most=100 onFind=${choose("app")} />
      <label class="row"><input type="checkbox" checked=${only.suspended !== ""} onChange=${() => setOnly({ ...only, suspended: only.suspended ? "" : "true" })} /> ${names.onlySuspended}</label>
      <button type="button" class="first" onClick=${() => setMaking(true)}>${names.create}</button></div>
    ${list.rows.length > 0 && html`<${Table} rows=${list.rows.map((user) => changed[user.id] ?? user)} onChange=${setChanging} />`}
    <${Rest} list=${list} empty=${!list.rows.length} title=${asks ? desk.nothingFits : names.nothing} then=${asks ? desk.nothingFitsThen : names.nothingThen} />
    ${making && html`<${NewUser} onMade=${(user) => { location.hash = `#/users/${encodeURIComponent(user.id)}`; }} onClose=${() => setMaking(false)} />`}
    ${changing && html`<${Suspend} user=${changing} onDone=${done} onClose=${() => setChanging(null)} />`}
  </div>`;
}

/** What is typed stands until it is asked for, whatever comes meanwhile. */
function Sought({ label, value, most, onFind }) {
  const [typed, setTyped] = useState(null);
  const look = (event) => { setTyped(null); onFind(event.target.value.trim()); };
  return html`<label class="field"><span>${label}</span><input type="search" value=${typed ?? value} maxlength=${most} autocomplete="off" spellcheck=${false}
    onInput=${(event) => setTyped(event.target.value)} onChange=${look} /></label>`;
}

function Table({ rows, onChange }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${names.title}><table>
    <thead><tr><th scope="col">${names.user}</th><th scope="col">${names.app}</th><th scope="col">${names.state}</th><th scope="col">${names.since}</th><th scope="col"><span class="hidden">${names.change}</span></th></tr></thead>
    <tbody>${rows.map((user) => html`<tr key=${user.id}><th scope="row" class="named" dir="auto"><a href="#/users/${encodeURIComponent(user.id)}">${user.name || user.id}</a> <span class="id soft">${user.id}</span></th>
      <td dir="auto">${user.app_id ? [user.app_id, user.external_id].filter(Boolean).join(" / ") : words.none}</td><td><${Standing} user=${user} /></td><td><${When} ms=${user.created_at_ms} /></td>
      <td class="number"><button type="button" class="plain" aria-label=${`${user.suspended ? names.resume : names.suspend}: ${user.id}`} onClick=${() => onChange(user)}>${user.suspended ? names.resume : names.suspend}</button></td></tr>`)}</tbody></table></div>`;
}

function Standing({ user }) {
  if (user.suspended) return html`<${State} tone="stop">${words.support.suspended}<//>`;
  if (user.cooling_until_ms > Date.now()) return html`<${State} tone="caution">${words.support.cooling(momentOf(user.cooling_until_ms))}<//>`;
  return html`<${State} tone="go">${words.support.active}<//>`;
}

function Suspend({ user, onDone, onClose }) {
  const path = `/api/admin/users/${encodeURIComponent(user.id)}`;
  // Read anew, so that a change somebody else made meanwhile is not written over.
  const act = ({ reason }) => read(path).then(({ version_tag: ifMatch }) => ask("PATCH", path, { ifMatch, body: { reason, suspended: !user.suspended } }));
  const word = user.suspended ? names.resume : names.suspend;
  return html`<${Change} title=${`${word}: ${user.id}`} lead=${user.suspended ? names.resumes : names.suspends} button=${word} danger=${!user.suspended} act=${act} onDone=${onDone} onClose=${onClose} />`;
}
