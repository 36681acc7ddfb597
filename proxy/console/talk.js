// A chat's state: turns in memory, sent and received through the API, and taken up again where the gateway keeps them; knows
// nothing of how it is shown.
import { ApiError, converse } from "./api.js";
import { useEffect, useRef, useState } from "./html.js";
import { caughtUp, opened } from "./kept.js";
import { words } from "./words.js";

const PAINT_EVERY_MS = 60;
const BYTES_PER_TOKEN = 4;
const RESUMED_MAX = 2;
let lastId = 0;

/** Turns and what can be done with them; `onEnded` hears of every answer's end. With `kept` the gateway keeps what is said: it is
 * told the new words alone, and an answer that was cut off goes on by itself. */
export function useTalk(onEnded, kept) {
  const [, paint] = useState(0);
  const state = useRef({ turns: [], id: null, title: "", running: null, opening: null, painter: 0 });
  const now = state.current;
  const show = () => {
    now.painter ||= setTimeout(() => { now.painter = 0; paint((count) => count + 1); }, PAINT_EVERY_MS);
  };
  useEffect(() => () => { now.running?.abort(); clearTimeout(now.painter); }, []);

  const answer = async (turn, body) => {
    const control = new AbortController();
    now.running = control;
    Object.assign(turn, { state: "waiting", error: null, startedMs: performance.now() });
    show();
    const told = () => {
      if (now.running === control && turn.decision) now.id = turn.decision.conversation_id;
      show();
    };
    await heard(turn, { ...body, conversation_id: now.id ?? undefined }, control.signal, told);
    if (now.running === control && kept && turn.state === "cut") await resume(turn, control, true);
    if (now.running === control) now.running = null;
    show();
    onEnded(turn);
  };
  /** Looks what the gateway kept of an answer that is written elsewhere or was; one that broke off here `goesOn` from there. */
  const resume = async (turn, control, goesOn) => {
    if ((turn.resumed ?? 0) >= RESUMED_MAX || !now.id) return;
    turn.resumed = (turn.resumed ?? 0) + 1;
    turn.state = "resuming";
    show();
    const found = await caughtUp(now.id, control.signal);
    Object.assign(turn, found ?? { state: control.signal.aborted ? "stopped" : "cut" });
    if (goesOn && found && turn.state === "cut" && turn.text) await answer(goingOn(turn), { model: turn.choice, continue: true });
  };
  // What is shown follows a moment later: a button pressed twice in it asks once.
  const isFree = () => now.running === null && now.opening === null;
  const begin = (choice, said, more = {}) => {
    const turn = { id: ++lastId, role: "assistant", text: "", reasoning: "", choice };
    const messages = history(now.turns);
    now.turns = [...now.turns, turn];
    return answer(turn, { model: choice, ...(kept ? { message: contentOf(said) } : { messages }), ...more });
  };
  return {
    turns: now.turns,
    get id() { return now.id; },
    get busy() { return now.running !== null; },
    /** Whether something may be said: nothing is being answered, and what was said before is here. */
    get free() { return isFree(); },
    title: now.title,
    send(text, images, choice) {
      if (!isFree()) return undefined;
      leaveRefused(now.turns);
      const said = { id: ++lastId, role: "user", text, images };
      now.turns = [...now.turns, said];
      return begin(choice, said);
    },
    stop() { now.running?.abort(); },
    /** Another answer to the same question; the one before stays to be read, and is no longer part of the chat. */
    again(turn, choice, more) {
      if (!isFree()) return undefined;
      turn.left = true;
      const said = now.turns.slice(0, now.turns.indexOf(turn)).findLast(({ role }) => role === "user");
      const call = kept && turn.state !== "failed" ? (turn.done ?? turn.decision)?.call : undefined;
      return begin(choice, said, { ...more, instead: call });
    },
    /** Lets an answer that broke off go on where it stopped. */
    goOn(turn) {
      if (!isFree()) return undefined;
      const messages = [...history(now.turns), { role: "user", content: words.chat.goOn }];
      return answer(goingOn(turn), { model: turn.choice, ...(kept ? { continue: true } : { messages }) });
    },
    clear() {
      now.running?.abort();
      Object.assign(now, { turns: [], id: null, title: "", running: null, opening: null });
      show();
    },
    /** Takes up a conversation that the gateway kept; `live` says that its last answer was being written here. */
    async open(id, live) {
      now.running?.abort();
      const control = new AbortController();
      // What is there of it stays until more is known.
      Object.assign(now, { id, running: null, opening: control, ...(now.id === id ? {} : { turns: [], title: "" }) });
      show();
      const found = await opened(id, () => ++lastId).finally(() => {
        if (now.opening === control) { now.opening = null; show(); } else control.abort();
      });
      if (control.signal.aborted) return;
      Object.assign(now, { turns: found.turns, title: found.title });
      const last = found.turns.at(-1);
      if (last?.state !== "running" && !(live && last?.state === "cut")) return;
      now.running = control;
      await resume(last, control, live);
      if (now.running === control) now.running = null;
      show();
      onEnded(last);
    },
    rename(title) { now.title = title; show(); },
  };
}

/** What an answer holds is kept in front of what comes; what was paid for it counts with the rest. */
function goingOn(turn) {
  turn.paid = Number(turn.paid ?? 0) + Number(turn.done?.credits ?? 0);
  turn.done = null;
  return turn;
}

/** A question that got no answer is no part of what follows: what was wrong with it would be wrong with every later one. */
function leaveRefused(turns) {
  const [question, answer] = turns.slice(-2);
  if (answer?.state === "failed") { question.left = true; answer.left = true; }
}

/** What the gateway is sent where it keeps nothing between calls. */
export function history(turns, draft = null) {
  const said = turns.filter((turn) => !turn.left && (turn.text || turn.images?.length));
  const all = draft ? [...said, { role: "user", ...draft }] : said;
  return all.map((turn) => ({ role: turn.role, content: contentOf(turn) }));
}

function contentOf({ text, images }) {
  if (!images?.length) return text;
  const pictures = images.map(({ url }) => ({ type: "image_url", image_url: { url } }));
  return text ? [{ type: "text", text }, ...pictures] : pictures;
}

async function heard(turn, body, signal, show) {
  try {
    for await (const event of converse({ ...body, stream: true }, signal)) {
      take(turn, event);
      show();
    }
    if (turn.state === "waiting" || turn.state === "writing") turn.state = "cut";
  } catch (error) {
    if (error.name === "AbortError") turn.state = "stopped";
    else if (error.code === "offline" && turn.decision) turn.state = "cut";
    else fail(turn, error);
  }
}

function take(turn, { name, data }) {
  if (name === "decision") turn.decision = data;
  if (name === "delta") {
    turn.state = "writing";
    turn.text += data.text ?? data.refusal ?? "";
    turn.reasoning += data.reasoning ?? "";
    turn.tokens = Math.ceil((turn.text.length + turn.reasoning.length) / BYTES_PER_TOKEN);
  }
  if (name === "done") Object.assign(turn, { state: "done", done: data, tookMs: performance.now() - turn.startedMs });
  if (name === "error") {
    const said = data.error;
    fail(turn, new ApiError(502, said.code, said.message, { details: said, callId: turn.decision?.call }));
  }
}

function fail(turn, error) {
  turn.state = turn.text ? "broken" : "failed";
  turn.error = error;
}
