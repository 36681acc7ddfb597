// The inbox of requests for more: who asks for what, what it would come to, and the answer.
import { ask, read } from "./api.js";
import { count, credits, momentOf } from "./figures.js";
import { html, useState } from "./html.js";
import { useHeldBack } from "./leaving.js";
import { Rest, usePages } from "./pager.js";
import { Loaded, State, Trouble, useLoaded } from "./parts.js";
import { REQUEST_TONES } from "./ownrequests.js";
import { words } from "./words.js";

const DAY_MS = 86_400_000;
const names = words.inbox;

export function Requests() {
  const [status, setStatus] = useState("open");
  const list = usePages("/api/admin/plan-requests", { status });
  return html`<div class="page">
    <header><h1>${names.title}</h1><p>${names.lead}</p></header>
    <label class="row">${names.status} <select value=${status} onChange=${(event) => setStatus(event.target.value)}>
      ${Object.entries(words.usage.requestState).map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select></label>
    <section>${list.rows.length > 0 && html`<ul>${list.rows.map((request) => html`<${Request} key=${request.id} request=${request} />`)}</ul>`}
      <${Rest} list=${list} empty=${!list.rows.length} title=${status === "open" ? names.noOpen : words.none} then=${status === "open" && names.noOpenThen} /></section>
  </div>`;
}

function Request({ request }) {
  const [now, setNow] = useState(request);
  const [deciding, setDeciding] = useState(false);
  return html`<li class="request">
    <div class="row apart"><h2 dir="auto">${now.user_id} <span class="soft">${names.what.toLowerCase()}</span> ${names.subject[now.subject]} ${now.target}</h2>
      <span class="small soft">${momentOf(now.created_at_ms)}</span></div>
    ${now.words && html`<blockquote dir="auto">${now.words}</blockquote>`}
    ${now.status !== "open" && html`<p><${State} tone=${REQUEST_TONES[now.status]}>${words.usage.requestState[now.status]}<//> <span dir="auto">${now.answer}</span></p>`}
    ${now.status === "open" && (deciding
      ? html`<${Decide} request=${now} onDone=${(done) => { setNow(done); setDeciding(false); }} />`
      : html`<p class="row"><button type="button" aria-label=${`${names.decide}: ${now.user_id}`} onClick=${() => setDeciding(true)}>${names.decide}</button>
        <a href="#/support/${encodeURIComponent(now.user_id)}">${words.pages.support}</a></p>`)}
  </li>`;
}

function Decide({ request, onDone }) {
  const detail = useLoaded(() => read(`/api/admin/plan-requests/${request.id}`), [request.id]);
  const [state, setState] = useState({ busy: false, error: null });
  const [written, setWritten] = useState(false);
  useHeldBack(written);
  const decide = async (event) => {
    event.preventDefault();
    const how = event.submitter.value;
    const given = new FormData(event.currentTarget);
    const days = Number(given.get("days"));
    const until = how === "approve" && days ? { until_ms: Date.now() + days * DAY_MS } : {};
    setState({ busy: true, error: null });
    await ask("POST", `/api/admin/plan-requests/${request.id}/${how}`, { body: { answer: given.get("answer").trim(), ...until } })
      .then(onDone, (error) => setState({ busy: false, error }));
  };
  return html`<${Loaded} of=${detail}>${({ prospect }) => html`
    ${prospect && html`<p class="soft">${names.would(prospect.days, count(prospect.made.calls), credits(prospect.made.credits))}</p>`}
    ${prospect?.would_cost.length > 0 && html`<ul class="small">${prospect.would_cost.map((cost) => html`<li key=${cost.name}>${names.wouldBe(cost.name, credits(cost.credits))}</li>`)}</ul>`}
    <form onSubmit=${decide} onInput=${() => setWritten(true)}>
      <label class="field"><span>${names.yourWords}</span><textarea name="answer" rows="2" required maxlength="500"></textarea></label>
      <div class="row"><select name="days" aria-label=${names.until}>${Object.entries(names.months).map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select>
        <button class="first" value="approve" disabled=${state.busy}>${names.approve}</button><button value="deny" disabled=${state.busy}>${names.deny}</button></div>
      ${state.error && html`<${Trouble} error=${state.error} />`}
    </form>`}<//>`;
}
