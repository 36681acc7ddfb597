// What a reader thinks of an answer: a thumb, and for who wants to say more a reason, a better model and words.
import { ask } from "./api.js";
import { html, useLayoutEffect, useRef, useState } from "./html.js";
import { Trouble } from "./parts.js";
import { words } from "./words.js";

const names = words.thumbs;
const WORDS_MAX = 2_000;

export function Thumbs({ turn, call, offers }) {
  const [open, setOpen] = useState(null);
  const [state, setState] = useState({ thanks: false, error: null });
  const form = useRef(null);
  useLayoutEffect(() => { form.current?.scrollIntoView({ block: "nearest" }); }, [open]);
  // One after another, or the gateway might keep what was said first.
  const before = useRef(Promise.resolve(true));
  const give = (more) => {
    const body = { call, ...more };
    before.current = before.current.then(() => ask("POST", "/api/feedback", { body }))
      .then(() => true, (error) => { setState({ thanks: false, error }); return false; });
    return before.current;
  };
  const press = async (thumb) => {
    setState({ thanks: false, error: null });
    if (!(await give({ thumb }))) return;
    turn.thumb = thumb;
    setOpen(thumb);
  };
  const send = async (event) => {
    event.preventDefault();
    const said = new FormData(event.target);
    const more = { thumb: open, reason: said.get("reason") || null, better_model: said.get("better") || null, words: said.get("words").trim() };
    if (!(await give(more))) return;
    setOpen(null);
    setState({ thanks: true, error: null });
  };
  return html`<span class="thumbs" role="group">${["up", "down"].map((thumb) => html`
      <button key=${thumb} type="button" class="plain" aria-label=${names[thumb]} title=${names[thumb]} aria-pressed=${turn.thumb === thumb ? "true" : "false"} onClick=${() => press(thumb)}>
        <svg viewBox="0 0 20 20" aria-hidden="true" class=${thumb}><path d="M3 9h3v8H3zM6 9l4-7c1.6 0 2.2 1 2 2.4L11.5 8H16c1 0 1.6.9 1.4 1.8l-1.3 5.8c-.2.9-.9 1.4-1.7 1.4H6z" /></svg></button>`)}
      ${state.thanks && html`<span class="soft" role="status">${names.thanks}</span>`}</span>
    ${state.error && html`<${Trouble} error=${state.error} />`}
    ${open && html`<form ref=${form} class="opinion" onSubmit=${send}>
      <label class="field"><span>${names.what}</span><select name="reason"><option value="">${names.any}</option>
        ${Object.entries(names.reasons[open]).map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select></label>
      ${open === "down" && html`<label class="field"><span>${names.better}</span><select name="better"><option value="">${names.none}</option>
        ${(offers?.models ?? []).filter(({ id }) => id !== turn.decision?.model).map((offer) => html`<option key=${offer.id} value=${offer.id}>${offer.name}</option>`)}</select></label>`}
      <label class="field wide"><span>${names.more}</span><input type="text" name="words" maxlength=${WORDS_MAX} dir="auto" autocomplete="off" /></label>
      <div class="row"><button class="first">${names.send}</button><button type="button" class="plain" onClick=${() => setOpen(null)}>${words.close}</button></div></form>`}`;
}
