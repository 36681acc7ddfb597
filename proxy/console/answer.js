// One question or answer as it is read: the words, who wrote them and why, what they cost, and what to do when it went wrong.
import { read } from "./api.js";
import { count, credits, span } from "./figures.js";
import { html, useState } from "./html.js";
import { Decision } from "./decision.js";
import { Markdown } from "./markdown.js";
import { Copy, Loaded, Trouble, useLoaded } from "./parts.js";
import { nameOf, outputPrice, wanted } from "./picker.js";
import { Thumbs } from "./thumbs.js";
import { words } from "./words.js";

const LIVE = ["waiting", "writing", "resuming", "running"];

export function Question({ turn }) {
  return html`<article class="turn question ${turn.left ? "left" : ""}"><h2>${words.chat.you}</h2>
    <div class="said" dir="auto">${turn.text}</div>
    ${turn.images?.length > 0 && html`<ul class="row">${turn.images.map((image) => html`<li key=${image.url} class="thumb"><img src=${image.url} alt=${image.name} /></li>`)}</ul>`}
  </article>`;
}

export function Answer({ turn, offers, isLast, onAgain, onGoOn, onAsk }) {
  const [open, setOpen] = useState(false);
  const told = turn.done ?? turn.decision;
  const writer = told?.model ? nameOf(offers, told.model) : nameOf(offers, turn.choice);
  const live = LIVE.includes(turn.state);
  return html`<article class="turn answer ${turn.left ? "left" : ""}" aria-busy=${live} data-state=${turn.state}>
    <h2>${writer}</h2>
    ${turn.reasoning && html`<details class="reasoning" open=${live && !turn.text}><summary>${words.chat.thinking}</summary><p dir="auto">${turn.reasoning}</p></details>`}
    ${turn.text && html`<${Markdown} text=${turn.text} />`}
    ${turn.state === "waiting" && html`<p class="soft live">${words.chat.waiting}</p>`}
    ${turn.state === "resuming" && html`<p class="soft live" role="status">${words.threads.resuming}</p>`}
    ${turn.state === "running" && html`<p class="soft live" role="status">${words.threads.elsewhere}</p>`}
    <${Ending} turn=${turn} isLast=${isLast} onGoOn=${onGoOn} onAgain=${onAgain} onAsk=${onAsk} offers=${offers} />
    ${told && html`<footer class="under small">
      <button type="button" class="plain" aria-expanded=${open} onClick=${() => setOpen(!open)}>${open ? words.chat.whyNot : whyLine(told)}</button>
      <span class="soft">${figures(turn, offers).join(" · ")}</span>
      ${!live && turn.text && html`<${Copy} text=${turn.text} />`}
      ${!live && turn.text && html`<${Thumbs} turn=${turn} call=${told.call} offers=${offers} />`}
      ${isLast && offers && html`<${Again} offers=${offers} onAgain=${onAgain} />`}
    </footer>`}
    ${open && told && html`<${Why} callId=${told.call} state=${turn.state} />`}
  </article>`;
}

function Ending({ turn, isLast, onGoOn, onAgain, onAsk, offers }) {
  const goOn = isLast && html`<button type="button" onClick=${onGoOn}>${words.chat.continue}</button>`;
  if (turn.state === "stopped") return html`<p class="small soft">${words.chat.stopped}</p>`;
  if (turn.state === "cut") return html`<div class="note caution" role="alert"><p>${words.chat.cut}</p><div class="row">${goOn}</div></div>`;
  if (turn.state === "broken") return html`<${Trouble} error=${turn.error}>${goOn}<//>`;
  if (turn.state === "failed") {
    const retry = isLast ? () => onAgain(turn.choice) : null;
    return html`<${Trouble} error=${turn.error} onRetry=${retry}><${Way} turn=${turn} isLast=${isLast} onAgain=${onAgain} onAsk=${onAsk} offers=${offers} /><//>`;
  }
  const reason = turn.done?.finish_reason;
  if (reason !== "length") return null;
  const broke = turn.done.note === "credits_exhausted" || turn.done.reason === "credits_exhausted";
  return html`<div class="note caution"><p>${broke ? words.chat.short_credits : words.chat.short}</p>${!broke && html`<div class="row">${goOn}</div>`}</div>`;
}

/** The way out of a refusal that has one. */
function Way({ turn, isLast, onAgain, onAsk, offers }) {
  const { code, callId, details } = turn.error;
  const plan = details.unlocked_by ?? (code === "model_not_in_plan" ? details.plan : null);
  if (code === "model_not_in_plan") {
    const offer = offers?.models.find(({ id }) => id === turn.choice);
    const target = offer ? wanted(offer) : { name: plan ?? turn.choice, plan, model: null };
    return html`<button type="button" onClick=${() => onAsk(target)}>${words.chat.askFor}</button>`;
  }
  if (code === "insufficient_credits") {
    return html`<button type="button" onClick=${() => onAsk({ credits: true, name: words.usage.amount })}>${words.usage.askMore}</button>`;
  }
  if (code === "confirmation_required" && isLast && callId) {
    return html`<button type="button" onClick=${() => onAgain(turn.choice, { signalbox: { confirm: callId } })}>${words.chat.confirm}</button>`;
  }
  return null;
}

function Again({ offers, onAgain }) {
  const open = [...offers.assistants, ...offers.aliases, ...offers.models].filter((offer) => offer.available);
  const chosen = (event) => { if (event.target.value) onAgain(event.target.value); };
  return html`<select class="small" aria-label=${words.chat.again} value="" onChange=${chosen}>
    <option value="">${words.chat.again}</option>${open.map((offer) => html`<option key=${offer.id} value=${offer.id}>${offer.name}</option>`)}</select>`;
}

function Why({ callId, state }) {
  const call = useLoaded(() => read(`/api/calls/${callId}`), [callId, state]);
  return html`<div class="why"><${Loaded} of=${call}>${(found) => html`<${Decision} call=${found} link=${true} />`}<//></div>`;
}

const whyLine = (told) => `${words.chat.why}: ${words.reasons[told.reason] ?? told.reason}`;

function figures(turn, offers) {
  const { done, decision, tokens } = turn;
  if (!done) {
    const price = outputPrice(offers, decision?.model);
    return tokens && price ? [words.chat.about(credits(tokens * price))] : [];
  }
  return [
    words.chat.cost(credits(Number(done.credits) + Number(turn.paid ?? 0))),
    done.usage && words.chat.tokens(count(done.usage.total_tokens)),
    turn.tookMs && span(turn.tookMs),
    done.attempts > 1 && words.chat.attempts(done.attempts),
    done.rescued_by && words.chat.rescued(done.rescued_by.map((id) => nameOf(offers, id)).join(", ")),
  ].filter(Boolean);
}
