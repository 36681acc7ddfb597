// Conversations that are kept: the list of them, and what can be done with the one that is open.
import { dayOf } from "./figures.js";
import { html, useState } from "./html.js";
import { asData, asFile, erase, eraseAll, listed, rename } from "./kept.js";
import { Dialog, Loaded, Trouble } from "./parts.js";
import { saveText } from "./save.js";
import { words } from "./words.js";

const names = words.threads;

export function Threads({ of, current, onFresh }) {
  // What is older goes on after the newest page; where that came anew, they no longer fit together.
  const [older, setOlder] = useState({ than: null, pages: [], busy: false, error: null });
  const [wiping, setWiping] = useState(false);
  const begun = older.than === of.value ? older : { than: of.value, pages: [], busy: false, error: null };
  const more = (before) => {
    const settle = (change) => setOlder((now) => (now.than === begun.than ? { ...now, busy: false, ...change(now) } : now));
    setOlder({ ...begun, busy: true, error: null });
    return listed(before).then((page) => settle(({ pages }) => ({ pages: [...pages, page] })), (error) => settle(() => ({ error })));
  };
  const gone = () => { setWiping(false); onFresh(); of.again(); };
  return html`<nav class="threads" aria-label=${names.title}>
    <header><h2>${names.title}</h2><button type="button" class="plain first" onClick=${onFresh}>${names.newest}</button></header>
    <${Loaded} of=${of}>${(found) => {
      const pages = [found, ...begun.pages];
      const all = pages.flatMap((page) => page.data);
      const next = pages.at(-1).next_before;
      if (!all.length) return html`<p class="small soft">${names.none}</p>`;
      return html`<ul>${all.map((one) => html`<li key=${one.id}><a href="#/chat/${encodeURIComponent(one.id)}" aria-current=${one.id === current ? "page" : undefined}>
          <span dir="auto">${one.title}</span> <time class="small soft" datetime=${new Date(one.changed_at_ms).toISOString()}>${dayOf(one.changed_at_ms)}</time></a></li>`)}</ul>
        ${begun.error && html`<${Trouble} error=${begun.error} />`}
        <p class="row small">${next && html`<button type="button" class="plain" disabled=${begun.busy} onClick=${() => more(next)}>${words.more}</button>`}
          <button type="button" class="plain" onClick=${() => setWiping(true)}>${names.eraseAll}</button></p>`;
    }}<//>
    ${wiping && html`<${Sure} title=${names.eraseAll} text=${names.sureAll} yes=${names.yesAll} act=${eraseAll} onDone=${gone} onClose=${() => setWiping(false)} />`}
  </nav>`;
}

export function ThreadHead({ talk, threads, onGone }) {
  const [doing, setDoing] = useState(null);
  const { id } = talk;
  const title = threads.value?.data.find((one) => one.id === id)?.title ?? talk.title;
  const close = () => setDoing(null);
  const renamed = (told) => { talk.rename(told.title); threads.again(); close(); };
  const gone = () => { close(); onGone(); threads.again(); };
  if (!title) return null;
  return html`<header class="thread"><h2 dir="auto">${title}</h2><div class="row small">
      ${["rename", "save", "erase"].map((name) => html`<button key=${name} type="button" class="plain" disabled=${talk.busy} onClick=${() => setDoing(name)}>${names[name]}</button>`)}</div>
    ${doing === "rename" && html`<${Rename} id=${id} title=${title} onDone=${renamed} onClose=${close} />`}
    ${doing === "save" && html`<${Save} id=${id} title=${title} onClose=${close} />`}
    ${doing === "erase" && html`<${Sure} title=${names.erase} text=${names.sure(title)} yes=${names.yes} act=${() => erase(id)} onDone=${gone} onClose=${close} />`}
  </header>`;
}

function Rename({ id, title, onDone, onClose }) {
  const [error, setError] = useState(null);
  const send = (event) => {
    event.preventDefault();
    const text = new FormData(event.target).get("title").trim();
    if (text) rename(id, text).then(onDone, setError);
  };
  return html`<${Dialog} title=${names.rename} onClose=${onClose}><form class="stack" onSubmit=${send}>
    <label class="field"><span>${names.name}</span><input type="text" name="title" maxlength="80" required dir="auto" defaultValue=${title} /></label>
    ${error && html`<${Trouble} error=${error} />`}
    <div class="row"><button class="first">${names.keep}</button></div></form><//>`;
}

function Save({ id, title, onClose }) {
  const [error, setError] = useState(null);
  const name = title.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 40) || "chat";
  const save = (load, type, ending) => () =>
    load(id).then((told) => { saveText(`${name}.${ending}`, type, typeof told === "string" ? told : JSON.stringify(told, null, 2)); onClose(); }, setError);
  return html`<${Dialog} title=${names.save} onClose=${onClose}><div class="stack">
    <div class="row"><button type="button" class="first" onClick=${save(asFile, "text/markdown", "md")}>${names.markdown}</button>
      <button type="button" onClick=${save(asData, "application/json", "json")}>${names.json}</button></div>
    ${error && html`<${Trouble} error=${error} />`}</div><//>`;
}

function Sure({ title, text, yes, act, onDone, onClose }) {
  const [{ busy, error }, setState] = useState({ busy: false, error: null });
  const go = () => { setState({ busy: true, error: null }); return act().then(onDone, (failure) => setState({ busy: false, error: failure })); };
  return html`<${Dialog} title=${title} onClose=${onClose} busy=${busy}><div class="stack"><p dir="auto">${text}</p>
    ${error && html`<${Trouble} error=${error} />`}
    <div class="row"><button type="button" class="first" disabled=${busy} onClick=${go}>${yes}</button></div></div><//>`;
}
