// How to make a first call from code: snippets with this gateway's address, and a tour of what happens to one call.
import { ask, heldKey } from "./api.js";
import { dayOf } from "./figures.js";
import { html, useState } from "./html.js";
import { Copy, Snippet, Trouble } from "./parts.js";
import { SNIPPETS } from "./snippets.js";
import { Tour } from "./tour.js";
import { words } from "./words.js";

const NO_KEY = "YOUR_KEY";

export function Start({ me }) {
  const [key, setKey] = useState(NO_KEY);
  const [{ busy, error }, setState] = useState({ busy: false, error: null });
  const [chosen, setChosen] = useState(0);
  const base = `${location.origin}/v1`;
  const make = () => {
    setState({ busy: true, error: null });
    const body = { name: words.start.madeName(dayOf(Date.now())) };
    return ask("POST", "/api/keys", { body })
      .then((made) => { setKey(made.key); setState({ busy: false, error: null }); }, (failure) => setState({ busy: false, error: failure }));
  };
  const hidden = key === NO_KEY;
  const { name, lines } = SNIPPETS[chosen];
  return html`<div class="page">
    <header><h1>${words.start.title}</h1><p>${words.start.lead}</p></header>
    <dl class="facts"><dt>${words.start.base}</dt><dd><code>${base}</code> <${Copy} text=${base} /></dd>
      <dt>${words.start.key}</dt><dd>${hidden
        ? html`<span class="row">${me?.key.manage_keys && html`<button type="button" class="plain" disabled=${busy} onClick=${make}>${words.start.make}</button>`}
          <button type="button" class="plain" onClick=${() => setKey(heldKey() ?? NO_KEY)}>${words.start.show}</button></span>`
        : html`<button type="button" class="plain" onClick=${() => setKey(NO_KEY)}>${words.start.hide}</button>`}</dd></dl>
    ${error && html`<${Trouble} error=${error} />`}
    <p class="soft small after" role="status">${!hidden && key !== heldKey() ? words.start.made : words.start.keyThen}</p>
    <section>
      <${Tabs} chosen=${chosen} onChoose=${setChosen} />
      <div role="tabpanel" id="snippet" aria-labelledby=${`tab-${chosen}`}><${Snippet} title=${name} text=${lines({ base, key, origin: location.origin })} /></div>
      <p class="soft">${words.start.try} <a href="/docs">${words.start.docs}</a></p>
    </section>
    <section aria-labelledby="tour"><header><h2 id="tour">${words.start.tour}</h2></header><${Tour} /></section>
  </div>`;
}

function Tabs({ chosen, onChoose }) {
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = (chosen + step + SNIPPETS.length) % SNIPPETS.length;
    onChoose(next);
    event.currentTarget.children[next].focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${words.start.language} onKeyDown=${move}>${SNIPPETS.map(({ name }, index) => html`
    <button type="button" role="tab" key=${name} id=${`tab-${index}`} aria-controls="snippet" aria-selected=${index === chosen ? "true" : "false"}
      tabindex=${index === chosen ? 0 : -1} onClick=${() => onChoose(index)}>${name}</button>`)}</div>`;
}
