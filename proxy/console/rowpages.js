// Pages of rows that administrators make, change and delete: what models, assistants, plans, aliases and apps have in common;
// which fields they have, and how they are listed, their own files say.
import { ask, read } from "./api.js";
import { html, useLayoutEffect, useState } from "./html.js";
import { letGo, useHeldBack } from "./leaving.js";
import { Empty, Loaded, Trouble, useLoaded } from "./parts.js";
import { CatalogNav, Change, Done } from "./deskparts.js";
import { drawn, Editor } from "./editor.js";
import { Field } from "./fields.js";
import { Preview } from "./preview.js";
import { desk } from "./words.js";

/**
 * `what` holds page, path, kind (where it is a catalog row), words, fields, fresh (a new row) and Table (the list). `beside` reads
 * what fields need, which are then a function of the row and of that; `shape` and `made` are those of an editor. `List` and `One`
 * take the place of the pages here, `Above` stands over an editor; `tries` replays recorded calls with a new row.
 */
export function RowPages({ what, place }) {
  if (place.rest === "new") return html`<${Fresh} what=${what} like=${place.query.get("like")} />`;
  const Page = place.rest ? what.One ?? One : what.List ?? List;
  return html`<${Page} key=${place.rest} what=${what} id=${place.rest} told=${place.query.get("made") ? desk.saved : ""} gone=${place.query.get("gone")} />`;
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
  const found = useLoaded(() => Promise.all([read(path), what.beside?.()]), [id]);
  const row = now ?? found.value?.[0];
  const changed = (saved) => { setNow(saved); setSaid(desk.saved); };
  return html`<div class="page">
    ${what.kind && html`<${CatalogNav} page=${page} />`}
    <header><p><a href=${`#/${page}`}>${desk.back(names.title.toLowerCase())}</a></p><h1 dir="auto">${row?.name ?? id}${row?.name && html` <span class="id">${id}</span>`}</h1>${row && what.kind && html`<${Source} row=${row} />`}</header>
    ${said && html`<${Done}>${said}<//>`}
    <${Loaded} of=${found}>${([, beside]) => html`${what.Above && html`<${what.Above} id=${id} row=${row} path=${path} beside=${beside} onSaved=${changed} />`}
      <section><${Editor} kind=${what.kind} path=${path} row=${row} fields=${fieldsOf(what, row, beside)} label=${names.one} onSaved=${changed} shape=${what.shape} made=${what.made} /></section>
      ${what.kind && html`<${RowActs} what=${what} id=${id} row=${row} path=${path}><${Preview} patches=${[{ kind: what.kind, id, gone: true }]} /><//>`}`}<//>
  </div>`;
}

/** Making another one like it, and deleting it; children are shown before it is deleted. */
export function RowActs({ what, id, row, path, children }) {
  const { names, page } = what;
  const [removing, setRemoving] = useState(false);
  const remove = ({ reason }) => read(path).then(({ version_tag: ifMatch }) => ask("DELETE", `${path}?${new URLSearchParams({ reason })}`, { ifMatch }));
  return html`<section><div class="acts"><a class="button" href=${`#/${page}/new?like=${encodeURIComponent(id)}`}>${names.like}</a>
      <button type="button" class="danger" onClick=${() => setRemoving(true)}>${names.remove}</button></div></section>
    ${removing && html`<${Change} title=${`${names.remove}: ${id}`} lead=${`${names.removes}${row.file === null ? "" : ` ${names.removeFile}`}`} button=${names.remove} danger=${true} act=${remove}
      onDone=${() => { letGo(); location.hash = `#/${page}?gone=1`; }} onClose=${() => setRemoving(false)}>${children}<//>`}`;
}

/** Where a row comes from. */
export function Source({ row }) {
  return html`<p class="small">${row.file === null ? desk.made : isAsInFile(row) ? desk.fromFile : html`<a href="#/files">${desk.changedBy}</a>`}</p>`;
}

function Fresh({ what, like }) {
  const { names, page } = what;
  const base = useLoaded(() => Promise.all([like ? read(`${what.path}/${encodeURIComponent(like)}`) : {}, what.beside?.()]), [like]);
  return html`<div class="page">
    ${what.kind && html`<${CatalogNav} page=${page} />`}
    <header><p><a href=${`#/${page}`}>${desk.back(names.title.toLowerCase())}</a></p><h1>${names.create}</h1></header>
    <${Loaded} of=${base}>${([row, beside]) => html`<${Making} what=${what} from=${{ ...what.fresh, ...row, name: row.name ?? "" }} beside=${beside} />`}<//></div>`;
}

function Making({ what, from, beside }) {
  const { names, page, shape = same, made = same } = what;
  const [first] = useState(() => ({ ...shape(from), id: "" }));
  const [draft, setDraft] = useState(first);
  const release = useHeldBack(draft !== first);
  const [state, setState] = useState({ busy: false, error: null });
  const [tried, setTried] = useState(null);
  useLayoutEffect(() => { document.getElementById("page").focus({ preventScroll: true }); }, []);
  const fields = [...fieldsOf(what, draft, beside), ...(what.once ?? [])];
  const put = (name, value) => setDraft((now) => ({ ...now, [name]: value }));
  const row = () => Object.fromEntries(Object.entries(made(drawn(draft, fields), {})).filter(([, value]) => value !== null && value !== ""));
  const make = async (event) => {
    event.preventDefault();
    const reason = new FormData(event.currentTarget).get("reason").trim();
    setState({ busy: true, error: null });
    await ask("POST", what.path, { body: { ...row(), id: draft.id, reason } })
      .then((found) => { release(); location.hash = `${linkTo(what, found.id)}?made=1`; }, (error) => setState({ busy: false, error }));
  };
  const id = { name: "id", type: "text", label: names.id, note: names.idNote, broad: true };
  return html`<form class="editor stack" aria-label=${names.create} onSubmit=${make}>
    <div class="fields">${[id, ...fields].map((field) => html`<${Field} key=${field.name} field=${field} value=${draft[field.name] ?? null} onChange=${(value) => put(field.name, value)} />`)}</div>
    ${what.tries && html`<div class="row"><button type="button" onClick=${() => setTried([{ kind: what.kind, id: draft.id, new: true, fields: row() }])}>${names.look}</button> <span class="small soft">${names.looks}</span></div>
      ${tried && html`<${Preview} patches=${tried} />`}`}
    ${what.kind && !what.tries && html`<p class="small soft">${desk.editor.new}</p>`}
    <label class="field"><span>${desk.reason}</span><textarea name="reason" rows="2" required maxlength="500"></textarea></label>
    ${state.error && html`<${Trouble} error=${state.error} />`}
    <div class="row"><button class="first" disabled=${state.busy}>${names.create}</button><a class="button" href=${`#/${page}`}>${desk.cancel}</a></div>
  </form>`;
}

const same = (value) => value;
const fieldsOf = ({ fields }, row, beside) => (typeof fields === "function" ? fields(row, beside) : fields);
export const linkTo = (what, id) => `#/${what.page}/${encodeURIComponent(id)}`;
const isAsInFile = (row) => Object.keys(row.file).every((name) => JSON.stringify(row.file[name]) === JSON.stringify(row[name]));
