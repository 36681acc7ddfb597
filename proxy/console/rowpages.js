// Pages of catalog rows that administrators make, change and delete: what assistants and plans have in common; which fields
// they have, and how they are listed, their own files say.
import { ask, read } from "./api.js";
import { html, useEffect, useState } from "./html.js";
import { letGo, useHeldBack } from "./leaving.js";
import { Empty, Loaded, Trouble, useLoaded } from "./parts.js";
import { CatalogNav, Change, Done } from "./deskparts.js";
import { drawn, Editor } from "./editor.js";
import { Field } from "./fields.js";
import { desk } from "./deskwords.js";

/** `what` holds page, path, kind, words, fields, fresh (a new row) and Table (the list). */
export function RowPages({ what, place }) {
  if (place.rest === "new") return html`<${Fresh} what=${what} like=${place.query.get("like")} />`;
  if (place.rest) return html`<${One} key=${place.rest} what=${what} id=${place.rest} told=${place.query.get("made") ? desk.saved : ""} />`;
  return html`<${List} what=${what} gone=${place.query.get("gone")} />`;
}

function List({ what, gone }) {
  const { names, page } = what;
  const list = useLoaded(() => read(what.path), []);
  return html`<div class="page">
    <${CatalogNav} page=${page} />
    <header><h1>${names.title}</h1><p>${names.lead}</p></header>
    ${gone && html`<${Done}>${names.removed}<//>`}
    <${Loaded} of=${list}>${({ data }) => html`${data.length ? html`<${what.Table} rows=${data} link=${(row) => linkTo(what, row.id)} />` : html`<${Empty} title=${names.nothing}>${names.nothingThen}<//>`}
      <p class="acts"><a class="button" href=${`#/${page}/new`}>${names.create}</a></p>`}<//>
  </div>`;
}

function One({ what, id, told }) {
  const { names, page } = what;
  const path = `${what.path}/${encodeURIComponent(id)}`;
  const [now, setNow] = useState(null);
  const [said, setSaid] = useState(told);
  const [removing, setRemoving] = useState(false);
  const found = useLoaded(() => read(path), [id]);
  const remove = ({ reason }) => read(path).then(({ version_tag: ifMatch }) => ask("DELETE", `${path}?${new URLSearchParams({ reason })}`, { ifMatch }));
  return html`<div class="page">
    <${CatalogNav} page=${page} />
    <header><p><a href=${`#/${page}`}>${desk.back(names.title.toLowerCase())}</a></p><h1 dir="auto">${(now ?? found.value)?.name ?? id} <span class="id">${id}</span></h1>${(now ?? found.value) && html`<${Source} row=${now ?? found.value} />`}</header>
    ${said && html`<${Done}>${said}<//>`}
    <${Loaded} of=${found}>${(read) => { const row = now ?? read; return html`
      <section><${Editor} kind=${what.kind} path=${path} row=${row} fields=${what.fields} label=${names.one} onSaved=${(saved) => { setNow(saved); setSaid(desk.saved); }} /></section>
      <section><div class="acts"><a class="button" href=${`#/${page}/new?like=${encodeURIComponent(id)}`}>${names.like}</a>
        <button type="button" class="danger" onClick=${() => setRemoving(true)}>${names.remove}</button></div></section>
      ${removing && html`<${Change} title=${`${names.remove}: ${id}`} lead=${`${names.removes}${row.file === null ? "" : ` ${names.removeFile}`}`} button=${names.remove} danger=${true} act=${remove}
        onDone=${() => { letGo(); location.hash = `#/${page}?gone=1`; }} onClose=${() => setRemoving(false)} />`}`; }}<//>
  </div>`;
}

/** Where a row comes from. */
function Source({ row }) {
  return html`<p class="small">${row.file === null ? desk.made : isAsInFile(row) ? desk.fromFile : html`<a href="#/files">${desk.changedBy}</a>`}</p>`;
}

function Fresh({ what, like }) {
  const { names, page } = what;
  const base = useLoaded(() => (like ? read(`${what.path}/${encodeURIComponent(like)}`) : Promise.resolve({})), [like]);
  return html`<div class="page">
    <${CatalogNav} page=${page} />
    <header><p><a href=${`#/${page}`}>${desk.back(names.title.toLowerCase())}</a></p><h1>${names.create}</h1></header>
    <${Loaded} of=${base}>${(row) => html`<${Making} what=${what} from=${{ ...what.fresh, ...row, name: row.name ?? "" }} />`}<//></div>`;
}

function Making({ what, from }) {
  const { names, page } = what;
  const [first] = useState({ id: "", ...drawn(from, what.fields) });
  const [draft, setDraft] = useState(first);
  const release = useHeldBack(draft !== first);
  const [state, setState] = useState({ busy: false, error: null });
  useEffect(() => { document.getElementById("page").focus({ preventScroll: true }); }, []);
  const put = (name, value) => setDraft((now) => ({ ...now, [name]: value }));
  const make = async (event) => {
    event.preventDefault();
    const reason = new FormData(event.currentTarget).get("reason").trim();
    const given = Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== null));
    setState({ busy: true, error: null });
    await ask("POST", what.path, { body: { ...given, reason } })
      .then((row) => { release(); location.hash = `${linkTo(what, row.id)}?made=1`; }, (error) => setState({ busy: false, error }));
  };
  const id = { name: "id", type: "text", label: names.id, note: names.idNote, broad: true };
  return html`<form class="editor stack" aria-label=${names.create} onSubmit=${make}>
    <div class="fields">${[id, ...what.fields].map((field) => html`<${Field} key=${field.name} field=${field} value=${draft[field.name]} onChange=${(value) => put(field.name, value)} />`)}</div>
    <p class="small soft">${desk.editor.new}</p>
    <label class="field"><span>${desk.reason}</span><textarea name="reason" rows="2" required maxlength="500"></textarea></label>
    ${state.error && html`<${Trouble} error=${state.error} />`}
    <div class="row"><button class="first" disabled=${state.busy}>${names.create}</button><a class="button" href=${`#/${page}`}>${desk.cancel}</a></div>
  </form>`;
}

const linkTo = (what, id) => `#/${what.page}/${encodeURIComponent(id)}`;
const isAsInFile = (row) => Object.keys(row.file).every((name) => JSON.stringify(row.file[name]) === JSON.stringify(row[name]));
