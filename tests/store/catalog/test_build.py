"""Claims about loading: what rows become, and that every mistake is found, named and told together with the others."""

from pathlib import Path

import pytest

from proxy.domain.assistant import Preference
from proxy.domain.catalog import Timeouts
from proxy.domain.money import Prices, PriceTier, worst_credits_milli
from proxy.domain.picture import ImagePrice, Picture
from proxy.domain.plan import Allowance, Rate, tariff
from proxy.domain.standing import Cap
from proxy.store.catalog.build import load
from proxy.store.catalog.check import INPUT_TOKENS_MAX
from proxy.store.catalog.mistakes import CatalogMistakes
from tests.store.catalog.folder import ALIASES, ASSISTANTS, MODELS, PLANS, POLICY, PRECHECK, PROVIDERS, folder, model_row


def mistakes(path: Path, **changes: str) -> list[tuple[str, str, str]]:
    with pytest.raises(CatalogMistakes) as caught:
        load(folder(path, **changes))
    return [(m.file, m.key, m.message) for m in caught.value.mistakes]


# --- what rows become -------------------------------------------------------------------------------------------------


def test_prices_become_nano_dollars_and_left_out_classes_cost_what_the_nearest_does(tmp_path: Path) -> None:
    model = load(folder(tmp_path)).models["p/large"]
    dollars = 10**9
    assert model.tiers == (
        PriceTier(
            0,
            Prices(
                input=5 * dollars // 2,
                cached_input=5 * dollars // 4,
                cache_write=5 * dollars // 2,
                output=10 * dollars,
                reasoning=10 * dollars,
            ),
        ),
    )


def test_prices_per_piece_are_for_one_image_or_request(tmp_path: Path) -> None:
    more = 'prices = { input = "1", output = "4", image = "0.004", request = "0.01" }'
    prices = load(folder(tmp_path, models=MODELS + model_row("p/seer", more))).models["p/seer"].tiers[0].prices
    # Prices are nano-dollars per million, so one image costs a millionth of this.
    assert (prices.image, prices.request) == (4_000_000 * 10**6, 10_000_000 * 10**6)


def test_a_tier_holds_from_its_start_on(tmp_path: Path) -> None:
    more = 'prices = { input = "1", output = "4" }\n[[model.tiers]]\ninput_tokens_min = 200_001\ninput = "2"\noutput = "8"\n'
    tiers = load(folder(tmp_path, models=MODELS + model_row("p/long", more))).models["p/long"].tiers
    assert [(tier.input_tokens_min, tier.prices.input) for tier in tiers] == [(0, 10**9), (200_001, 2 * 10**9)]


def test_a_model_is_made_known_plan_by_plan(tmp_path: Path) -> None:
    row = 'tags = ["cheap"]\nprices = { input = "1", output = "4" }\n'
    models = MODELS + model_row("p/hidden", row + "hidden = true") + model_row("p/some", row + 'plans = ["second"]')
    second = PLANS.replace('"basic"', '"second"')
    catalog = load(folder(tmp_path, models=models, plans=PLANS + second))
    assert (catalog.plans["basic"].models, catalog.plans["second"].models) == (("p/small",), ("p/small", "p/some"))
    assert catalog.models["p/hidden"].hidden


def test_a_stage_names_plans_that_there_are(tmp_path: Path) -> None:
    row = 'plans = ["basic", "none"]\nprices = { input = "1", output = "4" }'
    assert mistakes(tmp_path, models=MODELS + model_row("p/some", row)) == [
        ("models.toml", "model[p/some].plans[1]", "there is no plan 'none'")
    ]


def test_names_tags_and_globs_are_expanded_in_the_catalogs_order(tmp_path: Path) -> None:
    catalog = load(folder(tmp_path, aliases='[[alias]]\nid = "both"\nmodels = ["p/large", "p/*"]\n'))
    assert catalog.aliases["both"].models == ("p/large", "p/small")
    assert catalog.plans["basic"].models == ("p/small",)
    assert catalog.assistants["general"].preferences == (Preference("p/small"), Preference("p/large"))


def test_credits_become_milli_credits_and_multipliers_parts_per_million(tmp_path: Path) -> None:
    plans = PLANS + 'multiplier = "1.25"\nfamily_multipliers = { gpt = "2" }\nrates = { chat = { requests = 5 } }\n'
    catalog = load(folder(tmp_path, plans=plans))
    plan = catalog.plans["basic"]
    assert catalog.milli_credits_per_dollar == 1_000_000
    assert plan.allowances == (Allowance("month", 1_000_500),)
    assert (plan.multiplier_ppm, plan.family_multipliers_ppm) == (1_250_000, {"gpt": 2_000_000})
    assert plan.rates == {"chat": Rate(5, 60)}


def test_a_plans_own_credit_prices_are_milli_credits_per_million(tmp_path: Path) -> None:
    plans = PLANS + 'credit_prices = { gpt = { input = "1.5", output = 6, image = 2 } }\n'
    prices = load(folder(tmp_path, plans=plans)).plans["basic"].credit_prices["gpt"]
    assert (prices.input, prices.cached_input, prices.output, prices.image) == (1_500, 1_500, 6_000, 2_000 * 10**6)


def test_a_models_timeouts_win_over_its_providers_and_those_over_the_default(tmp_path: Path) -> None:
    catalog = load(
        folder(
            tmp_path,
            providers=PROVIDERS + "timeouts = { first_byte_ms = 9_000, idle_ms = 7_000 }\n",
            models=MODELS + "timeouts = { first_byte_ms = 8_000 }\n",
        )
    )
    assert catalog.models["p/small"].timeouts == Timeouts(first_byte_ms=9_000, whole_ms=9_000, idle_ms=7_000)
    assert catalog.models["p/large"].timeouts == Timeouts(first_byte_ms=8_000, whole_ms=8_000, idle_ms=7_000)


def test_a_whole_answer_may_take_longer_than_a_first_token_where_a_row_says_so_or_says_nothing(tmp_path: Path) -> None:
    files = folder(
        tmp_path,
        providers=PROVIDERS + "timeouts = { whole_ms = 90_000 }\n",
        models=MODELS + "timeouts = { first_byte_ms = 8_000, whole_ms = 70_000 }\n",
    )
    catalog = load(files)
    assert catalog.models["p/small"].timeouts == Timeouts(whole_ms=90_000)
    assert catalog.models["p/large"].timeouts == Timeouts(first_byte_ms=8_000, whole_ms=70_000)


def test_vectors_are_no_longer_waited_for_than_a_first_token(tmp_path: Path) -> None:
    vectors = (
        '[[model]]\nid = "p/embed"\nkind = "embedding"\nfamily = "e"\ncontext_tokens_max = 8_000\nprices = { input = "1" }\n'
    )
    catalog = load(folder(tmp_path, models=MODELS + vectors))
    assert catalog.models["p/embed"].timeouts.whole_ms == Timeouts().first_byte_ms
    assert catalog.models["p/small"].timeouts == Timeouts()


def test_the_precheck_rules_come_with_the_catalog_and_a_revision_of_their_own(tmp_path: Path) -> None:
    first = load(folder(tmp_path / "a"))
    second = load(folder(tmp_path / "b", precheck=PRECHECK.replace("2.0", "3.0")))
    (rule,) = first.rules.rules
    assert (rule.id, rule.says, rule.value, rule.weight) == ("python", "category", "coding", 2.0)
    assert rule.pattern.search("in python please") is not None
    assert (first.rules.risks, first.rules.category_margin) == ({"cyber": "disallowed"}, 0.5)
    assert first.revision == second.revision
    assert first.rules.revision != second.rules.revision


def test_ceilings_are_caps_on_raw_cost_outside_the_revision(tmp_path: Path) -> None:
    plain = load(folder(tmp_path / "a"))
    capped = load(folder(tmp_path / "b", policy=POLICY + '[[ceiling]]\nscope = "provider:p"\ndollars_per_day = "2.5"\n'))
    assert capped.ceilings == (Cap("provider:p", "day", 2_500_000_000, "nano_usd"),)
    assert capped.revision == plain.revision


def test_the_revision_follows_the_content_and_not_the_layout_of_the_files(tmp_path: Path) -> None:
    usual = load(folder(tmp_path / "a"))
    moved = load(folder(tmp_path / "b", aliases="", plans=ALIASES + PLANS))
    changed = load(folder(tmp_path / "c", models=MODELS.replace('"4"', '"5"')))
    assert usual.revision == moved.revision
    assert usual.revision != changed.revision


def test_a_stand_in_for_a_provider_never_gets_the_providers_key(tmp_path: Path) -> None:
    usual = load(folder(tmp_path))
    demo = load(tmp_path, {"p": "http://127.0.0.1:5555/v1/"})
    stand_in = demo.providers["p"]
    assert (stand_in.base_url, stand_in.key_variable, stand_in.private_network) == (
        "http://127.0.0.1:5555/v1",
        None,
        True,
    )
    assert demo.revision == usual.revision


DEAR_IMAGES = (
    '[[model]]\nid = "p/dot"\nfamily = "dot"\nkind = "image"\ncontext_tokens_max = 4_000\n'
    'images = [{ price = "999999999" }]\nprices = { input = "1" }\n'
)


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "key", "word"),
    [
        ("models", MODELS.replace('"4"', "4.0"), "model[p/small].prices.output", "quotes"),
        ("models", MODELS.replace('"4"', "4"), "model[p/small].prices.output", "quotes"),
        ("models", MODELS.replace('"4"', '"4e1"'), "model[p/small].prices.output", "decimal string"),
        ("models", MODELS.replace('"4"', '"-4"'), "model[p/small].prices.output", "decimal string"),
        ("models", MODELS.replace('"4"', '"0.00"'), "model[p/small].prices.output", "free = true"),
        ("models", MODELS.replace(', output = "4"', ""), "model[p/small].prices.output", "missing"),
        ("models", MODELS + model_row("p/bare", ""), "model[p/bare].prices", "active = false"),
        ("models", MODELS + model_row("q/new"), "model[q/new].provider", "no provider 'q'"),
        ("models", MODELS + model_row("p/small"), "model[p/small]", "exists already in models.toml"),
        ("models", MODELS + model_row("bare"), "model[bare].id", "slash"),
        ("models", MODELS + "speed = 3\n", "model[p/large].speed", "known are id, name, family"),
        ("models", MODELS + "tools = 1\n", "model[p/large].tools", "true or false"),
        ("models", MODELS + "output_tokens_min = 9_000\n", "model[p/large]", "output_tokens_min"),
        ("models", MODELS + '[[modle]]\nid = "p/x"\n', "modle", "known are [[provider]]"),
        ("aliases", '[[alias]]\nid = "a/b"\nmodels = ["p/small"]\n', "alias[a/b].id", "no slash"),
        ("aliases", '[[alias]]\nid = "general"\nmodels = ["p/small"]\n', "alias[general].id", "assistant"),
        ("aliases", '[[alias]]\nid = "auto"\nmodels = ["p/small"]\n', "alias[auto].id", "reserved"),
        ("aliases", '[[alias]]\nid = "x"\nmodels = ["p/small", "p/none"]\n', "alias[x].models[1]", "'p/none'"),
        ("aliases", "[alias]\nx = 1\n", "alias", "[[alias]]"),
        ("aliases", '[[alias]]\nmodels = ["p/small"]\n', "alias[0].id", "missing"),
        ("assistants", ASSISTANTS.replace("p/*", "p/gone"), "assistant[general].preferences[0]", "'p/gone'"),
        ("assistants", ASSISTANTS + 'plans = ["basic", "gold"]\n', "assistant[general].plans[1]", "'gold'"),
        ("plans", PLANS.replace("[[plan]]\n", '[[plan]]\nmode = "quick"\n'), "plan[basic].mode", "economy"),
        ("assistants", ASSISTANTS + 'weights = { "p/x" = 2.0 }\n', "assistant[general].weights.p/x", "preferences"),
        ("plans", PLANS.replace('0.5"', '0.5", family = "gpd"'), "plan[basic].allowances[0].family", "'gpd'"),
        ("policy", POLICY.replace("1_000", '1_000\ndefault_assistant = "none"'), "policy[policy].default_assistant", "'none'"),
        ("plans", PLANS.replace("tag:cheap", "tag:none"), "plan[basic].models[0]", "'tag:none'"),
        ("plans", PLANS + 'multiplier = "0"\n', "plan[basic].multiplier", "free = true"),
        ("plans", PLANS + "multiplier = 1.5\n", "plan[basic].multiplier", "quotes"),
        ("plans", PLANS.replace('"1000.5"', "1000.5"), "plan[basic].allowances[0].credits", "whole number"),
        ("plans", PLANS.replace('"month"', '"year"'), "plan[basic].allowances[0].window", "'day'"),
        ("providers", PROVIDERS.replace("https", "http"), "provider[p]", "private_network"),
        ("providers", PROVIDERS + 'headers = { Authorization = "x" }\n', "provider[p].headers", "key_variable"),
        ("providers", PROVIDERS + 'transport = "pigeon"\n', "provider[p].transport", "'relay'"),
        ("policy", POLICY.replace("1_000", "-1"), "policy[policy].credits_per_dollar", "credits"),
        ("policy", POLICY.replace("1_000", "0"), "policy[policy].credits_per_dollar", "worth"),
        ("policy", POLICY.replace("1_000", '"0.000"'), "policy[policy].credits_per_dollar", "worth"),
        ("policy", POLICY.replace("1_000", "1_000_001"), "policy[policy].credits_per_dollar", "at most 1,000,000"),
        ("plans", PLANS + 'multiplier = "1000.000001"\n', "plan[basic].multiplier", "at most 1,000"),
        ("plans", PLANS + 'family_multipliers = { gpt = "1001" }\n', "plan[basic].family_multipliers.gpt", "at most 1,000"),
        ("plans", PLANS + "n_max = 129\n", "plan[basic].n_max", "at most 128"),
        ("models", MODELS.replace("8_000\nout", "100_000_001\nout"), "model[p/small].context_tokens_max", "at most"),
        ("models", MODELS.replace('"4"', '"999999999"'), "model[p/small].prices", "no book can count"),
        ("models", MODELS + DEAR_IMAGES, "model[p/dot].images", "no book can count"),
        ("policy", POLICY + '[policy.actions]\nnothing = "block"\n', "policy[policy].actions.nothing", "hazard"),
        ("policy", "", "policy", "[policy]"),
        ("precheck", PRECHECK.replace("\\bpython\\b", "(python"), "rule[python].pattern", "regular expression"),
        ("precheck", PRECHECK + PRECHECK[PRECHECK.index("[[rule]]") :], "rule[python]", "exists already"),
        ("precheck", PRECHECK.replace('code = "general"', 'code = "none"'), "assistants.code", "'none'"),
        ("precheck", "margin = 1\n" + PRECHECK, "file.margin", "known are rule"),
        ("precheck", PRECHECK.replace('value = "coding"', 'value = "sport"'), "rule", "sport has no family"),
        ("plans", "id = ", "file", "no TOML"),
    ],
)
def test_a_mistake_names_its_file_its_key_and_what_would_mend_it(
    tmp_path: Path, name: str, content: str, key: str, word: str
) -> None:
    found = mistakes(tmp_path, **{name: content})
    assert [(file, where) for file, where, _ in found if where == key] == [(f"{name}.toml", key)], found
    assert word in next(message for _, where, message in found if where == key)


def test_the_largest_multiplier_and_worth_of_a_dollar_leave_the_dearest_models_of_today_callable(tmp_path: Path) -> None:
    dearest = MODELS.replace("output_tokens_max = 8_000", "output_tokens_max = 1_000_000").replace('"10.00"', '"600"')
    catalog = load(
        folder(
            tmp_path,
            models=dearest,
            plans=PLANS + 'multiplier = "1000"\nn_max = 128\n',
            policy=POLICY.replace("1_000", "1_000_000"),
        )
    )
    (plan,), model = catalog.plans.values(), catalog.models["p/large"]
    terms = tariff(plan, model.family, catalog.milli_credits_per_dollar)
    assert worst_credits_milli(model.tiers, terms, INPUT_TOKENS_MAX, 128 * model.output_tokens_max) < 2**63


def test_a_default_assistant_that_is_disabled_is_a_mistake(tmp_path: Path) -> None:
    found = mistakes(tmp_path, assistants=ASSISTANTS + "enabled = false\n")
    assert [(file, key) for file, key, _ in found] == [("policy.toml", "policy[policy].default_assistant")]
    assert "disabled" in found[0][2]


def test_mistakes_of_several_files_are_told_together(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        models=MODELS.replace('"4"', "4.0"),
        aliases='[[alias]]\nid = "x"\nmodels = ["p/small"]\ncolour = "red"\n',
        plans=PLANS + 'multiplier = "0"\n',
        precheck=PRECHECK.replace("\\bpython\\b", "(python"),
    )
    assert sorted(file for file, _, _ in found) == ["aliases.toml", "models.toml", "plans.toml", "precheck.toml"]


def test_a_row_with_a_mistake_of_its_own_is_not_called_missing_as_well(tmp_path: Path) -> None:
    found = mistakes(tmp_path, models=MODELS.replace('"4"', "4.0"))
    assert [key for _, key, _ in found] == ["model[p/small].prices.output"]


def test_a_price_of_nothing_is_fine_where_the_operator_says_free(tmp_path: Path) -> None:
    more = 'free = true\nprices = { input = "0", output = "0" }'
    assert load(folder(tmp_path, models=MODELS + model_row("p/gift", more))).models["p/gift"].tiers[0].prices.is_zero


def test_an_unpriced_model_may_stand_there_inactive(tmp_path: Path) -> None:
    model = load(folder(tmp_path, models=MODELS + model_row("p/bare", "active = false"))).models["p/bare"]
    assert (model.active, model.tiers) == (False, ())


def test_a_chain_longer_than_policy_looks_at_is_a_mistake(tmp_path: Path) -> None:
    many = "".join(model_row(f"p/m{number}") for number in range(16))
    found = mistakes(tmp_path, models=MODELS + many)
    assert [(key, "at most 16" in message) for _, key, message in found] == [("assistant[general].preferences", True)]


def test_a_folder_without_files_says_so(tmp_path: Path) -> None:
    with pytest.raises(CatalogMistakes, match="no catalog file is here"):
        load(tmp_path)


def test_a_missing_rules_file_is_a_mistake(tmp_path: Path) -> None:
    (folder(tmp_path) / "precheck.toml").unlink()
    with pytest.raises(CatalogMistakes, match=r"precheck\.toml: file: cannot be read"):
        load(tmp_path)


# --- dialects ---------------------------------------------------------------------------------------------------------


def speaks(dialect: str, more: str = "") -> str:
    return f'[[provider]]\nid = "p"\nname = "P"\nbase_url = "https://p.example"\ndialect = "{dialect}"\n{more}'


def test_a_model_lacks_what_its_dialect_its_provider_and_its_own_row_lack(tmp_path: Path) -> None:
    row = model_row("p/odd", 'prices = { input = "1", output = "4" }\nthinking = "effort"\nlacks = ["top_p"]')
    catalog = load(folder(tmp_path, providers=speaks("anthropic", 'lacks = ["stop"]\n'), models=MODELS + row))
    assert {"n", "stop", "top_p"} <= set(catalog.models["p/odd"].lacks)
    assert "reasoning_effort" not in catalog.models["p/odd"].lacks
    assert "reasoning_effort" in catalog.models["p/small"].lacks
    assert catalog.models["p/odd"].thinking == "effort"


def test_openrouter_is_told_whom_to_ask(tmp_path: Path) -> None:
    told = 'routing = { data_collection = "deny" }\n'
    assert load(folder(tmp_path, providers=speaks("openrouter", told))).providers["p"].routing == {"data_collection": "deny"}


@pytest.mark.parametrize(
    ("providers", "more", "key"),
    [
        (speaks("gemini", 'routing = { sort = "price" }\n'), "", "provider[p]"),
        (speaks("anthropic", "passes_unknown = true\n"), "", "provider[p]"),
        (speaks("openai"), 'thinking = "budget"', "model[p/odd].thinking"),
        (speaks("gemini"), 'upstream_name = "../x:y"', "model[p/odd].upstream_name"),
        (speaks("openai", 'headers = { X-Api-Key = "s" }\n'), "", "provider[p].headers"),
    ],
)
def test_what_a_dialect_has_no_use_for_is_a_mistake(tmp_path: Path, providers: str, more: str, key: str) -> None:
    rows = MODELS + model_row("p/odd", 'prices = { input = "1", output = "4" }\n' + more)
    assert key in [where for _, where, _ in mistakes(tmp_path, providers=providers, models=rows)]


# --- models that make no chats ----------------------------------------------------------------------------------------

EMBEDDER = '[[model]]\nid = "p/embed"\nkind = "embedding"\nfamily = "vectors"\ncontext_tokens_max = 8_192\n'
PAINTER = '[[model]]\nid = "p/draw"\nkind = "image"\nfamily = "pictures"\ncontext_tokens_max = 4_000\n'
BY_SIZE = 'images = [{ size = "1x1", quality = "low", price = "0.01" }, { size = "2x2", price = "0.04" }]\n'


def test_what_writes_no_tokens_needs_no_bound_on_them(tmp_path: Path) -> None:
    more = EMBEDDER + 'prices = { input = "0.02" }\n' + PAINTER + 'prices = { image = "0.04" }\n'
    models = load(folder(tmp_path, models=MODELS + more)).models
    for model in (models["p/embed"], models["p/draw"]):
        assert (model.output_tokens_max, model.output_tokens_min, model.images) == (0, 0, ())


def test_images_are_priced_by_size_and_the_first_is_the_usual_one(tmp_path: Path) -> None:
    model = load(folder(tmp_path, models=MODELS + PAINTER + 'prices = { input = "5" }\n' + BY_SIZE)).models["p/draw"]
    cent = 10**7 * 10**6
    assert model.images == (ImagePrice(Picture("1x1", "low"), cent), ImagePrice(Picture("2x2"), 4 * cent))
    assert [(tier.prices.input, tier.prices.image, tier.prices.output) for tier in model.tiers] == [(5 * 10**9, cent, 0)]
    bare = load(folder(tmp_path / "bare", models=MODELS + PAINTER + BY_SIZE)).models["p/draw"]
    assert bare.tiers[0].prices == Prices(image=cent)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        (EMBEDDER + 'prices = { image = "1" }\n', "model[p/embed].prices.input"),
        (EMBEDDER + 'prices = { input = "1", output = "1" }\n', "model[p/embed].prices.output"),
        (EMBEDDER + 'output_tokens_max = 1\nprices = { input = "1" }\n', "model[p/embed]"),
        (EMBEDDER + 'prices = { input = "1" }\n' + BY_SIZE, "model[p/embed]"),
        (PAINTER + 'prices = { input = "1" }\n', "model[p/draw].prices.image"),
        (PAINTER + 'prices = { image = "1", output = "1" }\n', "model[p/draw].prices.output"),
        (PAINTER + 'prices = { image = "1" }\n' + BY_SIZE, "model[p/draw].images"),
        (PAINTER + 'images = [{ price = "0" }]\n', "model[p/draw].images[0].price"),
        (PAINTER + 'images = [{ price = "1" }, { price = "2" }]\n', "model[p/draw]"),
        (PAINTER, "model[p/draw].prices"),
        (MODELS.replace("output_tokens_max = 1_000\n", "").replace("p/small", "p/mute"), "model[p/mute]"),
    ],
)
def test_what_makes_no_sense_for_a_kind_is_a_mistake(tmp_path: Path, more: str, key: str) -> None:
    assert key in [found for _, found, _ in mistakes(tmp_path, models=(MODELS if more[0] == "[" else "") + more)]


def test_a_family_with_a_price_in_credits_that_makes_images_has_one_for_images(tmp_path: Path) -> None:
    models = MODELS + PAINTER + BY_SIZE
    plans = PLANS + '[plan.credit_prices.pictures]\ninput = "1"\noutput = "1"\n'
    assert [key for _, key, _ in mistakes(tmp_path, models=models, plans=plans)] == ["plan[basic].credit_prices.pictures.image"]
    load(folder(tmp_path / "mended", models=models, plans=plans + 'image = "40"\n'))
