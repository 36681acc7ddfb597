// What can be done to a key that lives: suspend, bind, cap, wish, renew, end; and the one moment in which a key itself is shown.
import { ask } from "./api.js";
import { html, useState } from "./html.js";
import { Copy, Dialog } from "./parts.js";
import { CapFields, WishFields, wishesOf } from "./bounds.js";
import { Change } from "./deskparts.js";
import { changedBounds, EndField, ScopeFields } from "./keybounds.js";
import { desk } from "./words.js";

const names = desk.keys;
const GRACE_MINUTES = 60;

export function KeyActions({ held, onActed }) {
  const [doing, setDoing] = useState("");
  const [caps, setCaps] = useState([]);
  const path = `/api/admin/keys/${encodeURIComponent(held.id)}`;
  const post = (verb, body) => ask("POST", `${path}/${verb}`, { body });
  const stopped = held.state === "suspended";
  const acts = {
    suspend: { word: stopped ? names.resume : names.suspend, lead: stopped ? names.resumes : names.suspends, act: ({ reason }) => post("suspend", { suspended: !stopped, reason }), said: () => desk.saved },
    bind: { word: names.bind, does: names.doBind, lead: names.binding, act: (given) => post("bounds", { ...changedBounds(held, given), reason: given.reason }), said: () => desk.saved },
    cap: { word: names.cap, does: names.doCap, lead: names.capping, act: ({ reason }) => post("caps", { caps, reason }), said: () => desk.saved },
    wish: { word: names.wish, lead: names.wishes, act: (given) => post("wishes", { wishes: wishesOf(given), reason: given.reason }), said: () => desk.saved },
    rotate: { word: names.rotate, lead: names.rotates, act: ({ reason, grace }) => post("rotate", { grace_minutes: Number(grace), reason }), said: () => desk.saved, shows: true },
    revoke: { word: names.revoke, lead: names.revokes, act: ({ reason }) => post("revoke", { reason }), said: ({ revoked }) => names.revoked(revoked), danger: true },
  };
  const current = acts[doing];
  const done = (answer) => { setDoing(""); onActed(current.said(answer), current.shows ? answer : null); };
  return html`<div class="acts">${Object.entries(acts).map(([name, { word }]) => html`
      <button type="button" class="plain" key=${name} aria-label=${`${word}: ${held.name} ${held.id}`} onClick=${() => { setCaps(held.caps); setDoing(name); }}>${word}</button>`)}</div>
    ${current && html`<${Change} title=${`${current.word}: ${held.name}`} lead=${current.lead} button=${current.does ?? current.word} danger=${current.danger} act=${current.act} onDone=${done} onClose=${() => setDoing("")}>
      ${doing === "rotate" && html`<label class="field"><span>${names.grace}</span><input type="number" name="grace" min="0" max="10080" defaultValue=${GRACE_MINUTES} required /></label>`}
      ${doing === "bind" && html`<${ScopeFields} held=${held} /><${EndField} ms=${held.expires_at_ms} />`}
      ${doing === "cap" && html`<${CapFields} caps=${caps} onCaps=${setCaps} />`}
      ${doing === "wish" && html`<${WishFields} wishes=${held.wishes} />`}<//>`}`;
}

/** A new key, once. It closes by its button alone: nobody can be shown it again. */
export function KeySecret({ made, onClose }) {
  return html`<${Dialog} title=${`${names.made}: ${made.name}`} onClose=${onClose} firm=${true}><div class="stack"><p>${names.once}</p>
    <p class="code secret"><code>${made.key}</code> <${Copy} text=${made.key} /></p>
    <div class="row"><button type="button" class="first" onClick=${onClose}>${names.copied}</button></div></div><//>`;
}
