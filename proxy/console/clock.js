// A clock that jumped: until somebody says that it is right nothing is admitted; the way to say so, with a reason.
import { ask } from "./api.js";
import { exactly, span } from "./figures.js";
import { html, useState } from "./html.js";
import { Change } from "./deskparts.js";
import { clock as names } from "./words.js";

export function ClockNote({ clock, onDone }) {
  const [asking, setAsking] = useState(false);
  const act = ({ reason }) => ask("POST", "/api/admin/clock", { body: { reason } });
  return html`<div class="note stop" role="alert"><p>${names.jumped(span(Math.abs(clock.jump_ms)), clock.jump_ms < 0)}</p>
      <p>${names.shows(exactly(clock.now_ms), exactly(clock.judged_by_ms))}</p>
      <div class="row"><button type="button" onClick=${() => setAsking(true)}>${names.right}</button></div></div>
    ${asking && html`<${Change} title=${names.right} lead=${names.confirms} button=${names.right} act=${act} onDone=${() => { setAsking(false); onDone(); }} onClose=${() => setAsking(false)} />`}`;
}
