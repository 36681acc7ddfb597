// The chat page: who answers, what was said, and what it costs.
import { read } from "./api.js";
import { Answer, Question } from "./answer.js";
import { Composer } from "./composer.js";
import { credits } from "./figures.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { Dialog, Loaded, Trouble, useLoaded } from "./parts.js";
import { nameOf, offerOf, Picker } from "./picker.js";
import { AskFor } from "./askfor.js";
import { listed } from "./kept.js";
import { useTalk } from "./talk.js";
import { ThreadHead, Threads } from "./threads.js";
import { words } from "./words.js";

const NEAR_END_PX = 160;

export function Chat({ who, refresh, shown, me, place }) {
  const { kept, days } = who.me.conversations;
  const picker = useLoaded(() => read("/api/ai/models"), [me?.plan.id, me?.key.id]);
  const [choice, setChoice] = useState("auto");
  const [draft, setDraft] = useState("");
  const [picking, setPicking] = useState(false);
  const [browsing, setBrowsing] = useState(false);
  const [asking, setAsking] = useState(null);
  const [lost, setLost] = useState(null);
  const threads = useLoaded(() => (kept ? listed() : Promise.resolve(null)), [kept]);
  const talk = useTalk(() => { refresh(); threads.again(); }, kept);
  const end = useRef(null);
  useAddress(talk, place, shown && kept, setLost);
  useOtherTabs(talk, threads, kept);
  useFollowing(end, talk, shown);
  const offers = picker.value;
  const pick = (id) => { setChoice(id); setPicking(false); };
  const list = html`<${Loaded} of=${picker}>${(found) => html`
    <${Picker} offers=${found} choice=${choice} onPick=${pick} onAsk=${setAsking} />`}<//>`;
  const chosen = (event) => { if (event.target.closest("a, button.first")) setBrowsing(false); };
  const fresh = () => { talk.clear(); setLost(null); if (kept) location.hash = "#/chat"; };
  const others = kept && html`<${Threads} of=${threads} current=${talk.id} onFresh=${fresh} />`;
  const last = talk.turns.at(-1);
  return html`<div class="chat">
    <aside class="rail" aria-label=${words.chat.choose}><div class="keep">${list}${others}</div></aside>
    <div class="talk">
      <h1 class="hidden">${words.chat.title}</h1>
      ${kept && talk.id && html`<${ThreadHead} key=${talk.id} talk=${talk} threads=${threads} onGone=${fresh} />`}
      <div class="log" role="log" aria-label=${words.chat.title} aria-busy=${talk.busy}>
        ${lost && html`<${Trouble} error=${lost} />`}
        ${talk.turns.length === 0 && !talk.id && html`<${Beginning} onIdea=${setDraft} />`}
        ${talk.turns.map((turn) => (turn.role === "user"
          ? html`<${Question} key=${turn.id} turn=${turn} />`
          : html`<${Answer} key=${turn.id} turn=${turn} offers=${offers} isLast=${turn === last && !talk.busy}
              onAgain=${(id, more) => talk.again(turn, id, more)} onGoOn=${() => talk.goOn(turn)} onAsk=${setAsking} />`))}
        <div ref=${end}></div>
      </div>
      <footer class="foot">
        ${picker.error && html`<${Trouble} error=${picker.error} onRetry=${picker.again} />`}
        <${Composer} talk=${talk} draft=${draft} onDraft=${setDraft} choice=${choice} offer=${offerOf(offers, choice)} shown=${shown}
          chosen=${html`${kept && html`<button type="button" class="chooser" onClick=${() => setBrowsing(true)}>${words.threads.open}</button>`}
            <button type="button" class="chooser" aria-label=${`${words.chat.choose} ${nameOf(offers, choice)}`} onClick=${() => setPicking(true)}>
            <span class="soft">${words.chat.choose}</span> ${nameOf(offers, choice)}</button>`} />
        <p class="small soft totals"><span>${spent(talk.turns) ?? (kept ? words.threads.kept(days) : words.chat.kept)}</span>
          ${talk.turns.length > 0 && html`<button type="button" class="plain" onClick=${fresh}>${words.chat.fresh}</button>`}</p>
      </footer>
    </div>
    ${picking && html`<${Dialog} title=${words.chat.choose} onClose=${() => setPicking(false)}>${list}<//>`}
    ${browsing && html`<${Dialog} title=${words.threads.title} onClose=${() => setBrowsing(false)}><div onClick=${chosen}>${others}</div><//>`}
    ${asking && html`<${AskFor} target=${asking} onClose=${() => setAsking(null)} />`}
  </div>`;
}

function Beginning({ onIdea }) {
  return html`<div class="beginning"><h2>${words.chat.emptyTitle}</h2><p class="soft">${words.chat.empty}</p>
    <ul>${words.chat.ideas.map((idea) => html`<li key=${idea}><button type="button" class="plain" onClick=${() => onIdea(idea)}>${idea}</button></li>`)}</ul>
  </div>`;
}

/** The conversation that the address names, and the address of the one that is shown; `live` while its answer is written, so that
 * a page which is loaded anew lets it go on. */
function useAddress(talk, place, active, onLost) {
  useEffect(() => {
    if (!active || !place.rest || place.rest === talk.id) return;
    onLost(null);
    talk.open(place.rest, place.query.get("live") === "1").catch((error) => { if (talk.id === place.rest) { talk.clear(); onLost(error); } });
  }, [place, active]);
  useEffect(() => {
    // Until it is known whether an answer goes on, the address says what it said.
    if (!talk.busy && !talk.free) return;
    const address = `#/chat/${encodeURIComponent(talk.id ?? "")}${talk.busy ? "?live=1" : ""}`;
    if (active && talk.id && location.hash !== address) window.history.replaceState(window.history.state, "", address);
  });
}

/** What another tab said meanwhile is here when this one is looked at again. */
function useOtherTabs(talk, threads, kept) {
  const latest = useRef(null);
  latest.current = { talk, changed: changedOf(threads.value, talk.id) };
  useEffect(() => {
    const seen = async () => {
      const { talk: before, changed } = latest.current;
      if (!kept || document.hidden || before.busy) return;
      const found = await listed().catch(() => null);
      threads.again();
      const { talk: now } = latest.current;
      if (changed && changedOf(found, now.id) > changed && now.id === before.id && !now.busy) now.open(now.id, false).catch(() => null);
    };
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [kept, threads.again]);
}

const changedOf = (page, id) => page?.data.find((one) => one.id === id)?.changed_at_ms ?? 0;

/** Keeps the newest words in sight, unless the reader has scrolled away from them. */
function useFollowing(end, talk, shown) {
  const following = useRef(true);
  useEffect(() => {
    const looked = () => {
      following.current = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - NEAR_END_PX;
    };
    window.addEventListener("scroll", looked, { passive: true });
    return () => window.removeEventListener("scroll", looked);
  }, []);
  useEffect(() => { following.current = true; }, [talk.turns.length]);
  useEffect(() => {
    if (shown && talk.turns.length && following.current) window.scrollTo(0, document.documentElement.scrollHeight);
  });
}

function spent(turns) {
  const answers = turns.filter((turn) => turn.done || turn.paid);
  if (!answers.length) return null;
  const sum = answers.reduce((all, turn) => all + Number(turn.done?.credits ?? 0) + Number(turn.paid ?? 0), 0);
  return words.chat.total(credits(sum), answers.length);
}
