// Everything the chat says: codes in, plain words out.

export const chat = {
  title: "Chat", composer: "Your message", placeholder: "Ask something. Enter sends, Shift and Enter begin a new line.",
  send: "Send", stop: "Stop", fresh: "New chat", choose: "Answered by", change: "Change", auto: "Auto",
  autoSays: "Chooses an assistant by what you ask", assistants: "Assistants",
  byName: (count) => `${count} models by name`,
  open: (open, all) => (open === all ? `${all} models` : `${open} of ${all} models in your plan`),
  price: (into, out) => `${into} in · ${out} out`,
  priceTitle: "Credits per million tokens",
  locked: (plan) => (plan ? `In plan ${plan}` : "In no plan"),
  askFor: "Ask for it", attach: "Add image",
  remove: (name) => `Remove ${name}`,
  tooLarge: (name) => `${name} is larger than 5 MB. Choose a smaller one.`,
  tooMany: (most) => `A message takes ${most} images.`,
  wrongKind: (name) => `${name} is no PNG, JPEG, WebP or GIF.`,
  noImages: "The chosen model does not take images; Auto finds one that does.", you: "You",
  waiting: "Waiting for the first word …", writing: "writing",
  about: (amount) => `about ${amount} credits so far`,
  cost: (amount) => `${amount} credits`,
  tokens: (count) => `${count} tokens`,
  why: "Why this model", whyNot: "Hide why", again: "Answer again with …", continue: "Continue",
  confirm: "Send it all the same", stopped: "You stopped it here. What was written up to then is charged.",
  cut: "The connection broke here. What came is kept.", short: "The answer reached its length limit.",
  short_credits: "The answer ended here because your credits are used up.",
  goOn: "Go on exactly where you stopped. Do not repeat anything.",
  attempts: (count) => `answered at attempt ${count}`,
  rescued: (models) => `continued by ${models}`,
  stepped: "a cheaper model, because credits run low", thinking: "Reasoning", emptyTitle: "Nothing said yet",
  empty: "Write below, or begin with one of these.",
  ideas: ["Summarise the pros and cons of remote work in a table", "Write a Python function that merges two sorted lists", "Translate “good morning” into five languages"],
  kept: "Chats live in this tab alone. Reloading clears them.",
  total: (amount, answers) => `This chat: ${amount} credits in ${answers} ${answers === 1 ? "answer" : "answers"}`,
};

export const thumbs = {
  up: "Good answer", down: "Bad answer", what: "What was it?", any: "No reason", better: "A better model for it", none: "No other",
  more: "More (kept, so nothing private)", send: "Send", thanks: "Thank you. It is kept with this call.",
  reasons: {
    up: { helpful: "Helpful", other: "Something else" },
    down: {
      wrong: "Wrong", incomplete: "Incomplete", ignored_request: "Not what was asked", refused: "Refused without need",
      too_long: "Too long", too_slow: "Too slow", too_dear: "Too dear", other: "Something else",
    },
  },
};

export const threads = {
  title: "Conversations", open: "Chats", none: "What you talk about is listed here.", newest: "New chat",
  kept: (days) => `Chats are kept for ${days} days after their last message. Only you can read them.`,
  resuming: "The connection broke. Looking where the answer stopped …", elsewhere: "This answer is being written …",
  rename: "Rename", save: "Save", erase: "Erase", name: "Title", keep: "Keep the title",
  markdown: "As text (Markdown)", json: "As data (JSON)",
  sure: (title) => `Erase “${title}”? Nobody can bring it back.`,
  yes: "Erase it for good", eraseAll: "Erase all", sureAll: "Erase all your conversations? Nobody can bring them back.",
  yesAll: "Erase all for good",
};

export const precheck = {
  goes: (assistant, model) => (assistant ? `${assistant}, ${model}` : model),
  at_most: (amount) => `${amount} credits at most`,
  confirm: (hazards) => `Asks for your confirmation before it is sent${hazards ? `: it may hold ${hazards}` : ""}.`,
  sensitive: (hazards) => `may hold sensitive data${hazards ? `: ${hazards}` : ""}`,
  disallowed: "would be refused by the operator’s rules", refused: "It would be refused.",
};
