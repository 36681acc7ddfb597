// The catalog as a whole: what lies over the operator's files, what reading them again would change, a proposal beside what is in
// force, and the providers that can be stopped.
import { ask, read } from "./api.js";
import { html, useState } from "./html.js";
import { Empty, Loaded, State, Trouble, When, useLoaded } from "./parts.js";
import { CeilingPlaces } from "./ceilings.js";
import { Outlook } from "./outlook.js";
import { CatalogNav, Change, Done, said } from "./deskparts.js";
import { Providers } from "./providers.js";
import { desk } from "./words.js";

const names = desk.files;

export function Files() {
  const catalog = useLoaded(() => read("/api/admin/catalog"), []);
  const [told, setTold] = useState("");
  const changed = (said) => { setTold(said); catalog.again(); };
  return html`<div class="page">
    <${CatalogNav} page="files" />
    <header><h1>${names.title}</h1><p>${names.lead}</p></header>
    ${told && html`<${Done}>${told}<//>`}
    <${Loaded} of=${catalog}>${(found) => html`<p class="soft small after">${names.revision} <span class="id">${found.revision}</span> · ${names.rules} <span class="id">${found.rules_revision}</span></p>
      <section aria-labelledby="patches"><header><h2 id="patches">${names.patches}</h2></header>
        ${found.patches.length ? html`<${Patches} rows=${found.patches} onDone=${() => changed(desk.saved)} />` : html`<${Empty} title=${names.noPatches}>${names.noPatchesThen}<//>`}</section>`}<//>
    <${Reload} onDone=${changed} />
    ${catalog.value && html`<${CeilingPlaces} rows=${catalog.value.ceilings} />`}
    <${Proposal} />
    <${Providers} />
  </div>`;
}

const TONES = { plain: "go", shadowed: "caution", orphaned: "stop" };
const PATHS = { model: "models/", assistant: "assistants/", plan: "plans/", alias: "aliases/", provider: "providers/" };
const pathOf = ({ kind, id }) => `/api/admin/${kind === "policy" ? kind : `${PATHS[kind]}${encodeURIComponent(id)}`}`;
// What an administrator made is deleted on its own page; what one deleted of the files' rows comes back here.
const canBack = ({ field, state, value }) => state !== "orphaned" && (field !== "*" || value === null);

function Patches({ rows, onDone }) {
  const [taking, setTaking] = useState(null);
  const heads = names.heads;
  const act = async ({ reason }) => {
    if (taking.field === "*") return ask("POST", "/api/admin/catalog/restore", { body: { kind: taking.kind, id: taking.id, reason } });
    const path = pathOf(taking);
    const row = await read(path);
    return ask("PATCH", path, { ifMatch: row.version_tag, body: { [taking.field]: row.file[taking.field], reason } });
  };
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${names.patches}><table>
    <thead><tr>${Object.values(heads).map((name) => html`<th scope="col" key=${name}>${name}</th>`)}<th scope="col"><span class="hidden">${names.takeBack}</span></th></tr></thead>
    <tbody>${rows.map((patch) => html`<tr key=${`${patch.kind} ${patch.id} ${patch.field}`}><th scope="row" class="named">${rowLink(patch)}</th>
      <td>${patch.field === "*" ? names.whole : patch.field}</td><td dir="auto">${saidOf(patch.file, patch.field)}</td><td dir="auto">${saidOf(patch.value, patch.field)}</td>
      <td><span class="id">${patch.author}</span>, <${When} ms=${patch.at_ms} />${patch.reason && html`<br /><span dir="auto">“${patch.reason}”</span>`}</td>
      <td><${State} tone=${TONES[patch.state]}>${names.states[patch.state]}<//></td>
      <td class="number">${canBack(patch) && html`<button type="button" class="plain" aria-label=${`${names.takeBack}: ${patch.id} ${patch.field}`} onClick=${() => setTaking(patch)}>${names.takeBack}</button>`}</td></tr>`)}</tbody></table></div>
    ${taking && html`<${Change} title=${`${names.takeBack}: ${taking.id} ${taking.field}`} lead=${names.takesBack} button=${names.takeBack} act=${act} onDone=${() => { setTaking(null); onDone(); }} onClose=${() => setTaking(null)} />`}`;
}

const EDITED = { model: "models/", assistant: "assistants/", plan: "plans/", alias: "aliases/" };
const rowLink = ({ kind, id, field, value }) => {
  if (kind === "policy") return html`<a href="#/policy">${kind}</a>`;
  return html`<span class="soft">${kind}</span> ${EDITED[kind] && !(field === "*" && value === null) ? html`<a href=${`#/${EDITED[kind]}${encodeURIComponent(id)}`}>${id}</a>` : id}`;
};

/** What one side says: of a whole row its name. */
function saidOf(value, field) {
  if (field === "*") return value === null ? desk.none : (value.name ?? value.id);
  return said(value);
}

function Reload({ onDone }) {
  const [state, setState] = useState({ outlook: null, busy: false, error: null });
  const put = (change) => setState((now) => ({ ...now, busy: false, error: null, ...change }));
  const failed = (error) => put({ error });
  const look = () => { put({ busy: true }); return read("/api/admin/catalog/files").then((outlook) => put({ outlook }), failed); };
  const reload = () => { put({ busy: true }); return ask("POST", "/api/admin/catalog/reload").then(({ revision }) => { put({ outlook: null }); onDone(names.done(revision)); }, failed); };
  const { outlook, busy, error } = state;
  const differs = outlook && !outlook.mistakes.length && (outlook.changes.length > 0 || outlook.rules_differ || outlook.ceilings_differ);
  return html`<section aria-labelledby="reload"><header><h2 id="reload">${names.reload}</h2></header>
    <p class="acts"><button type="button" disabled=${busy} onClick=${look}>${names.look}</button></p>
    <div aria-live="polite">${error && html`<${Trouble} error=${error} />`}
    ${outlook && html`<${Outlook} outlook=${outlook} same=${names.same} />`}
    ${differs && html`<p class="soft small">${names.looked} ${names.confirms}</p><p class="acts"><button type="button" class="first" disabled=${busy} onClick=${reload}>${names.confirm}</button></p>`}</div></section>`;
}

function Proposal() {
  const [state, setState] = useState({ outlook: null, busy: false, error: null });
  const compare = (event) => {
    event.preventDefault();
    const toml = new FormData(event.currentTarget).get("toml");
    setState({ outlook: null, busy: true, error: null });
    return ask("POST", "/api/admin/catalog/proposal", { body: { toml } }).then((outlook) => setState({ outlook, busy: false, error: null }), (error) => setState({ outlook: null, busy: false, error }));
  };
  const { outlook, busy, error } = state;
  return html`<section aria-labelledby="proposal"><header><h2 id="proposal">${names.proposal}</h2></header>
    <form class="stack" onSubmit=${compare}><p class="soft" id="proposal-lead">${names.proposalLead}</p>
      <label class="field"><span>${names.toml}</span><textarea class="mono" name="toml" rows="6" required maxlength="200000" spellcheck=${false} aria-describedby="proposal-lead"></textarea></label>
      <div class="row"><button disabled=${busy}>${names.compare}</button></div></form>
    <div class="after" aria-live="polite">${error && html`<${Trouble} error=${error} />`}
    ${outlook && html`<${Outlook} outlook=${outlook} same=${names.proposalSame} />${outlook.changes.length > 0 && html`<p class="soft small">${names.proposalThen}</p>`}`}</div></section>`;
}
