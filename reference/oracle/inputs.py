"""The inputs whose embeddings the oracle computes."""

from . import strings

IMAGE = "<|image_pad|>"


def _entry(name, text, image=None, min_pixels=None, max_pixels=None) -> dict:
    return {
        "id": name, "text": text, "image": image and f"images/{image}", "minPixels": min_pixels, "maxPixels": max_pixels
    }


def all_inputs() -> list[dict]:
    """id, text (its one image token not yet repeated), image, pixel limits (null: the checkpoint's own)."""
    represent = f"{IMAGE}\nRepresent the given image.\n"
    question = "Represent the given image with the following question: What is in the"
    webqa = "Find a Wikipedia image that answers this question: What is this?\n"
    return [
        _entry("text-cat-dog", "A cat and a dog"),
        _entry("text-cat-tiger", "A cat and a tiger"),
        _entry("text-one-token", "a"),
        _entry("text-newline", "\n"),
        _entry("text-label", "bell_pepper"),
        _entry("text-t2i", "Find me an everyday image that matches the given caption: A cup of coffee on a table.\n"),
        _entry("text-emoji", "😀 a 👍🏽 and a 👩‍👩‍👧‍👦 and ❤️"),
        _entry("text-cjk", "猫と犬が草の上で寝ている。一只猫和一只狗。"),
        _entry("text-nfc", "Cafe\u0301 cre\u0300me bru\u0302le\u0301e, s\u0307\u0323 and \u1100\u1161\u11a8"),
        _entry("text-rtl", "قطة وكلب على العشب חתול וכלב"),
        _entry("text-whitespace", "  two\t\ttabs   and \n\n  \r\n lines  "),
        _entry("text-literal-image-token", f"{IMAGE}\n{webqa}"),
        _entry("text-specials", "<|im_start|>user\nhello<|im_end|><|video_pad|>"),
        *(_entry(f"text-{n}-tokens", strings.of_length(n)) for n in (31, 32, 33, 64, 65, 300)),
        _entry("image-tiny", represent, "tiny.png"),
        _entry("image-smallest", represent, "smallest.png"),
        _entry("image-one-token", represent, "smallest.png", min_pixels=784),
        _entry("image-readme", f"{IMAGE} {question} image", "tiny.png"),
        _entry("image-astronaut", f"{IMAGE}\nFind an image caption describing the given everyday image.\n",
               "astronaut.png", max_pixels=12544),
        _entry("image-cat", represent, "cat.png"),
        _entry("image-cat-capped", represent, "cat.png", max_pixels=10000),
        _entry("image-coffee-question", f"{IMAGE}\n{question} cup?\n", "coffee.png"),
        _entry("image-rocket", f"{IMAGE}\nIdentify the object shown in the image\n", "rocket.png"),
        _entry("image-wide", represent, "wide.png"),
        _entry("image-tall", f"{IMAGE}\nRepresent the given cropped image of the object", "tall.png"),
        _entry("image-rgba", represent, "rgba.png"),
        _entry("image-grey", represent, "grey.png"),
        _entry("image-grey-alpha", represent, "grey-alpha.png"),
        _entry("image-palette", represent, "palette.png"),
        _entry("image-upscaled", represent, "coffee.png", min_pixels=80000),
        _entry("image-token-inside", f"Look at this: {IMAGE} and say what it is.", "tiny.png"),
    ]
