// Asking an administrator for more: a locked model, the plan that opens it, or credits.
import { ask } from "./api.js";
import { html, useState } from "./html.js";
import { Dialog, Trouble } from "./parts.js";
import { words } from "./words.js";

/** `target` says what can be asked for: `{name, plan, model}`, or `{credits: true}`. */
export function AskFor({ target, onClose, onSent = () => {} }) {
  const [state, setState] = useState({ busy: false, sent: false, error: null });
  const ways = waysOf(target);
  const send = async (event) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const way = ways[Number(given.get("way") ?? 0)];
    const wanted = target.credits ? given.get("amount").trim() : way.target;
    setState({ busy: true, sent: false, error: null });
    const body = { subject: way.subject, target: wanted, words: given.get("words").trim() };
    await ask("POST", "/api/plan-requests", { body }).then(
      () => { setState({ busy: false, sent: true, error: null }); onSent(); },
      (error) => setState({ busy: false, sent: false, error }),
    );
  };
  return html`<${Dialog} title=${target.credits ? words.usage.askMore : words.ask.title(target.name)} onClose=${onClose} busy=${state.busy}>
    ${state.sent ? html`<p role="status">${words.ask.sent}</p>` : html`<form class="stack" onSubmit=${send}>
      <p class="soft">${words.ask.lead}</p>
      ${target.credits && html`<label class="field"><span>${words.usage.amount}</span><input type="text" inputmode="decimal" name="amount" required pattern="[0-9]+(\\.[0-9]{1,3})?" /></label>`}
      ${ways.length > 1 && html`<fieldset><legend><h3>${words.ask.what}</h3></legend>${ways.map((way, index) => html`
        <p key=${way.subject}><label><input type="radio" name="way" value=${index} defaultChecked=${index === 0} /> ${way.says}</label></p>`)}</fieldset>`}
      ${ways.length === 1 && !target.credits && html`<p>${ways[0].says}</p>`}
      <label class="field"><span>${words.ask.why}</span><textarea name="words" rows="3" maxlength="2000"></textarea></label>
      ${state.error && html`<${Trouble} error=${state.error} />`}
      <div class="row"><button class="first" disabled=${state.busy}>${words.ask.send}</button></div>
    </form>`}
  <//>`;
}

function waysOf({ plan, model, name, credits }) {
  if (credits) return [{ subject: "credits" }];
  const ways = [];
  if (plan) ways.push({ subject: "plan", target: plan, says: words.ask.plan(plan) });
  if (model) ways.push({ subject: "model", target: model, says: words.ask.model(name) });
  return ways;
}
