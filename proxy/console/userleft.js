// What a user has left, for administrators: windows and credits beside the plan, giving more, letting a window begin anew.
import { ask } from "./api.js";
import { credits } from "./figures.js";
import { html, useState } from "./html.js";
import { Empty } from "./parts.js";
import { Change, endOf } from "./deskparts.js";
import { Part } from "./userstory.js";
import { desk, words } from "./words.js";

const names = desk.user;

export function Left({ path, standing, onDone }) {
  const [doing, setDoing] = useState("");
  const close = () => setDoing("");
  const done = (said) => { close(); onDone(said); };
  return html`<section aria-labelledby="left"><header><h2 id="left">${names.standing}</h2></header>
    ${standing ? html`<div class="columns">${[...standing.windows, ...standing.buckets].map((part) => html`<${Part} key=${part.id ?? part.window + part.family} part=${part} />`)}</div>`
      : html`<${Empty} title=${names.noPlan}>${names.noPlanThen}<//>`}
    <p class="acts"><button type="button" onClick=${() => setDoing("give")}>${names.give}</button>
      ${standing?.windows.length > 0 && html`<button type="button" onClick=${() => setDoing("anew")}>${names.anew}</button>`}</p>
    ${doing === "give" && html`<${Give} path=${path} onDone=${() => done()} onClose=${close} />`}
    ${doing === "anew" && html`<${Anew} path=${path} windows=${standing.windows} onDone=${({ forgiven }) => done(names.forgiven(credits(forgiven)))} onClose=${close} />`}</section>`;
}

function Give({ path, onDone, onClose }) {
  const act = ({ amount, kind, family, expires, reason }) => ask("POST", `${path}/grants`, {
    body: { amount, kind, reason, ...(family && { family }), ...(expires && { expires_at_ms: endOf(expires) }) },
  });
  return html`<${Change} title=${names.give} lead=${names.gives} button=${names.give} act=${act} onDone=${onDone} onClose=${onClose}>
    <div class="pair"><label class="field"><span>${names.amount}</span><input type="text" inputmode="decimal" name="amount" required autocomplete="off" /></label>
      <label class="field"><span>${names.kind}</span><select name="kind">${Object.entries(names.kinds).map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select></label></div>
    <div class="pair"><label class="field"><span>${names.expires}</span><input type="date" name="expires" min=${new Date().toISOString().slice(0, 10)} /></label>
      <label class="field"><span>${names.family}</span><input type="text" name="family" autocomplete="off" spellcheck=${false} /></label></div><//>`;
}

function Anew({ path, windows, onDone, onClose }) {
  const act = ({ which, reason }) => { const { window, family } = windows[Number(which)]; return ask("POST", `${path}/reset`, { body: { window, family, reason } }); };
  const label = ({ window, family, spent }) => `${words.usage.window[window]}${family ? words.usage.family(family) : ""}: ${credits(spent)}`;
  return html`<${Change} title=${names.anew} lead=${names.anews} button=${names.anew} danger=${true} act=${act} onDone=${onDone} onClose=${onClose}>
    <label class="field"><span>${names.window}</span><select name="which">${windows.map((window, at) => html`<option key=${at} value=${at}>${label(window)}</option>`)}</select></label><//>`;
}
