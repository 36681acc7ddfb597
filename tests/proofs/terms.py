"""The catalog of the proofs: models whose price is known to the unit, plans with credit for a known number of calls."""

from typing import Final

WORDS: Final = 20
MILLI_A_TOKEN: Final = 1_000  # 1,000 dollars a million output tokens, 1,000 credits a dollar, input free
EXACT_MILLI: Final = WORDS * MILLI_A_TOKEN
LEAD_TOKENS: Final = 16
RICH_MILLI: Final = 100_000_000_000  # the plan `rich`, a month
CATALOG: Final = """
[[model]]
id = "sim/exact"
name = "exact"
family = "sim"
upstream_name = "sim-exact--words=20"
context_tokens_max = 100_000
output_tokens_max = 20
prices = { input = "0", output = "1000" }
free = true
tags = ["proof"]

[[model]]
id = "sim/tenth"
name = "tenth"
family = "sim"
upstream_name = "sim-tenth--words=20"
context_tokens_max = 100_000
output_tokens_max = 200
prices = { input = "0", output = "1000" }
free = true
tags = ["proof"]

[[model]]
id = "sim/twin"
name = "twin"
family = "sim"
upstream_name = "sim-twin--words=20"
context_tokens_max = 100_000
output_tokens_max = 20
prices = { input = "0", output = "1000" }
free = true
tags = ["proof"]

[[model]]
id = "sim/greedy"
name = "greedy"
family = "sim"
upstream_name = "sim-greedy--words=20--bills=50"
context_tokens_max = 100_000
output_tokens_max = 20
prices = { input = "0", output = "1000" }
free = true
tags = ["proof"]

# So slow that what a cut holds back, an eighth of a lead, lasts until its provider hears of it, on a busy machine too.
[[model]]
id = "sim/river"
name = "river"
family = "sim"
upstream_name = "sim-river--words=400--ttft=0--pace=20"
context_tokens_max = 100_000
output_tokens_max = 400
stops_billing_on_close = true
# The simulator's words are a token and an event each, so this bound counts them exactly.
tokens_per_byte_max = 0.1
prices = { input = "0", output = "1000" }
free = true
tags = ["proof"]

# Half a minute of words, in steps or at its worst case.
[[model]]
id = "sim/brook"
name = "brook"
family = "sim"
upstream_name = "sim-brook--words=300--ttft=0--pace=10"
context_tokens_max = 100_000
output_tokens_max = 300
stops_billing_on_close = true
tokens_per_byte_max = 0.1
prices = { input = "0", output = "1000" }
free = true
tags = ["proof"]

[[model]]
id = "sim/canal"
name = "canal"
family = "sim"
upstream_name = "sim-canal--words=300--ttft=0--pace=10"
context_tokens_max = 100_000
output_tokens_max = 300
tokens_per_byte_max = 0.1
prices = { input = "0", output = "1000" }
free = true
tags = ["proof"]

[[model]]
id = "sim/paced"
name = "paced"
family = "sim"
upstream_name = "sim-paced--words=20--ttft=100--pace=40"
context_tokens_max = 100_000
output_tokens_max = 20
prices = { input = "0", output = "1000" }
free = true
tags = ["proof"]

[[model]]
id = "sim/fails"
name = "fails"
family = "sim"
upstream_name = "sim-fails--words=20--fail=503"
context_tokens_max = 100_000
output_tokens_max = 20
prices = { input = "0", output = "1000" }
free = true
tags = ["proof"]

[[model]]
id = "sim/errs"
name = "errs"
family = "sim"
upstream_name = "sim-errs--words=20--error-200"
context_tokens_max = 100_000
output_tokens_max = 20
prices = { input = "0", output = "1000" }
free = true
tags = ["proof"]

[[model]]
id = "sim/cuts"
name = "cuts"
family = "sim"
upstream_name = "sim-cuts--words=20--pace=40--reset-after=7"
context_tokens_max = 100_000
output_tokens_max = 20
prices = { input = "0", output = "1000" }
free = true
tags = ["proof"]

[[assistant]]
id = "either"
name = "Either"
family = "sim"
task_types = ["qa"]
order = "weighted"
preferences = ["sim/exact", "sim/twin"]

[[plan]]
id = "ten"
name = "Credit for ten calls"
models = ["tag:proof"]
concurrency_max = 100_000
[[plan.allowances]]
window = "month"
credits = 200

[[plan]]
id = "hundred"
name = "Credit for a hundred calls"
models = ["tag:proof"]
concurrency_max = 100_000
[[plan.allowances]]
window = "month"
credits = 2_000

[[plan]]
id = "stream"
name = "Credit for twenty streams"
models = ["tag:proof"]
concurrency_max = 100_000
[[plan.allowances]]
window = "month"
credits = 8_000

[[plan]]
id = "rich"
name = "Credit for all"
models = ["tag:proof"]
concurrency_max = 100_000
[[plan.allowances]]
window = "month"
credits = 100_000_000
"""
