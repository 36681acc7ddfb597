// Who may answer: the plan's assistants and models with their prices, and what is locked with the plan that opens it.
import { credits } from "./figures.js";
import { html } from "./html.js";
import { words } from "./words.js";

const AUTO = "auto";
// What a key may not call no request opens.
const BY_KEY = "not_in_key_scope";

export function Picker({ offers, choice, onPick, onAsk }) {
  const named = [...offers.aliases, ...offers.models].sort((one, other) => Number(other.available) - Number(one.available));
  const byName = named.some((offer) => offer.id === choice);
  const row = (offer, says) => html`<${Row} key=${offer.id} offer=${offer} says=${says} chosen=${choice === offer.id} onPick=${onPick} onAsk=${onAsk} />`;
  return html`<fieldset class="picker">
    <legend class="hidden">${words.chat.choose}</legend>
    ${row({ id: AUTO, name: words.chat.auto, available: true }, words.chat.autoSays)}
    <h2>${words.chat.assistants}</h2>
    ${offers.assistants.map((assistant) => row(assistant, modelsOf(assistant)))}
    <details open=${byName}>
      <summary>${words.chat.byName(named.length)}</summary>
      <p class="small soft">${words.chat.priceTitle}</p>
      ${named.map((offer) => row(offer, priceOf(offer)))}
    </details>
  </fieldset>`;
}

function Row({ offer, says, chosen, onPick, onAsk }) {
  const locked = !offer.available;
  return html`<div class="offer ${locked ? "locked" : ""}">
    <label>
      <input type="radio" name="model" value=${offer.id} checked=${chosen} disabled=${locked} onChange=${() => onPick(offer.id)} />
      <span><span class="name">${offer.name}</span>${says && html`<span class="says">${says}</span>`}</span>
    </label>
    ${locked && offer.reason === BY_KEY && html`<p class="small soft">${words.chat.notByKey}</p>`}
    ${locked && offer.reason !== BY_KEY && html`<p class="small"><span class="soft">${words.chat.locked(offer.unlocked_by)}</span>
      <button type="button" class="plain" aria-label=${`${words.chat.askFor}: ${offer.name}`} onClick=${() => onAsk(wanted(offer))}>${words.chat.askFor}</button></p>`}
  </div>`;
}

/** What a locked name can be asked for as: its plan, and where it is a model the model alone. */
export const wanted = (offer) => ({ name: offer.name, plan: offer.unlocked_by, model: offer.type === "model" ? offer.id : null });

export function offerOf(offers, id) {
  if (!offers) return null;
  return [...offers.assistants, ...offers.aliases, ...offers.models].find((offer) => offer.id === id) ?? null;
}

export const nameOf = (offers, id) => (id === AUTO ? words.chat.auto : offerOf(offers, id)?.name ?? id);

/** Whether what answers under this name may take images. */
export function takesImages(offer) {
  if (!offer) return true;
  return (offer.models ?? []).some((model) => (model.modalities ?? []).includes("image")) || (offer.modalities ?? []).includes("image");
}

/** Credits for one output token of a model, for the meter that runs while it writes; null where no price is known. */
export function outputPrice(offers, id) {
  const found = offers?.models.find((offer) => offer.id === id);
  return found?.credits_per_million.length ? Number(found.credits_per_million[0].output) / 1e6 : null;
}

function modelsOf(assistant) {
  const open = assistant.models.filter((model) => model.available).length;
  return words.chat.open(open, assistant.models.length);
}

function priceOf(offer) {
  const [price] = offer.credits_per_million ?? [];
  return price ? words.chat.price(credits(price.input), credits(price.output)) : "";
}
