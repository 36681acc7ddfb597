"""Texts of many scripts and kinds, each with its tokens in `cl100k_base` and in `o200k_base`.

The numbers were made with the reference, OpenAI's `tiktoken` 0.14.0, over rank files whose SHA-256 are those it publishes
(223921b7... and 446a9538...); they are not what the library under test says.
"""

# ruff: noqa: RUF001 - the scripts are the point.

from typing import Final

VECTORS: Final = [
    ("The quick brown fox jumps over the lazy dog.", 10, 10),
    ("Donaudampfschifffahrtsgesellschaftskapitän, größer als Übermut.", 24, 19),
    ("Ἐν ἀρχῇ ἦν ὁ λόγος, και ο ήλιος ανατέλλει.", 45, 28),
    ("Съешь же ещё этих мягких французских булок, да выпей чаю.", 36, 19),
    (
        "בְּרֵאשִׁית בָּרָא אֱלֹהִים אֵת הַשָּׁמַיִם",
        58,
        38,
    ),
    ("الحروف العربية تُكتب من اليمين إلى اليسار.", 27, 13),
    ("सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता प्राप्त है।", 75, 22),
    ("มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกัน", 41, 20),
    ("人人生而自由，在尊严和权利上一律平等。", 21, 15),
    ("すべての人間は、生まれながらにして自由である。カタカナも。", 29, 24),
    ("모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.", 41, 24),
    ("ყველა ადამიანი იბადება თავისუფალი.", 64, 10),
    ("የሰው ልጅ ሁሉ ሲወለድ ነጻ ነው።", 48, 37),
    ("\U0001202d\U00012097\U000121a4 \U00012217\U000121b3\U000121b3\U0001228f", 29, 29),
    (
        "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466\U0001f3f3\ufe0f\u200d\U0001f308"
        "\U0001f44d\U0001f3fd \u2603\ufe0f",
        36,
        23,
    ),
    ("def f(x):\n    return {k: v ** 2 for k, v in x.items() if v != 0x1F}\n\n\n", 30, 30),
    ('{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}', 21, 21),
    ("3.14159265358979323846264338327950288 1234567890", 19, 19),
    ("  \t\t \n\n   \r\n x        y\xa0\u3000z   ", 10, 10),
    ("TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5IGJ5IGhpcyByZWFzb24=", 38, 36),
    ("<|endoftext|><|im_start|>system<|im_sep|>", 19, 19),
    ("a" * 300, 38, 38),
    ("\x00\x01\x7f\ufeff\u200b\u202e\uffff", 9, 8),
    (
        "Z\u0351\u036b\u0313\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a\u032f\u031e\u0320\u034dA\u0334\u0335\u031c\u0330\u0354\u036b\u0357\u0362L\u0320\u0368\u0367\u0369\u0358G\u0334\u033b\u0348\u034d\u0354\u0339\u0311\u0357\u030e\u0305\u035b\u0301\u01ea\u0335\u0339\u033b\u031d\u0333\u0342\u030c\u030c\u0358",
        109,
        106,
    ),
]
