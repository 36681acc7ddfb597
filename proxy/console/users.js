// Users, page by page: who they are, whether they may call, and the way to their story; suspending one asks for a reason.
import { ask, read } from "./api.js";
import { momentOf } from "./figures.js";
import { html, useEffect, useState } from "./html.js";
import { Dialog, Empty, State, Trouble, When } from "./parts.js";
import { NewUser } from "./newuser.js";
import { UserPage } from "./userpage.js";
import { desk } from "./deskwords.js";
import { words } from "./words.js";

const PAGE = 50;
const names = desk.users;

export function Users({ place }) {
  return place.rest ? html`<${UserPage} key=${place.rest} id=${place.rest} />` : html`<${List} key=${place.query.toString()} app=${place.query.get("app") ?? ""} />`;
}

function List({ app }) {
  const [state, setState] = useState({ rows: [], next: null, loading: true, error: null });
  const [changing, setChanging] = useState(null);
  const load = (after, rows) => {
    setState({ rows, next: after, loading: true, error: null });
    return read("/api/admin/users", { after, app, limit: PAGE }).then(
      (page) => setState({ rows: [...rows, ...page.data], next: page.next_after, loading: false, error: null }),
      (error) => setState({ rows, next: after, loading: false, error }),
    );
  };
  useEffect(() => { load(null, []); }, []);
  const [making, setMaking] = useState(false);
  const changed = (user) => { setState((now) => ({ ...now, rows: now.rows.map((row) => (row.id === user.id ? user : row)) })); setChanging(null); };
  const { rows, next, loading, error } = state;
  return html`<div class="page">
    <header><h1>${names.title}</h1><p>${names.lead} <a href="#/misuse">${names.misuse}</a></p></header>
    <p class="acts ahead"><button type="button" onClick=${() => setMaking(true)}>${names.create}</button></p>
    ${rows.length > 0 && html`<${Table} rows=${rows} onChange=${setChanging} />`}
    ${error && html`<${Trouble} error=${error} onRetry=${() => load(next, rows)} />`}
    ${loading && html`<p class="soft" role="status">${words.loading}</p>`}
    ${!loading && !error && !rows.length && html`<${Empty} title=${names.nothing}>${names.nothingThen}<//>`}
    ${!loading && next !== null && html`<p class="row after"><button type="button" onClick=${() => load(next, rows)}>${words.more}</button></p>`}
    ${making && html`<${NewUser} onMade=${(user) => { location.hash = `#/users/${encodeURIComponent(user.id)}`; }} onClose=${() => setMaking(false)} />`}
    ${changing && html`<${Suspend} user=${changing} onDone=${changed} onClose=${() => setChanging(null)} />`}
  </div>`;
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
  const [state, setState] = useState({ busy: false, error: null });
  const change = async (event) => {
    event.preventDefault();
    const reason = new FormData(event.currentTarget).get("reason").trim();
    const path = `/api/admin/users/${encodeURIComponent(user.id)}`;
    setState({ busy: true, error: null });
    // Read anew, so that a change somebody else made meanwhile is not written over.
    await read(path).then(({ version_tag: ifMatch }) => ask("PATCH", path, { ifMatch, body: { reason, suspended: !user.suspended } }))
      .then(onDone, (error) => setState({ busy: false, error }));
  };
  const title = `${user.suspended ? names.resume : names.suspend}: ${user.id}`;
  return html`<${Dialog} title=${title} onClose=${onClose}><form class="stack" onSubmit=${change}>
    <p>${user.suspended ? names.resumes : names.suspends}</p>
    <label class="field"><span>${names.reason}</span><textarea name="reason" rows="2" required maxlength="500"></textarea></label>
    ${state.error && html`<${Trouble} error=${state.error} />`}
    <div class="row"><button class="first" disabled=${state.busy}>${user.suspended ? names.resume : names.suspend}</button></div></form><//>`;
}
